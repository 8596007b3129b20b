#include "preflight/machine_judgement.h"

#include <functional>

#include "preflight/judgement_test_support.h"

namespace audit::preflight {
namespace {

using config::Config;
using std::chrono::microseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

struct Machine {
  Config config;
  DiskFacts disk{.folder = "/data",
                 .data_dir_exists = true,
                 .writable = {},
                 .free_bytes = 20ULL << 30,
                 .spool_bytes = 0,
                 .file_system = "ext4",
                 .sync_time = Result<microseconds>(microseconds(400))};
  MachineFacts machine{.open_files = 20'000, .cores = 2, .memory_limit = 1ULL << 30, .port = {}};
  Machine() { config.http.threads = 2; }
  [[nodiscard]] std::vector<std::string> AllComplaints() const {
    std::vector<std::string> all = Complaints(JudgeDisk(config, disk));
    for (std::string& each : Complaints(JudgeMachine(config, machine))) all.push_back(std::move(each));
    return all;
  }
};

TEST(MachineJudgement, AGoodMachineHasNoComplaints) { EXPECT_THAT(Machine().AllComplaints(), IsEmpty()); }

TEST(MachineJudgement, EachFaultIsOneComplaint) {
  struct Case {
    std::function<void(Machine&)> change;
    std::string says;
  };
  const std::vector<Case> cases{
      {[](auto& m) {
         m.disk.writable = Error(ErrorCode::kIo, "write to /data: Permission denied");
         m.disk.sync_time.reset();
       },
       "error data_dir ./data: write to /data: Permission denied"},
      {[](auto& m) { m.disk.file_system = "tmpfs"; }, "warning file system: tmpfs"},
      {[](auto& m) { m.disk.file_system = "nfs"; }, "warning file system: nfs"},
      {[](auto& m) { m.disk.file_system = "overlay"; }, "warning file system: overlay"},
      {[](auto& m) { m.disk.free_bytes = 1ULL << 30; }, "warning room: 1024 MiB free, the spool may take 8192 MiB"},
      {[](auto& m) { m.disk.free_bytes = 1ULL << 20; }, "error room: 1024 KiB free"},
      {[](auto& m) { m.disk.sync_time = Result<microseconds>(microseconds(25'000)); }, "warning sync: 25000 us"},
      {[](auto& m) { m.disk.sync_time = Result<microseconds>(Error(ErrorCode::kIo, "sync: EIO")); },
       "error sync: sync"},
      {[](auto& m) { m.machine.open_files = 1'024; }, "warning open files: up to 1024, wanted 10256"},
      {[](auto& m) { m.config.http.threads = 8; }, "warning cores: 2, http.threads is 8"},
      {[](auto& m) { m.machine.memory_limit = 128ULL << 20; }, "warning memory: the limit is 128 MiB"},
      {[](auto& m) { m.machine.port = Error(ErrorCode::kIo, "in use"); }, "error port 8000: in use"},
  };
  for (const Case& each : cases) {
    Machine machine;
    each.change(machine);
    EXPECT_THAT(machine.AllComplaints(), ElementsAre(StartsWith(each.says))) << each.says;
  }
}

TEST(MachineJudgement, WhatTheSpoolHasAlreadyCountsAsRoom) {
  Machine machine;
  machine.disk.free_bytes = 1ULL << 30;
  machine.disk.spool_bytes = 7ULL << 30;
  EXPECT_THAT(machine.AllComplaints(), IsEmpty());
}

TEST(MachineJudgement, MemoryFollowsTheConfiguration) {
  Config config;
  const std::uint64_t before = MemoryNeeded(config);
  config.ingest.queue_max_bytes += 1'000;
  EXPECT_EQ(MemoryNeeded(config), before + 2'000);
  config.log_backend = config::LogBackend::kKafka;
  EXPECT_GT(MemoryNeeded(config), before + 2'000);
}

}  // namespace
}  // namespace audit::preflight
