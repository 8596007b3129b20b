#include "time/rfc3339.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace audit::time {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kMicrosPerDay = kSecondsPerDay * kMicrosPerSecond;

constexpr bool IsLeapYear(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int DaysInMonth(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

struct Date {
  int year;
  int month;
  int day;
};

// The calendar is counted in eras of 400 years (146,097 days), the period after which it repeats,
// with years that begin in March, so that the leap day comes last.
constexpr std::int64_t kDaysPerEra = 146'097;
constexpr std::int64_t kDaysFromEraZeroToEpoch = 719'468;  // 0000-03-01 to 1970-01-01

constexpr std::int64_t DaysSinceEpoch(Date date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
  return era * kDaysPerEra + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         kDaysFromEraZeroToEpoch;
}

constexpr Date DateOf(std::int64_t days_since_epoch) {
  const std::int64_t days = days_since_epoch + kDaysFromEraZeroToEpoch;
  const std::int64_t era = (days >= 0 ? days : days - kDaysPerEra + 1) / kDaysPerEra;
  const std::int64_t day_of_era = days - era * kDaysPerEra;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const auto month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {static_cast<int>(year_of_era + era * 400) + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

static_assert(DaysSinceEpoch({1970, 1, 1}) == 0);
static_assert(DaysSinceEpoch({2000, 3, 1}) == 11'017);

constexpr std::int64_t kFirstMicro = DaysSinceEpoch({1, 1, 1}) * kMicrosPerDay;
constexpr std::int64_t kLastMicro = DaysSinceEpoch({10'000, 1, 1}) * kMicrosPerDay - 1;

// Reads fixed-width digit groups from the front of the text; any failure sticks.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : text_(text) {}

  int Number(std::size_t width) {
    if (text_.size() < width) return Fail();
    int value = 0;
    for (const char c : text_.substr(0, width)) {
      if (!IsDigit(c)) return Fail();
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(width);
    return value;
  }

  char OneOf(std::string_view allowed) {
    if (text_.empty() || allowed.find(text_.front()) == std::string_view::npos) return static_cast<char>(Fail());
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  // ".123", at least one digit; no point, no fraction.
  std::int64_t FractionMicros() {
    if (text_.empty() || text_.front() != '.') return 0;
    text_.remove_prefix(1);
    std::int64_t micros = 0;
    std::size_t digits = 0;
    for (; digits < text_.size() && IsDigit(text_[digits]); ++digits) {
      if (digits < 6) micros = micros * 10 + (text_[digits] - '0');
    }
    if (digits == 0) return Fail();
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
    text_.remove_prefix(digits);
    return micros;
  }

  [[nodiscard]] bool done() const { return ok_ && text_.empty(); }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  int Fail() {
    ok_ = false;
    text_ = {};
    return 0;
  }

  std::string_view text_;
  bool ok_ = true;
};

void PutDigits(char* out, int width, std::int64_t value) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

std::string Format(UnixMicros when, int fraction_digits) {
  const std::int64_t micros = std::clamp(when.value, kFirstMicro, kLastMicro);
  const std::int64_t day = (micros >= 0 ? micros : micros - kMicrosPerDay + 1) / kMicrosPerDay;
  const std::int64_t in_day = micros - day * kMicrosPerDay;
  const std::int64_t second = in_day / kMicrosPerSecond;
  const std::int64_t fraction = in_day % kMicrosPerSecond;
  const Date date = DateOf(day);

  std::string text = fraction_digits == 6 ? "0000-00-00T00:00:00.000000Z" : "0000-00-00T00:00:00.000Z";
  PutDigits(&text[0], 4, date.year);
  PutDigits(&text[5], 2, date.month);
  PutDigits(&text[8], 2, date.day);
  PutDigits(&text[11], 2, second / 3600);
  PutDigits(&text[14], 2, second / 60 % 60);
  PutDigits(&text[17], 2, second % 60);
  PutDigits(&text[20], fraction_digits, fraction_digits == 6 ? fraction : fraction / 1000);
  return text;
}

}  // namespace

std::optional<UnixMicros> ParseRfc3339(std::string_view text) {
  FieldReader reader(text);
  Date date{};
  date.year = reader.Number(4);
  reader.OneOf("-");
  date.month = reader.Number(2);
  reader.OneOf("-");
  date.day = reader.Number(2);
  reader.OneOf("Tt ");
  const int hour = reader.Number(2);
  reader.OneOf(":");
  const int minute = reader.Number(2);
  reader.OneOf(":");
  const int second = reader.Number(2);
  const std::int64_t fraction = reader.FractionMicros();
  int offset_minutes = 0;
  if (const char sign = reader.OneOf("Zz+-"); sign == '+' || sign == '-') {
    const int hours = reader.Number(2);
    reader.OneOf(":");
    const int minutes = reader.Number(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset_minutes = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
  }
  if (!reader.done()) return std::nullopt;

  if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
      date.day > DaysInMonth(date.year, date.month)) {
    return std::nullopt;
  }
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  constexpr int kMinutesPerDay = 1440;
  const int utc_minute = hour * 60 + minute - offset_minutes;  // of the day; may lie in the day before or after
  if (second == 60 && (utc_minute + kMinutesPerDay) % kMinutesPerDay != kMinutesPerDay - 1) return std::nullopt;

  const std::int64_t seconds = DaysSinceEpoch(date) * kSecondsPerDay + std::int64_t{utc_minute} * 60 + second;
  const UnixMicros when{seconds * kMicrosPerSecond + fraction};
  if (when.value < kFirstMicro || when.value > kLastMicro) return std::nullopt;
  return when;
}

std::string FormatMicros(UnixMicros when) { return Format(when, 6); }
std::string FormatMillis(UnixMicros when) { return Format(when, 3); }

}  // namespace audit::time
