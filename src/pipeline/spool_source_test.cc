#include "pipeline/spool_source.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "env/manual_clock.h"
#include "env/memory_file_system.h"
#include "spool/spool.h"

namespace audit::pipeline {
namespace {

class SpoolSourceTest : public testing::Test {
 protected:
  void Open() {
    spool::Options options;
    options.directory = "data/spool";
    options.segment_bytes = 1U << 20;
    options.max_bytes = 16U << 20;
    options.queue_max_bytes = 256U << 10;
    options.readers = {"persister"};
    auto spool = spool::Spool::Open(files_, clock_, *random_, options, nullptr);
    ASSERT_TRUE(spool.ok()) << spool.error().message();
    spool_ = std::move(spool).value();
    auto reader = spool_->OpenReader("persister");
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    reader_ = std::move(reader).value();
    source_ = std::make_unique<SpoolSource>(*reader_);
  }
  void Append(const std::string& text) {
    const std::array<std::string_view, 1> payloads{text};
    ASSERT_EQ(spool_->Append(payloads).status, spool::AppendStatus::kAccepted);
    ASSERT_TRUE(spool_->Flush().ok());
  }
  void Restart() {
    source_.reset();
    reader_.reset();
    spool_.reset();
    Open();
  }
  std::vector<std::string> Fetch(std::size_t most) {
    const auto events = source_->Fetch(most, 1U << 20);
    EXPECT_TRUE(events.ok());
    std::vector<std::string> values;
    for (const SourcedEvent& event : *events) values.emplace_back(event.value);
    return values;
  }

  env::MemoryFileSystem files_;
  env::ManualClock clock_{{1'700'000'000'000'000}};
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(3);
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<spool::Reader> reader_;
  std::unique_ptr<SpoolSource> source_;
};

TEST_F(SpoolSourceTest, GivesRecordsInOrderWithTheirSequenceAndTimeOfIngest) {
  Open();
  Append("a");
  Append("b");
  const auto events = source_->Fetch(10, 1U << 20);
  ASSERT_TRUE(events.ok());
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[1].value, "b");
  EXPECT_EQ((*events)[1].origin, "spool");
  EXPECT_EQ((*events)[1].offset, 2U);
  EXPECT_EQ((*events)[1].ingested_at, clock_.Now());
}

TEST_F(SpoolSourceTest, WhatWasNotCommittedIsGivenAgainAfterRewindAndAfterARestart) {
  Open();
  for (const char* text : {"a", "b", "c"}) Append(text);
  EXPECT_EQ(Fetch(1), std::vector<std::string>{"a"});
  ASSERT_TRUE(source_->Commit().ok());
  EXPECT_EQ(Fetch(1), std::vector<std::string>{"b"});
  source_->Rewind();
  EXPECT_EQ(Fetch(1), std::vector<std::string>{"b"});
  Restart();
  EXPECT_EQ(Fetch(10), (std::vector<std::string>{"b", "c"}));
  ASSERT_TRUE(source_->Commit().ok());
  Restart();
  EXPECT_TRUE(Fetch(10).empty());
}

}  // namespace
}  // namespace audit::pipeline
