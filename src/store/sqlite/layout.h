// Where the embedded store keeps what: the names of its folders and files, and nothing else. One
// database file a day in a folder a month, both in UTC: docs/formats/store.md.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errors/result.h"
#include "store/month.h"
#include "time/unix_micros.h"

namespace audit::store {

using Day = std::chrono::sys_days;

// False outside the years 0001 to 9999, for which the layout has no names.
[[nodiscard]] bool HasDay(time::UnixMicros time);
// Of a time for which HasDay holds.
[[nodiscard]] Day DayOf(time::UnixMicros time);
[[nodiscard]] Month MonthOf(Day day);
[[nodiscard]] time::UnixMicros BeginOf(Day day);  // its first microsecond

[[nodiscard]] std::string MonthPath(const std::string& directory, Month month);  // "store/2026_11"
[[nodiscard]] std::string DayPath(const std::string& directory, Day day);        // "store/2026_11/24.db"
// The day of "24.db" in the folder of `month`; nullopt for every other name and for "31.db" in June.
[[nodiscard]] std::optional<Day> ParseDayFile(Month month, std::string_view name);

// Folders in `directory` whose names are months, oldest first; none when it does not exist.
Result<std::vector<Month>> ListMonths(const std::string& directory);
// Day files of that month, oldest first; none when its folder does not exist.
Result<std::vector<Day>> ListDays(const std::string& directory, Month month);

}  // namespace audit::store
