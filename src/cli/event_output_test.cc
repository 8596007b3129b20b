#include "cli/event_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace audit::cli {
namespace {

using testing::HasSubstr;

store::StoredEvent Event() {
  store::StoredEvent event;
  event.record = {.id = "e-1",
                  .occurred_at = {1'795'514'400'123'456},
                  .source = "https://s",
                  .type = "t",
                  .subject = std::nullopt,
                  .actor_type = "user",
                  .actor_id = "say \"hi\", Zoë",
                  .resource_type = "application",
                  .resource_id = "A-1",
                  .action = "read",
                  .outcome = "denied",
                  .reason = std::nullopt,
                  .trace_id = std::nullopt,
                  .details = R"({"n":1.50})"};
  event.ingested_at = {1'795'514'401'000'000};
  return event;
}

class EventOutputTest : public testing::Test {
 protected:
  Table::Write Write() {
    return [this](std::string_view text) { out_ += text; };
  }
  std::string out_;
};

TEST_F(EventOutputTest, NdjsonHoldsAllColumnsAndDetailsAsTheyAre) {
  const auto output = NewEventNdjson(Write());
  output->Write(Event());
  output->Finish();
  EXPECT_EQ(out_,
            R"({"id":"e-1","occurred_at":"2026-11-24T10:00:00.123456Z","ingested_at":"2026-11-24T10:00:01.000000Z",)"
            R"("source":"https://s","type":"t","subject":null,"actor_type":"user","actor_id":"say \"hi\", Zoë",)"
            R"("resource_type":"application","resource_id":"A-1","action":"read","outcome":"denied","reason":null,)"
            R"("trace_id":null,"details":{"n":1.50}})"
            "\n");
}

TEST_F(EventOutputTest, CsvHasOneTitleLineAndQuotesWhatNeedsIt) {
  const auto output = NewEventCsv(Write());
  output->Write(Event());
  output->Write(Event());
  output->Finish();
  const std::string row =
      "e-1,2026-11-24T10:00:00.123456Z,2026-11-24T10:00:01.000000Z,https://s,t,,user,\"say \"\"hi\"\", Zoë\","
      "application,A-1,read,denied,,,\"{\"\"n\"\":1.50}\"\r\n";
  EXPECT_EQ(out_,
            "id,occurred_at,ingested_at,source,type,subject,actor_type,actor_id,resource_type,resource_id,action,"
            "outcome,reason,trace_id,details\r\n" +
                row + row);
}

TEST_F(EventOutputTest, TableFitsTheTerminal) {
  const auto output = NewEventTable(70, false, Write());
  output->Write(Event());
  output->Finish();
  EXPECT_THAT(out_, HasSubstr("2026-11-24T10:00:00Z  denied"));
  for (std::size_t at = 0; at < out_.size();) {
    const std::size_t end = out_.find('\n', at);
    EXPECT_LE(DisplayWidth(out_.substr(at, end - at)), 70U);
    at = end + 1;
  }
}

}  // namespace
}  // namespace audit::cli
