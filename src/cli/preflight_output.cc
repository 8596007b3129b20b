#include "cli/preflight_output.h"

#include <algorithm>
#include <string_view>

#include "cli/table.h"
#include "event/json_text.h"

namespace audit::cli {
namespace {

using preflight::Finding;
using preflight::Verdict;

std::string CountOf(std::span<const Finding> findings, Verdict verdict) {
  return std::to_string(std::ranges::count(findings, verdict, &Finding::verdict));
}

}  // namespace

std::string FindingsText(std::span<const Finding> findings, std::size_t width, bool bold_titles) {
  std::string out;
  Table table({{"AREA", false}, {"RESULT", false}, {"CHECK"}, {"FOUND"}}, width, bold_titles,
              [&out](std::string_view text) { out += text; });
  for (const Finding& finding : findings) {
    table.Add({finding.area, std::string(Name(finding.verdict)), finding.check, finding.found});
  }
  table.Finish();
  out += '\n' + CountOf(findings, Verdict::kError) + " errors, " + CountOf(findings, Verdict::kWarning) +
         " warnings, " + CountOf(findings, Verdict::kSkipped) + " skipped, " + CountOf(findings, Verdict::kOk) +
         " ok\n";
  for (const Verdict verdict : {Verdict::kError, Verdict::kWarning, Verdict::kSkipped}) {
    for (const Finding& finding : findings) {
      if (finding.verdict != verdict) continue;
      out.append("\n").append(Name(verdict)).append(": ").append(finding.area).append(", ");
      out += Harmless(finding.check) + ": " + Harmless(finding.found) + "\n  " + Harmless(finding.remedy) + '\n';
    }
  }
  return out;
}

std::string FindingsJson(std::span<const Finding> findings) {
  std::string out = "{\"findings\": [";
  for (const Finding& finding : findings) {
    out += out.ends_with('[') ? "\n  {" : ",\n  {";
    const auto add = [&out](std::string_view name, std::string_view text) {
      if (!out.ends_with('{')) out += ", ";
      event::AppendQuoted(name, &out);
      out += ": ";
      event::AppendQuoted(Harmless(text), &out);
    };
    add("area", finding.area);
    add("check", finding.check);
    add("result", Name(finding.verdict));
    add("found", finding.found);
    add("remedy", finding.remedy);
    out += '}';
  }
  return out + "\n], \"errors\": " + CountOf(findings, Verdict::kError) +
         ", \"warnings\": " + CountOf(findings, Verdict::kWarning) + "}\n";
}

}  // namespace audit::cli
