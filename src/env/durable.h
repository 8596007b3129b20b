// The sequences of system calls after which something survives a power cut. Each is written out in
// durable.cc with the crash that every step prevents; nobody else strings these calls together.
#pragma once

#include <string>
#include <string_view>

#include "env/file_system.h"

namespace audit::env {

// The file is there with all of `bytes`, or as it was before (or not there): never in between.
// Uses `<path>.new` on the way; one that a crash left behind is overwritten the next time.
Result<void> WriteFileDurably(FileSystem& files, const std::string& path, std::string_view bytes);

// Both folders know about it when this returns.
Result<void> RenameDurably(FileSystem& files, const std::string& from, const std::string& to);

Result<void> RemoveDurably(FileSystem& files, const std::string& path);

// The folder and all of its parents that were missing.
Result<void> CreateDirectoryDurably(FileSystem& files, const std::string& path);

}  // namespace audit::env
