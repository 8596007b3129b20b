// The day files that are open, at most so many: the least recently used one is closed first.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "errors/result.h"
#include "store/sqlite/day_file.h"
#include "store/sqlite/layout.h"

namespace audit::store {

// One thread at a time.
class DayFiles {
 public:
  DayFiles(std::string directory, std::size_t max_open, DayFileOptions options);

  // The file of that day, opened or made, with the folder of its month. Valid until the next call.
  // Only the day used last keeps its page cache, so that many open days cost no more than one.
  Result<DayFile*> Get(Day day);
  // Closing takes a file's log into it, unless somebody else has it open.
  void Close(Day day);
  void CloseMonth(Month month);
  // Closes those that were not used since the last call.
  void CloseUnused();

 private:
  struct Entry {
    Day day;
    DayFile file;
    bool used = true;  // since the last CloseUnused
  };

  const std::string directory_;
  const std::size_t max_open_;
  const DayFileOptions options_;
  std::vector<Entry> open_;  // most recently used last
};

}  // namespace audit::store
