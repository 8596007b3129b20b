// Makes the disk of one process slow or broken, for tests of the whole: loaded before its libraries (LD_PRELOAD), this
// stands between the process and the operating system's calls on files.
//
// $FAULTY_DISK_FOLDER: files below it are concerned, no others.
// $FAULTY_DISK_FAULTS: a file that is read at each call, so that a test can change its mind. Each line is
//   CALL error NUMBER          the call does nothing and fails with this errno
//   CALL delay MILLISECONDS    the call is made after so long
// and CALL is fdatasync, fsync or rename. No such file: all is well.
#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

bool Concerned(std::string_view path) {
  const char* folder = std::getenv("FAULTY_DISK_FOLDER");
  return folder != nullptr && path.starts_with(folder);
}

bool Concerned(int descriptor) {
  char path[PATH_MAX];
  const ssize_t length =
      ::readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), static_cast<char*>(path), sizeof path);
  return length > 0 && Concerned(std::string_view(static_cast<const char*>(path), static_cast<std::size_t>(length)));
}

// The errno that `call` is to fail with, or 0; a delay is over when this returns.
int Suffer(std::string_view call) {
  const char* faults = std::getenv("FAULTY_DISK_FAULTS");
  if (faults == nullptr) return 0;
  std::ifstream file(faults);
  std::string concerned;
  std::string fault;
  int amount = 0;
  while (file >> concerned >> fault >> amount) {
    if (concerned != call) continue;
    if (fault == "error") return amount;
    if (fault == "delay") std::this_thread::sleep_for(std::chrono::milliseconds(amount));
  }
  return 0;
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int fdatasync(int descriptor) {
  static auto* const next = Next<int(int)>("fdatasync");
  if (Concerned(descriptor)) {
    if (const int failure = Suffer("fdatasync"); failure != 0) return errno = failure, -1;
  }
  return next(descriptor);
}

extern "C" int fsync(int descriptor) {
  static auto* const next = Next<int(int)>("fsync");
  if (Concerned(descriptor)) {
    if (const int failure = Suffer("fsync"); failure != 0) return errno = failure, -1;
  }
  return next(descriptor);
}

extern "C" int rename(const char* from, const char* to) noexcept {
  static auto* const next = Next<int(const char*, const char*)>("rename");
  if (Concerned(std::string_view(from))) {
    if (const int failure = Suffer("rename"); failure != 0) return errno = failure, -1;
  }
  return next(from, to);
}
