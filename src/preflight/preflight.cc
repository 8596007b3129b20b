#include "preflight/preflight.h"

#include <algorithm>
#include <functional>
#include <future>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

#include "env/clock.h"
#include "env/file_system.h"
#include "instance/backend_options.h"
#include "preflight/kafka_judgement.h"
#include "preflight/machine_judgement.h"
#include "preflight/postgres_judgement.h"

namespace audit::preflight {
namespace {

using config::Config;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Of a check's own deadlines, before it is given up.
constexpr milliseconds kGrace{2'000};
// Connecting, and a handful of statements.
constexpr int kPostgresQuestions = 12;

struct Check {
  std::string area;
  milliseconds patience;
  std::function<std::vector<Finding>()> look;
};

store::PostgresOptions PostgresOptionsWithin(const Config& config, milliseconds timeout) {
  store::PostgresOptions options = instance::PostgresOptionsOf(config);
  options.connect_timeout = std::min(options.connect_timeout, timeout);
  options.statement_timeout = std::min(options.statement_timeout, timeout);
  options.lock_timeout = std::min(options.lock_timeout, timeout);
  options.application_name += " preflight";
  return options;
}

std::vector<Finding> Unneeded(const std::string& area, const std::string& setting) {
  Findings findings(area);
  findings.Skipped("all", setting, "nothing to do");
  return findings.Take();
}

std::vector<Check> ChecksOf(const Config& config, const Expectations& expectations, milliseconds timeout) {
  std::vector<Check> checks;
  if (config.log_backend == config::LogBackend::kKafka) {
    checks.push_back({"kafka", timeout * kKafkaQuestions,
                      [=] { return JudgeKafka(config, expectations, AskKafka(config, timeout)); }});
  } else {
    checks.push_back({"kafka", timeout, [] { return Unneeded("kafka", "log.backend is embedded"); }});
  }
  if (config.store_backend == config::StoreBackend::kPostgres) {
    checks.push_back({"postgres", timeout * kPostgresQuestions, [=] {
                        env::Clock& clock = env::SystemClock();
                        const auto survey = store::SurveyPostgres(PostgresOptionsWithin(config, timeout), clock);
                        return JudgePostgres(config, expectations, survey, clock.Now());
                      }});
  } else {
    checks.push_back({"postgres", timeout, [] { return Unneeded("postgres", "store.backend is sqlite"); }});
  }
  checks.push_back({"disk", timeout, [=] { return JudgeDisk(config, AskDisk(config, env::PosixFileSystem())); }});
  checks.push_back({"machine", timeout, [=] { return JudgeMachine(config, AskMachine(config)); }});
  return checks;
}

// Each on a thread of its own, which owns all that it needs: it may outlive us.
std::future<std::vector<Finding>> Begin(const Check& check) {
  std::packaged_task<std::vector<Finding>()> task(check.look);
  std::future<std::vector<Finding>> answer = task.get_future();
  std::thread(std::move(task)).detach();
  return answer;
}

}  // namespace

std::vector<Finding> JudgeConfiguration(const Result<config::Loaded>& loaded) {
  Findings findings("configuration");
  if (!loaded) {
    findings.Error("settings", loaded.error().message(), "docs/configuration.md has every setting and what it may be");
    return findings.Take();
  }
  findings.Ok("settings", loaded->file.empty() ? "good, without a file" : "good: " + loaded->file);
  for (const std::string& warning : loaded->warnings) {
    findings.Warning("settings", warning, "take it out, or leave it: the start says the same");
  }
  return findings.Take();
}

Report Inspect(const Result<config::Loaded>& loaded, const Expectations& expectations, milliseconds timeout) {
  Report report{.findings = JudgeConfiguration(loaded), .abandoned = false};
  if (!loaded) return report;
  const std::vector<Check> checks = ChecksOf(loaded->config, expectations, timeout);
  std::vector<std::future<std::vector<Finding>>> answers;
  answers.reserve(checks.size());
  for (const Check& check : checks) answers.push_back(Begin(check));
  const auto begin = steady_clock::now();
  for (std::size_t i = 0; i < checks.size(); ++i) {
    std::vector<Finding> findings;
    if (answers[i].wait_until(begin + checks[i].patience + kGrace) == std::future_status::ready) {
      findings = answers[i].get();
    } else {
      report.abandoned = true;
      Findings none(checks[i].area);
      none.Error("all", "no answer in time", "look at it by hand: it hangs for others too; or give --timeout more");
      findings = none.Take();
    }
    std::ranges::move(findings, std::back_inserter(report.findings));
  }
  return report;
}

}  // namespace audit::preflight
