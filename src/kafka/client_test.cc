#include "kafka/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace audit::kafka {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ConnectionOptions With(std::string name, std::string value) {
  return {.bootstrap_servers = "127.0.0.1:9092", .properties = {{std::move(name), std::move(value)}}, .log = {}};
}

std::string Refusal(const ConnectionOptions& connection) {
  auto conf = MakeConf(connection, {});
  if (conf.ok()) return "taken";
  EXPECT_EQ(conf.error().code(), ErrorCode::kInvalidArgument);
  return conf.error().message();
}

TEST(ClientTest, APropertyOfTheOperatorWinsOverOurs) {
  const Setting ours[] = {{"session.timeout.ms", "15000"}};
  auto conf = MakeConf(With("session.timeout.ms", "20000"), ours);
  ASSERT_TRUE(conf.ok());
  char value[16];
  std::size_t size = sizeof value;
  ASSERT_EQ(rd_kafka_conf_get(conf->get(), "session.timeout.ms", value, &size), RD_KAFKA_CONF_OK);
  EXPECT_STREQ(value, "20000");
}

TEST(ClientTest, APropertyThatWouldBreakAPromiseIsRefusedByName) {
  for (const char* name : {"acks", "request.required.acks", "enable.idempotence", "enable.auto.commit",
                           "enable.auto.offset.store", "partitioner", "message.timeout.ms", "queuing.strategy"}) {
    EXPECT_THAT(Refusal(With(name, "1")), AllOf(HasSubstr(name), HasSubstr("cannot be set"))) << name;
  }
}

TEST(ClientTest, APropertyWithASettingOfItsOwnSaysWhere) {
  EXPECT_THAT(Refusal(With("group.id", "g")), HasSubstr("kafka.consumer_group"));
  EXPECT_THAT(Refusal(With("linger.ms", "1")), HasSubstr("kafka.producer.linger_ms"));
}

TEST(ClientTest, AWrongPropertyOrValueComesWithTheLibrarysText) {
  EXPECT_THAT(Refusal(With("no.such.thing", "1")), AllOf(HasSubstr("no.such.thing"), HasSubstr("No such")));
  EXPECT_THAT(Refusal(With("fetch.min.bytes", "many")), AllOf(HasSubstr("fetch.min.bytes"), HasSubstr("many")));
}

TEST(ClientTest, AValueThatCouldBeASecretIsNotShown) {
  EXPECT_THAT(Refusal(With("enable.ssl.certificate.verification.password", "hunter2")), Not(HasSubstr("hunter2")));
  EXPECT_THAT(Refusal(With("sasl.oauthbearer.method", "hunter2")), Not(HasSubstr("hunter2")));
}

TEST(ClientTest, AClientThatCannotStartSaysWhy) {
  ClientCallbacks callbacks;
  ConnectionOptions tls = With("ssl.ca.location", "/nowhere/ca.pem");
  tls.properties["security.protocol"] = "ssl";
  auto refused = MakeClient(RD_KAFKA_PRODUCER, tls, {}, callbacks);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("ssl.ca.location"));
}

}  // namespace
}  // namespace audit::kafka
