// Months as folders: made ahead, dropped whole. Never a row at a time, and never a folder that is not
// named exactly like a month.
#pragma once

#include <string>
#include <vector>

#include "errors/result.h"
#include "store/month.h"

namespace audit::store {

// Makes the folder of `first` and of the next `count - 1` months, durably.
Result<void> MakeMonths(const std::string& directory, Month first, int count);

// Months in `directory` before `oldest_kept`, oldest first. A symbolic link is not ours: it is kept.
Result<std::vector<Month>> ListExpired(const std::string& directory, Month oldest_kept);

// The commit point of dropping a month: its folder becomes `.dropping-2019_01`, which no reader and
// no writer looks at. The caller holds no file in it open.
Result<void> SetAside(const std::string& directory, Month month);

// Deletes what SetAside put aside, now or in an earlier run that a crash cut short.
Result<void> DeleteSetAside(const std::string& directory);

}  // namespace audit::store
