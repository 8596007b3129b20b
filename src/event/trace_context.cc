#include "event/trace_context.h"

#include <algorithm>
#include <cstddef>

namespace audit::event {
namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr std::size_t kSize = 55;

bool IsHex(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f');
}
bool IsAllHex(std::string_view text) { return std::all_of(text.begin(), text.end(), IsHex); }
bool IsAllZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

std::optional<TraceId> ParseTraceparent(std::string_view traceparent) {
  if (traceparent.size() < kSize) return std::nullopt;
  if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return std::nullopt;
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace_id = traceparent.substr(3, 32);
  const std::string_view parent_id = traceparent.substr(36, 16);
  const std::string_view flags = traceparent.substr(53, 2);
  if (!IsAllHex(version) || !IsAllHex(trace_id) || !IsAllHex(parent_id) || !IsAllHex(flags)) return std::nullopt;
  if ((version[0] | 0x20) == 'f' && (version[1] | 0x20) == 'f') return std::nullopt;
  // Later versions may add fields at the end, after another dash.
  if (traceparent.size() > kSize && (version == "00" || traceparent[kSize] != '-')) return std::nullopt;
  if (IsAllZero(trace_id) || IsAllZero(parent_id)) return std::nullopt;

  TraceId lower;
  std::transform(trace_id.begin(), trace_id.end(), lower.begin(),
                 [](char c) { return c <= '9' ? c : static_cast<char>(c | 0x20); });
  return lower;
}

std::string_view KnownPartOf(std::string_view traceparent) {
  return ParseTraceparent(traceparent) ? traceparent.substr(0, kSize) : std::string_view();
}

}  // namespace audit::event
