#include "instance/drain.h"

#include <filesystem>

#include "env/clock.h"
#include "env/file_system.h"
#include "env/random.h"
#include "instance/backend_options.h"
#include "instance/forwarding.h"
#include "instance/spool_telemetry.h"
#include "kafka/topic_admin.h"
#include "spool/spool.h"

namespace audit::instance {

Result<DrainReport> DrainSpool(const config::Config& config, const std::string& directory,
                               std::chrono::milliseconds patience) {
  const env::SteadyTime deadline = env::SystemClock().SteadyNow() + patience;
  const auto left = [deadline] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - env::SystemClock().SteadyNow());
  };
  // Opening would make one.
  if (auto names = env::PosixFileSystem().List(directory); !names) return std::move(names).error();
  telemetry::Metrics metrics;
  SpoolTelemetry telemetry(metrics);
  const std::unique_ptr<env::Random> random = env::NewSystemRandom();
  spool::Options options;
  options.directory = directory;
  options.segment_bytes = config.spool.segment_bytes;
  options.max_bytes = config.spool.max_bytes;
  options.readers = {kForwarderReader};
  auto spool = spool::Spool::Open(env::PosixFileSystem(), env::SystemClock(), *random, options, &telemetry);
  if (!spool && spool.error().code() == ErrorCode::kLocked) {
    return Error(ErrorCode::kLocked, spool.error().message() +
                                         ": an instance is running on it, and publishes what is there by itself. Stop "
                                         "it first if this is to be done without it");
  }
  if (!spool) return std::move(spool).error();
  const spool::Stats before = (*spool)->stats();
  config::Config local = config;
  local.data_dir = std::filesystem::path(directory).lexically_normal().parent_path().string();
  if (local.data_dir.empty()) local.data_dir = ".";
  auto forwarding = Forwarding::Open(local, **spool, metrics, [](spool::Sequence) {});
  if (!forwarding) return std::move(forwarding).error();
  auto admin = kafka::TopicAdmin::Create(KafkaConnectionOf(config, {}));
  if (!admin) return std::move(admin).error();
  (*forwarding)->Start();
  // As long as brokers are away the forwarder waits too.
  auto topics = (*admin)->Ensure(TopicsOf(config), left());
  (*forwarding)->Stop(topics ? left() : std::chrono::milliseconds{0});
  const spool::Stats after = (*spool)->stats();
  return DrainReport{.published = after.delivered.value - before.delivered.value,
                     .left = after.synced.value - after.delivered.value,
                     .trouble = topics ? std::nullopt : std::optional(topics.error())};
}

}  // namespace audit::instance
