#include "store/sqlite/layout.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace audit::store {
namespace {

constexpr std::string_view kSuffix = ".db";

// Calls `take` with the name of every entry. A folder that is not there has none.
template <class Take>
Result<void> ForEachEntry(const std::string& directory, const Take& take) {
  std::error_code failure;
  std::filesystem::directory_iterator entries(directory, failure);
  for (; !failure && entries != std::filesystem::directory_iterator(); entries.increment(failure)) take(*entries);
  if (failure && failure != std::errc::no_such_file_or_directory) {
    return Error::FromErrno(failure.value(), "list " + directory);
  }
  return {};
}

}  // namespace

bool HasDay(time::UnixMicros time) { return time >= Month{1, 1}.begin() && time < Month{10'000, 1}.begin(); }

Day DayOf(time::UnixMicros time) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(time.value)));
}

Month MonthOf(Day day) { return Month::Of(BeginOf(day)); }

time::UnixMicros BeginOf(Day day) { return {std::chrono::microseconds(day.time_since_epoch()).count()}; }

std::string MonthPath(const std::string& directory, Month month) { return directory + "/" + month.ToString(); }

std::string DayPath(const std::string& directory, Day day) {
  char name[] = "/24.db";
  const unsigned number = static_cast<unsigned>(std::chrono::year_month_day(day).day());
  name[1] = static_cast<char>('0' + number / 10);
  name[2] = static_cast<char>('0' + number % 10);
  return MonthPath(directory, MonthOf(day)) + name;
}

std::optional<Day> ParseDayFile(Month month, std::string_view name) {
  const auto digit = [&](std::size_t at) { return name[at] >= '0' && name[at] <= '9'; };
  if (name.size() != 2 + kSuffix.size() || !digit(0) || !digit(1) || !name.ends_with(kSuffix)) return std::nullopt;
  const auto number = static_cast<unsigned>((name[0] - '0') * 10 + (name[1] - '0'));
  const auto date =
      std::chrono::year(month.year) / std::chrono::month(static_cast<unsigned>(month.month)) / std::chrono::day(number);
  if (!date.ok()) return std::nullopt;
  return Day(date);
}

Result<std::vector<Month>> ListMonths(const std::string& directory) {
  std::vector<Month> months;
  auto listed = ForEachEntry(directory, [&](const std::filesystem::directory_entry& entry) {
    std::error_code ignored;
    const auto month = Month::Parse(entry.path().filename().native());
    if (month && entry.is_directory(ignored)) months.push_back(*month);
  });
  if (!listed) return std::move(listed).error();
  std::sort(months.begin(), months.end());
  return months;
}

Result<std::vector<Day>> ListDays(const std::string& directory, Month month) {
  std::vector<Day> days;
  auto listed = ForEachEntry(MonthPath(directory, month), [&](const std::filesystem::directory_entry& entry) {
    if (const auto day = ParseDayFile(month, entry.path().filename().native())) days.push_back(*day);
  });
  if (!listed) return std::move(listed).error();
  std::sort(days.begin(), days.end());
  return days;
}

}  // namespace audit::store
