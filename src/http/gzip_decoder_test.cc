#include "http/gzip_decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "http/gzip_text.h"

namespace audit::http {
namespace {

constexpr std::size_t kMax = 300'000;

std::string Text(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "line " + std::to_string(text.size()) + "\n";
  text.resize(size);
  return text;
}

class GzipDecoderTest : public testing::Test {
 protected:
  void ExpectBody(const std::string& body) {
    const std::string coded = Gzip(body);
    const auto decoded = decoder_.Decode(coded, kMax);
    ASSERT_TRUE(std::holds_alternative<std::string_view>(decoded));
    EXPECT_EQ(std::get<std::string_view>(decoded), body);
  }
  void ExpectFault(const std::string& coded, Fault fault) {
    const auto decoded = decoder_.Decode(coded, kMax);
    ASSERT_TRUE(std::holds_alternative<Fault>(decoded));
    EXPECT_EQ(std::get<Fault>(decoded), fault);
  }

  GzipDecoder decoder_;
};

TEST_F(GzipDecoderTest, WhatWasCompressedComesBackUpToTheBound) {
  for (const std::size_t size : {0UL, 1UL, 700UL, 65'535UL, 65'536UL, 65'537UL, 131'072UL, kMax - 1, kMax})
    ExpectBody(Text(size));
}

TEST_F(GzipDecoderTest, OneBytePastTheBoundIsTooLarge) { ExpectFault(Gzip(Text(kMax + 1)), Fault::kBodyTooLarge); }

TEST_F(GzipDecoderTest, ABombStopsAtTheBound) {
  const std::string bomb = Gzip(std::string(64U << 20, '\0'));
  ASSERT_LT(bomb.size(), kMax);
  ExpectFault(bomb, Fault::kBodyTooLarge);
  ExpectBody("and the next body decodes");
}

TEST_F(GzipDecoderTest, EveryTruncationIsMalformed) {
  const std::string coded = Gzip(Text(500));
  for (std::size_t size = 0; size < coded.size(); ++size) ExpectFault(coded.substr(0, size), Fault::kMalformedEncoding);
}

TEST_F(GzipDecoderTest, WhatFollowsTheMemberIsMalformed) {
  ExpectFault(Gzip("a") + "x", Fault::kMalformedEncoding);
  ExpectFault(Gzip("a") + Gzip("b"), Fault::kMalformedEncoding);
}

TEST_F(GzipDecoderTest, AWrongChecksumIsMalformed) {
  std::string coded = Gzip(Text(500));
  coded[coded.size() - 5] ^= 1;
  ExpectFault(coded, Fault::kMalformedEncoding);
}

TEST_F(GzipDecoderTest, OtherFormatsAreMalformed) {
  ExpectFault("plain text", Fault::kMalformedEncoding);
  ExpectFault("\x78\x9c\x4b\x04\x00\x00\x62\x00\x62", Fault::kMalformedEncoding);  // zlib's own wrapper
}

}  // namespace
}  // namespace audit::http
