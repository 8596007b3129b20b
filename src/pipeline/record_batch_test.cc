#include "pipeline/record_batch.h"

#include <gtest/gtest.h>

#include <string>

namespace audit::pipeline {
namespace {

TEST(RecordBatchTest, OwnsWhatItShowsWhileItGrows) {
  RecordBatch batch;
  for (int round = 0; round < 2; ++round) {
    batch.Clear();
    for (int i = 0; i < 2'000; ++i) {
      std::string id = "id-" + std::to_string(i);
      std::string details(1'500, static_cast<char>('a' + (i % 26)));
      event::Record record;
      record.id = id;
      record.details = details;
      batch.Add(record);
      id.assign(id.size(), '#');
      details.assign(details.size(), '#');
    }
    ASSERT_EQ(batch.records().size(), 2'000U);
    for (std::size_t i = 0; i < 2'000; ++i) {
      EXPECT_EQ(batch.records()[i].id, "id-" + std::to_string(i));
      EXPECT_EQ(batch.records()[i].details, std::string(1'500, static_cast<char>('a' + (i % 26))));
    }
  }
}

TEST(RecordBatchTest, AbsentStaysAbsentAndEmptyStaysEmpty) {
  RecordBatch batch;
  event::Record record;
  record.reason = "";
  batch.Add(record);
  EXPECT_FALSE(batch.records()[0].subject.has_value());
  ASSERT_TRUE(batch.records()[0].reason.has_value());
  EXPECT_NE(batch.records()[0].reason->data(), nullptr);
}

TEST(RecordBatchTest, TakesAValueLargerThanABlock) {
  RecordBatch batch;
  const std::string large(3U << 20, 'x');
  event::Record record;
  record.details = large;
  batch.Add(record);
  batch.Add(record);
  EXPECT_EQ(batch.records()[0].details, large);
  EXPECT_EQ(batch.records()[1].details, large);
}

}  // namespace
}  // namespace audit::pipeline
