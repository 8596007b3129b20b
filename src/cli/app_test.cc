#include "cli/app.h"

#include <gtest/gtest.h>

#include <string>

namespace audit::cli {
namespace {

// What an option writes into must live as long as the command: the sanitizers see where it does not.
TEST(App, SchemaPrintWritesTheTableAndTheRoles) {
  const char* const arguments[] = {"audit-manager", "schema", "--print", "--writer", "the_writer"};
  testing::internal::CaptureStdout();
  EXPECT_EQ(cli::Run(5, arguments), 0);
  const std::string sql = testing::internal::GetCapturedStdout();
  EXPECT_NE(sql.find("CREATE TABLE"), std::string::npos);
  EXPECT_NE(sql.find("the_writer"), std::string::npos);
}

}  // namespace
}  // namespace audit::cli
