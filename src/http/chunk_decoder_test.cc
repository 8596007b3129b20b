#include "http/chunk_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace audit::http {
namespace {

using Status = ChunkDecoder::Status;
constexpr std::size_t kMaxBody = 64;
constexpr std::size_t kMaxTrailers = 32;

struct Decoded {
  Status status = Status::kMore;
  std::string body;
  std::size_t read = 0;
};

Decoded Decode(const std::string& text, std::size_t piece = std::string::npos) {
  ChunkDecoder decoder(kMaxBody, kMaxTrailers);
  Decoded decoded;
  std::string memory = text;
  while (decoded.status == Status::kMore && decoded.read < text.size()) {
    const std::size_t size = std::min(piece, text.size() - decoded.read);
    char* const output = memory.data() + decoded.body.size();
    const ChunkDecoder::Step step = decoder.Decode(std::span(memory).subspan(decoded.read, size), output);
    decoded.body.append(output, step.written);
    decoded.read += step.read;
    decoded.status = step.status;
  }
  return decoded;
}

TEST(ChunkDecoderTest, DataIsJoinedInPlaceAndWhatFollowsIsLeft) {
  const std::string text = "5\r\nhello\r\n1;ext=\"a b\"\r\n \r\n5 ;x\r\nworld\r\n000\r\nTrailer: x\r\n\r\nNEXT";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Decoded decoded = Decode(text, piece);
    EXPECT_EQ(decoded.status, Status::kDone);
    EXPECT_EQ(decoded.body, "hello world");
    EXPECT_EQ(decoded.read, text.size() - 4);
  }
}

TEST(ChunkDecoderTest, HexDigitsOfBothCases) {
  EXPECT_EQ(Decode("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n").body.size(), 20U);
}

TEST(ChunkDecoderTest, TheBoundHoldsForAllChunksTogether) {
  const std::string half = "20\r\n" + std::string(32, 'x') + "\r\n";
  EXPECT_EQ(Decode(half + half + "0\r\n\r\n").status, Status::kDone);
  EXPECT_EQ(Decode(half + half + "1\r\n").status, Status::kBodyTooLarge);
  EXPECT_EQ(Decode("41\r\n").status, Status::kBodyTooLarge);
  EXPECT_EQ(Decode("ffffffffffffffffffffff\r\n").status, Status::kBodyTooLarge);
}

TEST(ChunkDecoderTest, EndlessLinesAreRefused) {
  EXPECT_EQ(Decode(std::string(300, '0')).status, Status::kMalformed);
  EXPECT_EQ(Decode("1;" + std::string(300, 'x')).status, Status::kMalformed);
  EXPECT_EQ(Decode("0\r\nA: " + std::string(kMaxTrailers, 'x')).status, Status::kTrailersTooLarge);
}

TEST(ChunkDecoderTest, WhatIsNotExactlyTheGrammarIsMalformed) {
  for (const std::string text :
       {"\r\n",         "g\r\n",          "-1\r\n",          "0x1\r\n",    " 1\r\n",       "1 \r\n",
        "1\n",          "1\rx",           "1\r\nxy",         "1\r\nx\n",   "1\r\nx\rx",    "1;a\nb\r\n",
        "1;a\rb",       "0\r\n x: y\r\n", "0\r\nx y: z\r\n", "0\r\nx\r\n", "0\r\n: y\r\n", "0\r\nx: y\n",
        "0\r\nx: \x01", "0\r\n\n",        "0\r\n\rx",        ";\r\n"}) {
    EXPECT_EQ(Decode(text).status, Status::kMalformed) << testing::PrintToString(text);
    EXPECT_EQ(Decode(text, 1).status, Status::kMalformed) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace audit::http
