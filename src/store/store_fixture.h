// What the tests of every store share: writing samples to a store and asking what is in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "store/audit_store.h"
#include "store/event_query.h"
#include "store/sample_event.h"

namespace audit::store {

// A store's own fixture opens it in SetUp, at a clock that stands at kNow, and says how it is read.
class StoreFixture : public testing::Test {
 protected:
  using EachEvent = std::function<bool(const StoredEvent&)>;

  virtual AuditStore& store() = 0;
  virtual Result<std::uint64_t> Query(const EventQuery& query, const EachEvent& each) = 0;

  Result<std::vector<RecordOutcome>> TryWrite(const std::vector<SampleEvent>& events) {
    std::vector<event::Record> records;
    records.reserve(events.size());
    for (const SampleEvent& event : events) records.push_back(event.record());
    return store().Write(records);
  }

  std::vector<Outcome> Write(const std::vector<SampleEvent>& events) {
    auto written = TryWrite(events);
    std::vector<Outcome> outcomes;
    reasons_.clear();
    if (!written.ok()) {
      ADD_FAILURE() << written.error().message();
      return outcomes;
    }
    for (RecordOutcome& outcome : *written) {
      outcomes.push_back(outcome.outcome);
      reasons_.push_back(std::move(outcome.reason));
    }
    return outcomes;
  }

  // The months that were dropped.
  std::vector<std::string> Maintain(int pre_create_months, int retention_months) {
    auto dropped = store().MaintainPartitions(kNow, pre_create_months, retention_months);
    if (dropped.ok()) return *dropped;
    ADD_FAILURE() << dropped.error().message();
    return {};
  }

  std::vector<std::string> Ids(const EventQuery& query = {}) {
    std::vector<std::string> ids;
    auto read = Query(query, [&](const StoredEvent& event) {
      ids.emplace_back(event.record.id);
      return true;
    });
    EXPECT_TRUE(read.ok()) << read.error().message();
    return ids;
  }

  inline static const time::UnixMicros kNow = At("2026-11-24T12:00:00Z");
  std::vector<std::string> reasons_;  // of the last Write
};

}  // namespace audit::store
