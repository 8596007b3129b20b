#include "kafka/client_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace audit::kafka {
namespace {

using testing::HasSubstr;

TEST(ClientLogTest, TheSameTroubleIsTheSameText) {
  const ClientLine first =
      LineOf(3, "FAIL",
             "[thrd:ssl://b:9093/1]: ssl://b:9093/1: Connect to ipv4#10.0.0.1:9093 failed: Connection "
             "refused (after 0ms in state CONNECT)");
  const ClientLine again =
      LineOf(3, "FAIL",
             "[thrd:ssl://b:9093/1]: ssl://b:9093/1: Connect to ipv4#10.0.0.1:9093 failed: Connection "
             "refused (after 12ms in state CONNECT, 30 identical error(s) suppressed)");
  EXPECT_EQ(first.text, "ssl://b:9093/1: Connect to ipv4#10.0.0.1:9093 failed: Connection refused");
  EXPECT_EQ(first.text, again.text);
  EXPECT_EQ(first.level, 3);
}

TEST(ClientLogTest, ALineThatIsNotRecognisedStaysAsItIs) {
  const ClientLine line = LineOf(6, "NEWS", "something (new)");
  EXPECT_EQ(line.text, "something (new)");
  EXPECT_EQ(line.level, 6);
  EXPECT_EQ(line.remedy, "");
}

TEST(ClientLogTest, ARemedyNamesTheSetting) {
  EXPECT_THAT(RemedyFor("SASL authentication error: Authentication failed: Invalid username or password"),
              HasSubstr("kafka.security.password"));
  EXPECT_THAT(RemedyFor("Certificate (subject=/CN=b, issuer=/CN=a) verification callback failed: unable to get local "
                        "issuer certificate"),
              HasSubstr("kafka.security.ca_file"));
  EXPECT_THAT(RemedyFor("Certificate (subject=/CN=b, issuer=/CN=a) verification callback failed: hostname mismatch"),
              HasSubstr("kafka.bootstrap_servers"));
  EXPECT_THAT(RemedyFor("SSL routines::tlsv13 alert certificate required: SSL alert number 116"),
              HasSubstr("kafka.security.certificate_file"));
}

TEST(ClientLogTest, WhatHasARemedyIsAWarningAtLeast) {
  const ClientLine line =
      LineOf(6, "FAIL",
             "[thrd:b:1/bootstrap]: b:1/bootstrap: Disconnected while requesting ApiVersion: might be "
             "caused by incorrect security.protocol configuration");
  EXPECT_EQ(line.level, 4);
  EXPECT_THAT(line.remedy, HasSubstr("kafka.security.protocol"));
}

TEST(ClientLogTest, WhatAClientSaysAtItsEndIsOfNoInterest) {
  EXPECT_EQ(LineOf(4, "TERMINATE", "[thrd:app]: Producer terminating with 1 message (193 bytes) still in queue").level,
            7);
  EXPECT_EQ(LineOf(3, "FAIL", "[thrd:b]: b: SaslAuthenticateRequest failed: Local: Broker handle destroyed").level, 7);
}

}  // namespace
}  // namespace audit::kafka
