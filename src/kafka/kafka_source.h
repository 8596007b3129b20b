// Reads a topic as one member of a consumer group, with offsets committed by hand.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/clock.h"
#include "kafka/connection_options.h"
#include "kafka/source_observer.h"
#include "pipeline/event_source.h"

namespace audit::kafka {

struct SourceOptions {
  ConnectionOptions connection;
  std::string topic;
  std::string group;
  // roundrobin, range (both eager) or cooperative-sticky. The members of a group must agree; replicas of the
  // Python service know roundrobin alone.
  std::string assignment_strategy = "roundrobin";
  // Static membership: a restart within the session time-out moves no partition. Empty: none.
  std::string group_instance_id;
  // Where a partition begins for which the group has no offset, or one that is not there: earliest or latest.
  std::string auto_offset_reset = "earliest";
  // What librdkafka may hold ahead of Fetch: when either is reached it asks for no more, and what was asked for still
  // comes, up to 1 MB from each broker, compressed. More than one Fetch takes.
  std::size_t prefetch_events = 10'000;
  std::size_t prefetch_bytes = 16U << 20;
  // How long the group's coordinator may take to answer a commit.
  std::chrono::milliseconds commit_timeout{10'000};
  // How long Fetch waits for the answer when it has to ask for the group's offsets, once for each
  // assignment, or where a partition begins and ends, once for each gap in it.
  std::chrono::milliseconds query_timeout{2'000};
  // How long the destructor may take to leave the group.
  std::chrono::milliseconds close_timeout{5'000};
};

// One thread at a time, but for Lag and OldestUnstored.
class KafkaSource final : public pipeline::EventSource {
 public:
  // Does not wait for a broker. `wake` is called from any thread when Fetch has something to do; it is
  // called with a lock of librdkafka held: it must be quick and must not call the source. `clock` and
  // `observer` outlive the source. kInvalidArgument: a property or value is wrong.
  static Result<std::unique_ptr<KafkaSource>> Open(SourceOptions options, env::Clock& clock, SourceObserver& observer,
                                                   std::function<void()> wake);
  // Leaves the group at once, so that others go on with its partitions; a static member does not.
  ~KafkaSource() override;

  // Must be called at least every max.poll.interval.ms (5 minutes), also when there is nothing, or the
  // group takes the partitions away. An event larger than max_bytes comes alone.
  Result<std::span<const pipeline::SourcedEvent>> Fetch(std::size_t max_events, std::size_t max_bytes) override;
  std::span<const pipeline::SourcedEvent> LookAhead(std::size_t max_events, std::size_t max_bytes) override;
  // Sends the offsets and leaves the answer to the next Commit, which waits for it, at most options.commit_timeout,
  // and is the one that fails; what is left when there is no next one is committed by Fetch, a revocation and the
  // destructor. A process that dies in between gives one batch more again.
  Result<void> Commit() override;
  void Rewind() override;
  bool StillOurs() override;

  // What is committed as of the last Fetch, Commit or StillOurs, against the ends of the partitions as
  // they are known now. Any thread.
  [[nodiscard]] std::vector<PartitionLag> Lag() const;
  // When the oldest event of the batch that the last Fetch gave was put into the topic; nothing: it gave none. A
  // batch that cannot be stored is given again and again, so this is how long the store has been behind. Any thread.
  [[nodiscard]] std::optional<time::UnixMicros> OldestUnstored() const;

 private:
  struct State;
  explicit KafkaSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::kafka
