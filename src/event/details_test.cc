#include "event/details.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace audit::event {
namespace {

class DetailsWriterTest : public testing::Test {
 protected:
  std::array<char, 256> buffer_{};
  DetailsWriter writer_{buffer_.data()};
};

TEST_F(DetailsWriterTest, NothingAddedIsNothing) { EXPECT_EQ(writer_.Finish(), std::nullopt); }

TEST_F(DetailsWriterTest, WritesMembersInOrder) {
  writer_.Add(R"("a")", "1.50", true);
  writer_.Add(R"("\u0062")", R"("x y")", true);
  EXPECT_EQ(writer_.Finish(), R"({"a":1.50,"\u0062":"x y"})");
}

TEST_F(DetailsWriterTest, LeavesOutWhiteSpaceBetweenTokensAlone) {
  writer_.Add(R"("a")", "{ \"k 1\" :\t[ 1 ,\r\n\"x \\\" y\\\\\" , \" \" ] }", false);
  EXPECT_EQ(writer_.Finish(), R"({"a":{"k 1":[1,"x \" y\\"," "]}})");
}

TEST_F(DetailsWriterTest, AnObjectLeftEmptyIsNotWritten) {
  writer_.Open(R"("actor")");
  writer_.Close();
  EXPECT_EQ(writer_.Finish(), std::nullopt);
}

TEST_F(DetailsWriterTest, WritesObjectsAmongMembers) {
  writer_.Open(R"("actor")");
  writer_.Add(R"("name")", R"("A")", true);
  writer_.Add(R"("o")", "{}", true);
  writer_.Close();
  writer_.Open(R"("resource")");
  writer_.Close();
  writer_.Add(R"("z")", "[]", true);
  EXPECT_EQ(writer_.Finish(), R"({"actor":{"name":"A","o":{}},"z":[]})");
}

TEST(SameDetails, SpaceOrderAndSpellingMakeNoDifference) {
  const struct {
    std::string_view a;
    std::string_view b;
  } kCases[] = {
      {"", ""},
      {R"({"a":1})", R"({"a":1})"},
      {R"({"a":1,"b":2})", R"({"b":2,"a":1})"},
      {R"({"a":{"x":1,"y":[1,2]}})", "{ \"a\" : { \"y\" : [ 1 , 2 ] ,\n\"x\" : 1 } }"},
      {R"({"a":"A/\u00e9"})", "{\"a\":\"\\u0041\\/\xc3\xa9\"}"},
      {R"({"\u0061":1})", R"({"a":1})"},
      {R"({"a":1,"a":2})", R"({"a":2})"},
      {"[]", "[ ]"},
      {R"({"a":1})", R"({"a":1.0})"},
      {"[150, 0.015, -3]", "[1.50e2, 15E-3, -3.000e+00]"},
      {"[0, 0, 0]", "[-0, 0.00, 0e7]"},
      {"[10000000000000000000000001]", "[1.0000000000000000000000001e25]"},
      {"[1e131071]", "[0.1e131072]"},
  };
  for (const auto& [a, b] : kCases) {
    EXPECT_TRUE(SameDetails(a, b)) << a << " " << b;
    EXPECT_TRUE(SameDetails(b, a)) << a << " " << b;
  }
}

TEST(SameDetails, AnythingElseMakesADifference) {
  const struct {
    std::string_view a;
    std::string_view b;
  } kCases[] = {
      {R"({"a":1})", R"({"a":2})"},
      {R"({"a":1})", R"({"b":1})"},
      {R"({"a":1})", R"({"a":"1"})"},
      {R"({"a":1})", R"({"a":-1})"},
      {R"({"a":10})", R"({"a":1})"},
      {"[0.1]", "[0.01]"},
      {"[1,0]", "[10]"},
      {"[1e2]", "[1e-2]"},
      {"[1e99999999999]", "[1e99999999998]"},
      {"[10000000000000000000000001]", "[10000000000000000000000002]"},
      {R"({"a":null})", R"({"a":"null"})"},
      {R"({"a":null})", R"({})"},
      {R"({"a":[1,2]})", R"({"a":[2,1]})"},
      {R"({"a":[1]})", R"({"a":[1,1]})"},
      {R"({"a":[[],1]})", R"({"a":[[1]]})"},
      {R"({"a":{}})", R"({"a":[]})"},
      {R"({"a":1,"a":2})", R"({"a":1})"},
      {R"({"a":"x,\"b\":1"})", R"({"a":"x","b":1})"},
      {R"({"a":"b"})", R"({"a":"B"})"},
      {R"({"a":1})", ""},
      {R"({"a":1})", R"({"a":1)"},
      {R"({"a":1} )", R"({"a":1} x)"},
  };
  for (const auto& [a, b] : kCases) {
    EXPECT_FALSE(SameDetails(a, b)) << a << " " << b;
    EXPECT_FALSE(SameDetails(b, a)) << a << " " << b;
  }
}

TEST(SameDetails, WhatIsNoJsonOrTooDeepIsTheSameOnlyAsEqualBytes) {
  const std::string deep(100'000, '[');
  EXPECT_TRUE(SameDetails(deep, deep));
  EXPECT_FALSE(SameDetails(deep, deep + " "));
  EXPECT_FALSE(SameDetails("{", "{ "));
}

}  // namespace
}  // namespace audit::event
