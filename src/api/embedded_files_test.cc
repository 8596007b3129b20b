#include "api/embedded_files.h"

#include <gtest/gtest.h>

namespace audit::api {
namespace {

TEST(EmbeddedFiles, AreWholeAfterInflating) {
  const EmbeddedFile* page = FindEmbeddedFile("index.html");
  ASSERT_NE(page, nullptr);
  EXPECT_TRUE(Inflate(*page).starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(Inflate(*page).ends_with("</html>\n"));
  const EmbeddedFile* script = FindEmbeddedFile("swagger-ui-bundle.js");
  ASSERT_NE(script, nullptr);
  EXPECT_GT(Inflate(*script).size(), 1'000'000U);
  EXPECT_NE(Inflate(*script).find("SwaggerUIBundle"), std::string::npos);
}

TEST(EmbeddedFiles, UnknownNamesAreNotFound) {
  EXPECT_EQ(FindEmbeddedFile(""), nullptr);
  EXPECT_EQ(FindEmbeddedFile("../index.html"), nullptr);
}

TEST(EmbeddedFiles, PageLoadsOnlyFilesThatAreEmbedded) {
  const std::string page = Inflate(*FindEmbeddedFile("index.html"));
  EXPECT_EQ(page.find("//"), std::string::npos) << "something is loaded from elsewhere";
  std::size_t loaded = 0;
  for (std::size_t at = page.find("\"docs/"); at != std::string::npos; at = page.find("\"docs/", at + 1)) {
    const std::size_t begin = at + 6;
    const std::string name = page.substr(begin, page.find('"', begin) - begin);
    EXPECT_NE(FindEmbeddedFile(name), nullptr) << name;
    ++loaded;
  }
  EXPECT_EQ(loaded, 4U);
}

TEST(AcceptEncoding, GzipIsTakenUnlessItIsRefused) {
  EXPECT_TRUE(AcceptsGzip("gzip"));
  EXPECT_TRUE(AcceptsGzip("deflate, gzip;q=0.5, br"));
  EXPECT_TRUE(AcceptsGzip("gzip; q=1.0"));
  EXPECT_FALSE(AcceptsGzip(""));
  EXPECT_FALSE(AcceptsGzip("br"));
  EXPECT_FALSE(AcceptsGzip("gzip;q=0"));
  EXPECT_FALSE(AcceptsGzip("br;q=1, gzip;q=0.000"));
}

}  // namespace
}  // namespace audit::api
