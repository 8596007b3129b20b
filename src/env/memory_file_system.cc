#include "env/memory_file_system.h"

#include <algorithm>
#include <cstring>

namespace audit::env {
namespace {

constexpr std::uint64_t kSectorBytes = 512;

Error Missing(const std::string& path) { return {ErrorCode::kNotFound, path + ": no such file"}; }

}  // namespace

class MemoryFile final : public File {
 public:
  MemoryFile(MemoryFileSystem& files, std::shared_ptr<MemoryFileSystem::Node> node)
      : files_(files), node_(std::move(node)) {}

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<char> buffer) const override {
    const MutexLock lock(files_.mutex_);
    if (offset >= node_->now.size()) return std::size_t{0};
    const std::size_t bytes = std::min<std::size_t>(buffer.size(), node_->now.size() - offset);
    std::memcpy(buffer.data(), node_->now.data() + offset, bytes);
    return bytes;
  }

  Result<std::size_t> WriteAt(std::uint64_t offset, std::string_view bytes) override {
    const MutexLock lock(files_.mutex_);
    const std::uint64_t end = offset + bytes.size();
    if (auto grown = GrowLocked(end); !grown) return grown.error();
    std::memcpy(node_->now.data() + offset, bytes.data(), bytes.size());
    for (std::uint64_t sector = offset / kSectorBytes; sector * kSectorBytes < end; ++sector) {
      node_->dirty_sectors.insert(sector);
    }
    return bytes.size();
  }

  Result<void> Allocate(std::uint64_t size) override {
    const MutexLock lock(files_.mutex_);
    return GrowLocked(size);
  }

  void DropUnsynced() {
    const MutexLock lock(files_.mutex_);
    node_->dirty_sectors.clear();
  }

  Result<void> Sync() override {
    const MutexLock lock(files_.mutex_);
    node_->durable.resize(node_->now.size());
    for (const std::uint64_t sector : node_->dirty_sectors) {
      const std::size_t from = sector * kSectorBytes;
      if (from >= node_->now.size()) continue;
      const std::size_t bytes = std::min<std::size_t>(kSectorBytes, node_->now.size() - from);
      std::memcpy(node_->durable.data() + from, node_->now.data() + from, bytes);
    }
    node_->dirty_sectors.clear();
    return {};
  }

  [[nodiscard]] Result<std::uint64_t> Size() const override {
    const MutexLock lock(files_.mutex_);
    return std::uint64_t{node_->now.size()};
  }

 private:
  Result<void> GrowLocked(std::uint64_t size) REQUIRES(files_.mutex_) {
    const std::uint64_t now = node_->now.size();
    if (size <= now) return {};
    if (files_.UsedLocked() + (size - now) > files_.capacity_) {
      return Error(ErrorCode::kNoSpace, "no space left on device");
    }
    node_->now.resize(size);
    return {};
  }

  MemoryFileSystem& files_;
  std::shared_ptr<MemoryFileSystem::Node> node_;
};

class MemoryFileLock final : public FileLock {
 public:
  MemoryFileLock(MemoryFileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  ~MemoryFileLock() override {
    const MutexLock lock(files_.mutex_);
    files_.locks_.erase(path_);
  }
  MemoryFileLock(const MemoryFileLock&) = delete;
  MemoryFileLock& operator=(const MemoryFileLock&) = delete;

 private:
  MemoryFileSystem& files_;
  std::string path_;
};

std::uint64_t MemoryFileSystem::UsedLocked() const {
  std::uint64_t used = 0;
  for (const auto& [path, node] : names_) used += node->now.size();
  return used;
}

Result<std::unique_ptr<File>> MemoryFileSystem::Open(const std::string& path, OpenMode mode) {
  const MutexLock lock(mutex_);
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (mode != OpenMode::kCreate) return Missing(path);
    if (!directories_.contains(ParentDirectory(path))) return Missing(ParentDirectory(path));
    found = names_.emplace(path, std::make_shared<Node>()).first;
  }
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, found->second));
}

Result<void> MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  const auto found = names_.find(from);
  if (found == names_.end()) return Missing(from);
  names_[to] = found->second;
  names_.erase(from);
  return {};
}

Result<void> MemoryFileSystem::Remove(const std::string& path) {
  const MutexLock lock(mutex_);
  if (names_.erase(path) == 0) return Missing(path);
  return {};
}

Result<void> MemoryFileSystem::CreateDirectories(const std::string& path) {
  const MutexLock lock(mutex_);
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    directories_.insert(path.substr(0, slash));
  }
  directories_.insert(path);
  return {};
}

Result<std::vector<std::string>> MemoryFileSystem::List(const std::string& directory) {
  const MutexLock lock(mutex_);
  if (!directories_.contains(directory)) return Missing(directory);
  std::vector<std::string> entries;
  const auto add = [&](const std::string& path) {
    if (path != directory && ParentDirectory(path) == directory) entries.push_back(path.substr(directory.size() + 1));
  };
  for (const auto& [path, node] : names_) add(path);
  for (const std::string& path : directories_) add(path);
  std::sort(entries.begin(), entries.end());
  return entries;
}

Result<void> MemoryFileSystem::SyncDirectory(const std::string& directory) {
  const MutexLock lock(mutex_);
  std::erase_if(durable_names_, [&](const auto& entry) { return ParentDirectory(entry.first) == directory; });
  for (const auto& [path, node] : names_) {
    if (ParentDirectory(path) == directory) durable_names_[path] = node;
  }
  for (const std::string& path : directories_) {
    if (ParentDirectory(path) == directory) durable_directories_.insert(path);
  }
  return {};
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::Lock(const std::string& path) {
  const MutexLock lock(mutex_);
  if (!locks_.insert(path).second) return Error(ErrorCode::kLocked, path + " is held by another process");
  return std::unique_ptr<FileLock>(std::make_unique<MemoryFileLock>(*this, path));
}

void MemoryFileSystem::PowerCut(Random& random) {
  const MutexLock lock(mutex_);
  // A journalling file system applies a prefix of the changes of a directory; which of two changes
  // to different names came first is unknown here, so each name takes either side.
  Names after = durable_names_;
  for (const auto& [path, node] : names_) {
    const auto durable = durable_names_.find(path);
    const bool changed = durable == durable_names_.end() || durable->second != node;
    // A node that is renamed must not get lost altogether: rename is atomic, one name remains.
    if (changed && (random.Next() & 1U) != 0) {
      std::erase_if(after, [&](const auto& entry) { return entry.second == node; });
      after[path] = node;
    }
  }
  for (auto entry = after.begin(); entry != after.end();) {
    const bool removed =
        !names_.contains(entry->first) &&
        std::none_of(names_.begin(), names_.end(), [&](const auto& now) { return now.second == entry->second; });
    entry = removed && (random.Next() & 1U) != 0 ? after.erase(entry) : std::next(entry);
  }
  for (auto folder = directories_.begin(); folder != directories_.end();) {
    const std::string path = *folder;
    const std::string parent = ParentDirectory(path);
    // Parents come first: one that is lost has taken this one along.
    const bool orphan = parent != "." && parent != "/" && !directories_.contains(parent);
    if (orphan || (!durable_directories_.contains(path) && (random.Next() & 1U) != 0)) {
      std::erase_if(after, [&](const auto& entry) { return ParentDirectory(entry.first) == path; });
      folder = directories_.erase(folder);
    } else {
      ++folder;
    }
  }
  durable_directories_ = directories_;
  std::set<Node*> seen;
  for (const auto& [path, node] : after) {
    if (!seen.insert(node.get()).second) continue;
    std::string left = node->durable;
    for (const std::uint64_t sector : node->dirty_sectors) {
      const std::size_t from = sector * kSectorBytes;
      if (from >= node->now.size() || (random.Next() & 1U) == 0) continue;
      const std::size_t bytes = std::min<std::size_t>(kSectorBytes, node->now.size() - from);
      if (left.size() < from + bytes) left.resize(from + bytes);
      std::memcpy(left.data() + from, node->now.data() + from, bytes);
    }
    node->now = left;
    node->durable = std::move(left);
    node->dirty_sectors.clear();
  }
  names_ = after;
  durable_names_ = std::move(after);
  locks_.clear();
}

void MemoryFileSystem::ProcessCrash() {
  const MutexLock lock(mutex_);
  locks_.clear();
}

void MemoryFileSystem::DropUnsynced(File& file) { static_cast<MemoryFile&>(file).DropUnsynced(); }

std::string* MemoryFileSystem::Bytes(const std::string& path) {
  const MutexLock lock(mutex_);
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &found->second->now;
}

void MemoryFileSystem::SetCapacity(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  capacity_ = bytes;
}

}  // namespace audit::env
