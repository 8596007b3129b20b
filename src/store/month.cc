#include "store/month.h"

#include <chrono>
#include <cstdio>

namespace audit::store {
namespace {

constexpr std::size_t kLength = 7;  // "2026_11"

// Every character a digit; nullopt otherwise (a sign or a space is not a digit).
std::optional<int> Digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::chrono::year_month ToChrono(Month month) {
  return std::chrono::year(month.year) / std::chrono::month(static_cast<unsigned>(month.month));
}

Month FromChrono(std::chrono::year_month month) {
  return {static_cast<int>(month.year()), static_cast<int>(static_cast<unsigned>(month.month()))};
}

}  // namespace

Month Month::Of(time::UnixMicros time) {
  const std::chrono::sys_time<std::chrono::microseconds> when{std::chrono::microseconds(time.value)};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(when));
  return FromChrono(date.year() / date.month());
}

std::optional<Month> Month::Parse(std::string_view text) {
  if (text.size() != kLength || text[4] != '_') return std::nullopt;
  const auto year = Digits(text.substr(0, 4));
  const auto month = Digits(text.substr(5));
  if (!year || !month || *month < 1 || *month > 12) return std::nullopt;
  return Month{*year, *month};
}

std::string Month::ToString() const {
  char text[2 * sizeof("-2147483648")];
  std::snprintf(text, sizeof text, "%04d_%02d", year, month);
  return text;
}

Month Month::Plus(int months) const { return FromChrono(ToChrono(*this) + std::chrono::months(months)); }

time::UnixMicros Month::begin() const {
  const std::chrono::sys_days first(ToChrono(*this) / 1);
  return {std::chrono::microseconds(first.time_since_epoch()).count()};
}

std::optional<Month> OldestKept(time::UnixMicros now, int retention_months) {
  if (retention_months <= 0) return std::nullopt;
  // The month in which `now` minus the retention lies is kept: only a part of it is old enough.
  return Month::Of(now).Plus(-retention_months);
}

}  // namespace audit::store
