#include "sqlite/faulting_vfs.h"

#include <sqlite3.h>

#include <limits>
#include <new>

namespace audit::sqlite {

struct FaultingVfs::State {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::uint64_t first_failing = 0;  // 0: none
  std::uint64_t last_failing = 0;
  Fault fault = Fault::kIo;
  std::uint64_t calls = 0;
  std::uint64_t syncs = 0;

  // SQLITE_OK, or what this call is to fail with.
  int Next(int io_code) {
    ++calls;
    if (calls < first_failing || calls > last_failing) return SQLITE_OK;
    return fault == Fault::kNoSpace ? SQLITE_FULL : io_code;
  }
};

namespace {

// What SQLite holds; the real file lies right behind it.
struct WrappedFile {
  sqlite3_file base;
  FaultingVfs::State* state;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

WrappedFile& Wrapped(sqlite3_file* file) { return *reinterpret_cast<WrappedFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Wrapped(file).real(); }
int Fault(sqlite3_file* file, int io_code) { return Wrapped(file).state->Next(io_code); }

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  if (const int code = Fault(file, SQLITE_IOERR_WRITE); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xWrite(Real(file), bytes, size, offset);
}

int Sync(sqlite3_file* file, int flags) {
  ++Wrapped(file).state->syncs;
  if (const int code = Fault(file, SQLITE_IOERR_FSYNC); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xSync(Real(file), flags);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = Fault(file, SQLITE_IOERR_TRUNCATE); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xTruncate(Real(file), size);
}

int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** mapped) {
  if (const int code = Fault(file, SQLITE_IOERR_SHMSIZE); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xShmMap(Real(file), region, size, extend, mapped);
}

// Version 2: with the shared memory of a log, without memory-mapped pages.
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = [](sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); },
    .xRead = [](sqlite3_file* f, void* to, int size,
                sqlite3_int64 at) { return Real(f)->pMethods->xRead(Real(f), to, size, at); },
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return Real(f)->pMethods->xFileSize(Real(f), size); },
    .xLock = [](sqlite3_file* f, int level) { return Real(f)->pMethods->xLock(Real(f), level); },
    .xUnlock = [](sqlite3_file* f, int level) { return Real(f)->pMethods->xUnlock(Real(f), level); },
    .xCheckReservedLock = [](sqlite3_file* f,
                             int* held) { return Real(f)->pMethods->xCheckReservedLock(Real(f), held); },
    .xFileControl = [](sqlite3_file* f, int op,
                       void* argument) { return Real(f)->pMethods->xFileControl(Real(f), op, argument); },
    .xSectorSize = [](sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) { return Real(f)->pMethods->xDeviceCharacteristics(Real(f)); },
    .xShmMap = ShmMap,
    .xShmLock = [](sqlite3_file* f, int at, int count,
                   int flags) { return Real(f)->pMethods->xShmLock(Real(f), at, count, flags); },
    .xShmBarrier = [](sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int Open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* flags_out) {
  auto* state = static_cast<FaultingVfs::State*>(vfs->pAppData);
  auto* wrapped = new (file) WrappedFile{{nullptr}, state};
  const int code = state->real->xOpen(state->real, name, wrapped->real(), flags, flags_out);
  if (wrapped->real()->pMethods != nullptr) wrapped->base.pMethods = &kMethods;
  return code;
}

}  // namespace

FaultingVfs::FaultingVfs() : state_(std::make_unique<State>()) {
  state_->real = sqlite3_vfs_find(nullptr);
  // Everything but opening files goes straight to the real one: its functions read nothing of the
  // object they are called with but what is copied here.
  state_->vfs = *state_->real;
  state_->vfs.pNext = nullptr;
  state_->vfs.zName = "faulting";
  state_->vfs.szOsFile = static_cast<int>(sizeof(WrappedFile)) + state_->real->szOsFile;
  state_->vfs.pAppData = state_.get();
  state_->vfs.xOpen = Open;
  sqlite3_vfs_register(&state_->vfs, 1);
}

FaultingVfs::~FaultingVfs() {
  sqlite3_vfs_unregister(&state_->vfs);
  sqlite3_vfs_register(state_->real, 1);
}

void FaultingVfs::FailNth(std::uint64_t nth, Fault fault) {
  Heal();
  state_->first_failing = nth;
  state_->last_failing = nth;
  state_->fault = fault;
}

void FaultingVfs::FailAll(Fault fault) {
  FailNth(1, fault);
  state_->last_failing = std::numeric_limits<std::uint64_t>::max();
}

void FaultingVfs::Heal() {
  state_->first_failing = 0;
  state_->last_failing = 0;
  state_->calls = 0;
  state_->syncs = 0;
}

std::uint64_t FaultingVfs::calls() const { return state_->calls; }
std::uint64_t FaultingVfs::syncs() const { return state_->syncs; }

}  // namespace audit::sqlite
