// The durable log between "accepted" and everything else. One writer process a directory.
//
// The ack contract. A record that Append took is
//   written  when the operating system has it (survives a crash of this process),
//   synced   when fdatasync returned over it (survives a power cut).
// A 202 MUST NOT be sent before the moment that ingest.durability names. Readers are given synced
// records only, so that no position is ever ahead of what a power cut leaves. Records of one
// Append are all there after a crash, or none is.
//
// The on-disk format is docs/formats/spool.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "env/clock.h"
#include "env/file_system.h"
#include "env/random.h"
#include "errors/result.h"
#include "spool/sequence.h"
#include "time/unix_micros.h"

namespace audit::spool {

struct Options {
  std::string directory;
  std::uint64_t segment_bytes = 64ULL << 20;  // of new segments; those that exist keep their size
  std::uint64_t max_bytes = 8ULL << 30;       // disk budget: segments in use and spare ones, not those set aside
  // Appended and not yet written, in records and in bytes (payload and record header). A single
  // Append may pass either when the queue is empty.
  std::size_t queue_max_records = 10'000;
  std::size_t queue_max_bytes = 32ULL << 20;
  std::vector<std::string> readers;  // a segment is recycled when all of these are past it
};

// What Append says. Everything but kAccepted means that nothing of the call was taken.
enum class AppendStatus : std::uint8_t {
  kAccepted,
  kQueueFull,  // queue_max_records or queue_max_bytes, or the next segment is just being prepared: soon again
  kDiskFull,   // max_bytes, or the file system has no room: when readers have moved on, or room was made
  kTooLarge,   // fits in no segment (see max_append_bytes): never
  kClosed,     // closed, or a write or sync failed: this instance accepts nothing any more
};

struct AppendResult {
  AppendStatus status = AppendStatus::kClosed;
  Sequence last;  // of the last record of the call, when accepted
};

// Told of every step forward, once a flush and not once a record. One for each I/O thread.
// Called on the thread that flushes: must be quick, must not call the spool back.
class ProgressListener {
 public:
  virtual ~ProgressListener() = default;
  virtual void OnWritten(Sequence through) = 0;
  virtual void OnSynced(Sequence through) = 0;
  // Terminal. Nothing past the last OnSynced will ever be synced by this instance.
  virtual void OnFailed(const Error& error) = 0;
};

// What recovery or a reader found that people should know. Called on the thread that found it.
class Observer {
 public:
  virtual ~Observer() = default;
  // An unfinished write at the end of the log, never acknowledged: cut off. Not damage.
  virtual void OnTornTail(const std::string& segment, std::uint64_t bytes) = 0;
  // Records that were synced cannot be read. The segment is kept aside when the readers are past it.
  virtual void OnDamage(const std::string& segment, Sequence first_missing, Sequence last_missing) = 0;
  // A reader's position file could not be read: it starts again at the oldest record there is.
  virtual void OnPositionLost(const std::string& reader) = 0;
  // Preparing, recycling or setting aside a segment failed; it is tried again. Nothing is lost.
  virtual void OnMaintenanceFailed(const Error& error) = 0;
  virtual void OnFlush(std::size_t records, std::size_t bytes, std::chrono::nanoseconds write,
                       std::chrono::nanoseconds sync) = 0;
};

// A snapshot for metrics; any thread.
struct Stats {
  std::size_t queued_records = 0;
  std::size_t queued_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::size_t segments = 0;
  std::size_t damaged_segments = 0;  // set aside
  bool disk_full = false;            // there is no room for a next segment: see kDiskFull
  Sequence appended;
  Sequence synced;
  Sequence delivered;                      // the slowest reader's position
  time::UnixMicros oldest_undelivered{0};  // ingest time of the first record past it; 0: none
};

class Reader;
class Log;

class Spool {
 public:
  // Opens or makes the directory and recovers the tail. kLocked: another instance has it.
  // Everything passed in must outlive the spool. `observer` may be null.
  static Result<std::unique_ptr<Spool>> Open(env::FileSystem& files, env::Clock& clock, env::Random& random,
                                             Options options, Observer* observer);
  ~Spool();  // does not flush: Flush until it says false first
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Takes all of `payloads`, in order, or none. Copies them. Never blocks on I/O. Any thread.
  AppendResult Append(std::span<const std::string_view> payloads);

  // `work_available` is called by Append when the queue was empty, on the appending thread,
  // outside the spool's lock; `maintenance_needed` by whoever took the last spare segment, missed one
  // or left one behind (any thread; Flusher sets it). Set all before the first Append.
  void OnWorkAvailable(std::function<void()> work_available);
  void OnMaintenanceNeeded(std::function<void()> maintenance_needed);
  void AddListener(ProgressListener* listener);

  // One group commit: takes what is queued, writes it, syncs it, tells the listeners. False: there
  // was nothing. An error is terminal (see ProgressListener::OnFailed). One thread at a time.
  Result<bool> Flush();

  // Keeps pre-written segments ahead of the writer and recycles what every reader is past. Does
  // the I/O of it, so call it off the flushing thread; one thread at a time. Flush prepares a
  // segment itself when none is ready. A full disk is no error here: Append says so.
  Result<void> Maintain();

  // The reader keeps its position in `<directory>/<name>.position`. One reader a name.
  Result<std::unique_ptr<Reader>> OpenReader(const std::string& name);

  // Refuses further appends; what was accepted can still be flushed and read.
  void Close();

  // The largest Append that fits in a segment: the sum over its records of the payload, rounded up to
  // 8, and 32 bytes. Configuration must keep the biggest request below it.
  [[nodiscard]] std::size_t max_append_bytes() const;
  [[nodiscard]] Sequence synced() const;
  [[nodiscard]] Stats stats() const;

 private:
  explicit Spool(std::unique_ptr<Log> log);
  std::unique_ptr<Log> log_;
};

}  // namespace audit::spool
