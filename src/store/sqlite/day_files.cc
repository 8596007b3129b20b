#include "store/sqlite/day_files.h"

#include <algorithm>
#include <utility>

#include "env/durable.h"

namespace audit::store {

DayFiles::DayFiles(std::string directory, std::size_t max_open, DayFileOptions options)
    : directory_(std::move(directory)), max_open_(std::max<std::size_t>(max_open, 1)), options_(options) {}

Result<DayFile*> DayFiles::Get(Day day) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const Entry& entry) { return entry.day == day; });
  if (found != open_.end()) {
    if (std::next(found) != open_.end()) open_.back().file.database().ReleaseMemory();
    std::rotate(found, std::next(found), open_.end());
    open_.back().used = true;
    return &open_.back().file;
  }
  if (auto made = env::CreateDirectoryDurably(env::PosixFileSystem(), MonthPath(directory_, MonthOf(day))); !made) {
    return std::move(made).error();
  }
  auto opened = DayFile::Open(DayPath(directory_, day), options_);
  if (!opened) return std::move(opened).error();
  if (!open_.empty()) open_.back().file.database().ReleaseMemory();
  if (open_.size() == max_open_) open_.erase(open_.begin());
  open_.push_back({.day = day, .file = std::move(*opened)});
  return &open_.back().file;
}

void DayFiles::Close(Day day) {
  std::erase_if(open_, [&](const Entry& entry) { return entry.day == day; });
}

void DayFiles::CloseMonth(Month month) {
  std::erase_if(open_, [&](const Entry& entry) { return MonthOf(entry.day) == month; });
}

void DayFiles::CloseUnused() {
  std::erase_if(open_, [](const Entry& entry) { return !entry.used; });
  for (Entry& entry : open_) entry.used = false;
}

}  // namespace audit::store
