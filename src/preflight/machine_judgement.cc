#include "preflight/machine_judgement.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "preflight/sizes.h"

namespace audit::preflight {
namespace {

using config::Config;

// The program itself, its threads, the store's batches.
constexpr std::uint64_t kMemoryOfItself = 96ULL << 20;
// What librdkafka holds for publisher, consumer and dead letters.
constexpr std::uint64_t kMemoryOfKafka = 192ULL << 20;
// What the server lets all connections together buffer, at least.
constexpr std::uint64_t kMemoryOfRequests = 64ULL << 20;
// Beside connections: segments, the store's, Kafka's, the log.
constexpr std::uint64_t kOtherFiles = 256;
// Past it the answers to single callers become slow: each waits for one sync.
constexpr std::chrono::microseconds kSlowSync{20'000};
// A spool that cannot make its next segment refuses everything.
constexpr std::uint64_t kLeastSegments = 3;

constexpr std::array<std::string_view, 2> kInMemory{"tmpfs", "ramfs"};
constexpr std::array<std::string_view, 9> kOverNetwork{"nfs",  "cifs", "smb2", "smb",   "ceph",
                                                       "fuse", "9p",   "gpfs", "lustre"};

void JudgeFileSystem(const DiskFacts& facts, Findings& findings) {
  const std::string& name = facts.file_system;
  if (std::ranges::find(kInMemory, name) != kInMemory.end()) {
    findings.Warning("file system", name + ": a restart of the machine loses what callers were told is safe",
                     "set data_dir to a folder on a disk");
  } else if (std::ranges::find(kOverNetwork, name) != kOverNetwork.end()) {
    findings.Warning("file system",
                     name + ": may be one over the network, whose locks and syncs are what its server makes of them",
                     "set data_dir to a folder on a disk of this machine, or a block device");
  } else if (name == "overlay") {
    findings.Warning("file system", "overlay: goes with the container, and with it what is not in Kafka yet",
                     "mount a volume at data_dir, or set ingest.durability to replicated");
  } else {
    findings.Ok("file system", name);
  }
}

void JudgeRoom(const Config& config, const DiskFacts& facts, Findings& findings) {
  const std::uint64_t room = facts.free_bytes + facts.spool_bytes;
  const std::string found = Bytes(facts.free_bytes) + " free, the spool may take " + Bytes(config.spool.max_bytes) +
                            (facts.spool_bytes == 0 ? "" : " and has " + Bytes(facts.spool_bytes));
  if (room < kLeastSegments * config.spool.segment_bytes) {
    findings.Error("room",
                   found + ": not even for " + std::to_string(kLeastSegments) + " segments of " +
                       Bytes(config.spool.segment_bytes),
                   "make room, or set spool.segment_bytes lower");
  } else if (room < config.spool.max_bytes) {
    findings.Warning("room", found + ": in an outage callers are refused before the spool is full",
                     "make room, or set spool.max_bytes to what there is");
  } else {
    findings.Ok("room", found);
  }
}

void JudgeSync(const DiskFacts& facts, Findings& findings) {
  if (!facts.sync_time) {
    findings.Skipped("sync", "data_dir is not there yet", "make it, then look again");
  } else if (!*facts.sync_time) {
    findings.Error("sync", facts.sync_time->error().message(), "see the file system's state: dmesg, df, quota");
  } else {
    const std::chrono::microseconds time = **facts.sync_time;
    const std::string found = std::to_string(time.count()) + " us for 4 KiB";
    if (time > kSlowSync) {
      findings.Warning("sync", found + ": no answer to a caller comes sooner", "put data_dir on a quicker disk");
    } else {
      findings.Ok("sync", found);
    }
  }
}

}  // namespace

std::uint64_t MemoryNeeded(const Config& config) {
  // What is queued is there twice while it is written.
  return kMemoryOfItself + 2 * config.ingest.queue_max_bytes +
         std::max<std::uint64_t>(kMemoryOfRequests, 2 * config.http.max_body_bytes) +
         (config.log_backend == config::LogBackend::kKafka ? kMemoryOfKafka : 0);
}

std::vector<Finding> JudgeDisk(const Config& config, const DiskFacts& facts) {
  Findings findings("disk");
  const std::string check = "data_dir " + config.data_dir;
  if (!facts.writable) {
    findings.Error(check, facts.writable.error().message(),
                   "make it a directory that this user may write to, or set data_dir to another");
  } else {
    findings.Ok(check, facts.data_dir_exists ? "is there, and this user may write to it"
                                             : "is not there; the service makes it in " + facts.folder);
  }
  if (facts.file_system.empty()) return findings.Take();
  JudgeFileSystem(facts, findings);
  JudgeRoom(config, facts, findings);
  if (facts.writable) JudgeSync(facts, findings);
  return findings.Take();
}

std::vector<Finding> JudgeMachine(const Config& config, const MachineFacts& facts) {
  Findings findings("machine");
  const std::uint64_t files = config.http.max_connections + kOtherFiles;
  const std::string open = "up to " + std::to_string(facts.open_files) + ", wanted " + std::to_string(files);
  if (facts.open_files < files) {
    findings.Warning("open files", open + ": fewer connections than http.max_connections",
                     "raise the hard limit (LimitNOFILE of systemd, ulimit -Hn), or set http.max_connections lower");
  } else {
    findings.Ok("open files", open);
  }
  const std::string cores = std::to_string(facts.cores) + ", http.threads is " + std::to_string(config.http.threads);
  if (config.http.threads > facts.cores) {
    findings.Warning("cores", cores, "set http.threads to the number of cores, or give more");
  } else {
    findings.Ok("cores", cores);
  }
  const std::uint64_t memory = MemoryNeeded(config);
  if (!facts.memory_limit) {
    findings.Ok("memory", "no limit; the service may take about " + Bytes(memory));
  } else if (*facts.memory_limit < memory) {
    findings.Warning("memory",
                     "the limit is " + Bytes(*facts.memory_limit) + ", the service may take about " + Bytes(memory),
                     "raise the limit of the container, or set ingest.queue_max_bytes and http.max_body_bytes lower");
  } else {
    findings.Ok("memory",
                "the limit is " + Bytes(*facts.memory_limit) + ", the service may take about " + Bytes(memory));
  }
  const std::string port = "port " + std::to_string(config.http.port);
  if (facts.port) {
    findings.Ok(port, "is free");
  } else {
    findings.Error(port, facts.port.error().message(), "stop what listens there, or set http.port and http.host");
  }
  return findings.Take();
}

}  // namespace audit::preflight
