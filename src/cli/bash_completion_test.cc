#include "cli/completion_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fstream>

#include "cli/app.h"

namespace audit::cli {
namespace {

using testing::HasSubstr;

// Tests run side by side, so each process has files of its own.
std::string TemporaryFile(const std::string& name) {
  return testing::TempDir() + std::to_string(::getpid()) + '_' + name;
}

// What bash offers for the last of `words`, as a person would see it.
std::string Offers(const std::string& words) {
  int exit_code = 0;
  const std::string script = TemporaryFile("completion.bash");
  std::ofstream(script) << BashCompletion(*BuildApp(&exit_code));
  const std::string command =
      "bash -c 'compopt() { :; }; source " + script + " && COMP_WORDS=(" + words +
      ") && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _audit_manager && echo \"${COMPREPLY[*]}\"'";
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4'096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
  EXPECT_EQ(pclose(pipe), 0) << command;
  std::remove(script.c_str());
  return text;
}

TEST(BashCompletion, OffersSubcommandsAtEveryLevel) {
  EXPECT_THAT(Offers("audit-manager \"\""), HasSubstr("emit events dlq"));
  EXPECT_EQ(Offers("audit-manager em"), "emit\n");
  EXPECT_EQ(Offers("audit-manager dlq re"), "replay\n");
}

TEST(BashCompletion, OffersOptionsOfTheSubcommandAndOfTheWhole) {
  EXPECT_EQ(Offers("audit-manager emit --batch"), "--batch-size\n");
  EXPECT_EQ(Offers("audit-manager emit --log"), "--log-format\n");
  EXPECT_EQ(Offers("audit-manager version --batch"), "\n");
}

TEST(BashCompletion, OffersTheValuesOfAnOption) {
  EXPECT_EQ(Offers("audit-manager events --format \"\""), "table ndjson csv\n");
  EXPECT_EQ(Offers("audit-manager events --actor \"\""), "\n");  // anybody
  EXPECT_EQ(Offers("audit-manager completion \"\""), "bash zsh fish\n");
}

TEST(BashCompletion, OffersFilesWhereAFileIsMeant) {
  const std::string path = TemporaryFile("events_to_complete.ndjson");
  std::ofstream(path) << "{}";
  EXPECT_EQ(Offers("audit-manager emit " + path.substr(0, path.size() - 4)), path + "\n");
  EXPECT_EQ(Offers("audit-manager emit --ca-file " + path.substr(0, path.size() - 4)), path + "\n");
  std::remove(path.c_str());
}

TEST(BashCompletion, FlagsTakeNoValueSoThatWordsGoOnBehindThem) {
  EXPECT_THAT(Offers("audit-manager emit --check --batch"), HasSubstr("--batch-size"));
}

}  // namespace
}  // namespace audit::cli
