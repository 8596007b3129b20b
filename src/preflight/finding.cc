#include "preflight/finding.h"

namespace audit::preflight {

std::string_view Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk: return "ok";
    case Verdict::kWarning: return "warning";
    case Verdict::kError: return "error";
    case Verdict::kSkipped: return "skipped";
  }
  return "";
}

}  // namespace audit::preflight
