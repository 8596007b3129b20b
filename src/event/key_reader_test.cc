// That it gives the key which the Parser gives for any valid event is in round_trip_test.cc.
#include "event/key_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "event/parser.h"

namespace audit::event {
namespace {

std::string KeyOf(std::string_view json) {
  KeyReader keys;
  const std::string padded = std::string(json).append(kPadding, '"');
  return std::string(keys.Read(std::string_view(padded).substr(0, json.size())));
}

TEST(KeyReaderTest, TheSubjectComesBeforeTheActorWhereverItStands) {
  EXPECT_EQ(KeyOf(R"({"subject":"s/1","data":{"actor":{"id":"u-1"}}})"), "s/1");
  EXPECT_EQ(KeyOf(R"({"data":{"actor":{"id":"u-1"}},"subject":"s/1"})"), "s/1");
}

TEST(KeyReaderTest, AnAbsentNullOrEmptySubjectLeavesItToTheActor) {
  EXPECT_EQ(KeyOf(R"({"data":{"changes":{"actor":{"id":"no"}},"actor":{"name":"n","id":"u-1"},"action":"x"}})"), "u-1");
  EXPECT_EQ(KeyOf(R"({"subject":null,"data":{"actor":{"id":"u-1"}}})"), "u-1");
  EXPECT_EQ(KeyOf(R"({"subject":"","data":{"actor":{"id":"u-1"}}})"), "u-1");
}

TEST(KeyReaderTest, OnlyTheNamedPlacesCount) {
  EXPECT_EQ(
      KeyOf(R"({"id":"e","actor":{"id":"no"},"data":{"id":"no","subject":"no","actor":{"id":"u","x":{"id":"no"}}}})"),
      "u");
}

TEST(KeyReaderTest, EscapesAreUndoneInNamesAndValues) {
  EXPECT_EQ(KeyOf(R"({"s\u0075bject":"a\"\u00e9"})"), "a\"\xc3\xa9");
  EXPECT_EQ(KeyOf(R"({"data":{"\u0061ctor":{"id":"\u0041"}},"other":"\u0042"})"), "A");
}

TEST(KeyReaderTest, TextThatIsNoEventGivesWhatWasFoundOrNothing) {
  EXPECT_EQ(KeyOf(""), "");
  EXPECT_EQ(KeyOf("[]"), "");
  EXPECT_EQ(KeyOf(R"({"subject":7})"), "");
  EXPECT_EQ(KeyOf(R"({"data":"actor"})"), "");
  EXPECT_EQ(KeyOf(R"({"subj)"), "");
  EXPECT_EQ(KeyOf(R"({"data":{"actor":{"id":"u-1"},"cut)"), "u-1");
}

}  // namespace
}  // namespace audit::event
