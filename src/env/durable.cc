#include "env/durable.h"

#include <vector>

namespace audit::env {

Result<void> WriteFileDurably(FileSystem& files, const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  // One that a crash left may be longer than `bytes`: never build on it.
  if (auto removed = files.Remove(fresh); !removed && removed.error().code() != ErrorCode::kNotFound) return removed;
  // write(fresh), fdatasync(fresh): the contents are on the device before any name points to them;
  // the other way round a crash leaves the right name over an empty file.
  {
    auto file = files.Open(fresh, OpenMode::kCreate);
    if (!file) return std::move(file).error();
    if (auto written = WriteAllAt(**file, 0, bytes); !written) return written;
    if (auto synced = (*file)->Sync(); !synced) return synced;
  }
  // rename(fresh, path): the moment at which readers see the new contents.
  // fsync(folder): the commit point. Before it a crash may bring the old file back.
  return RenameDurably(files, fresh, path);
}

Result<void> RenameDurably(FileSystem& files, const std::string& from, const std::string& to) {
  if (auto renamed = files.Rename(from, to); !renamed) return renamed;
  // The folder that gains the name first: between the two syncs a file system that does not rename
  // in one step may show it in both, never in none.
  const std::string target = ParentDirectory(to);
  if (auto synced = files.SyncDirectory(target); !synced) return synced;
  const std::string source = ParentDirectory(from);
  return source == target ? Result<void>() : files.SyncDirectory(source);
}

Result<void> RemoveDurably(FileSystem& files, const std::string& path) {
  if (auto removed = files.Remove(path); !removed) return removed;
  return files.SyncDirectory(ParentDirectory(path));
}

Result<void> CreateDirectoryDurably(FileSystem& files, const std::string& path) {
  // mkdir makes a name in the parent, and that name is what a crash loses: files that were synced
  // inside the new folder would be gone with it.
  std::vector<std::string> parents;  // of every folder that is missing, innermost first
  for (std::string at = path;; at = parents.back()) {
    auto entries = files.List(at);
    if (!entries && entries.error().code() != ErrorCode::kNotFound) return std::move(entries).error();
    // The nearest parent in any case: an earlier process may have died between its mkdir and its fsync.
    if (!entries || parents.empty()) parents.push_back(ParentDirectory(at));
    if (entries || parents.back() == at) break;
  }
  if (auto made = files.CreateDirectories(path); !made) return made;
  while (!parents.empty()) {
    if (auto synced = files.SyncDirectory(parents.back()); !synced) return synced;
    parents.pop_back();
  }
  return {};
}

}  // namespace audit::env
