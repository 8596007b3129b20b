#include "cli/broker_warnings.h"

#include <memory>
#include <string>

#include "cli/report.h"
#include "env/clock.h"
#include "telemetry/once_in_a_while.h"

namespace audit::cli {
namespace {

constexpr int kWarning = 4;  // as in syslog

}  // namespace

kafka::LogCallback BrokerWarnings() {
  // Longer than any command waits.
  return [said = std::make_shared<telemetry::OnceInAWhile>(std::chrono::hours(24 * 7))](const kafka::ClientLine& line) {
    if (line.level > kWarning || !said->Ask(line.text, env::SystemClock().SteadyNow())) return;
    std::string text(line.text);
    if (!line.remedy.empty()) text.append("; ").append(line.remedy);
    ReportWarning(text);
  };
}

}  // namespace audit::cli
