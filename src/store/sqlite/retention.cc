#include "store/sqlite/retention.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "env/durable.h"
#include "store/sqlite/layout.h"

namespace audit::store {
namespace {

constexpr std::string_view kAside = ".dropping-";

Result<void> DeleteFolder(const std::string& path) {
  std::error_code failure;
  std::filesystem::remove_all(path, failure);
  if (failure) return Error::FromErrno(failure.value(), "delete " + path);
  return {};
}

}  // namespace

Result<void> MakeMonths(const std::string& directory, Month first, int count) {
  for (int i = 0; i < count; ++i) {
    auto made = env::CreateDirectoryDurably(env::PosixFileSystem(), MonthPath(directory, first.Plus(i)));
    if (!made) return made;
  }
  return {};
}

Result<std::vector<Month>> ListExpired(const std::string& directory, Month oldest_kept) {
  auto months = ListMonths(directory);
  if (!months) return months;
  std::erase_if(*months, [&](Month month) {
    std::error_code ignored;
    return month >= oldest_kept || std::filesystem::is_symlink(MonthPath(directory, month), ignored);
  });
  return months;
}

Result<void> SetAside(const std::string& directory, Month month) {
  const std::string aside = directory + "/" + std::string(kAside) + month.ToString();
  // A month that came back after an earlier drop was cut short: a rename onto a folder that is not
  // empty fails.
  if (auto deleted = DeleteFolder(aside); !deleted) return deleted;
  return env::RenameDurably(env::PosixFileSystem(), MonthPath(directory, month), aside);
}

Result<void> DeleteSetAside(const std::string& directory) {
  auto names = env::PosixFileSystem().List(directory);
  if (!names) return std::move(names).error();
  for (const std::string& name : *names) {
    if (!name.starts_with(kAside) || !Month::Parse(std::string_view(name).substr(kAside.size()))) continue;
    std::string folder = directory;
    folder.append("/").append(name);
    if (auto deleted = DeleteFolder(folder); !deleted) return deleted;
  }
  return {};
}

}  // namespace audit::store
