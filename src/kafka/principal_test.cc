#include "kafka/principal.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace audit::kafka {
namespace {

ConnectionOptions With(std::map<std::string, std::string> properties) {
  ConnectionOptions connection;
  connection.properties = std::move(properties);
  return connection;
}

TEST(PrincipalTest, WhoLogsInIsKnownByTheName) {
  const std::map<std::string, std::string> plain{
      {"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "PLAIN"}, {"sasl.username", "audit"}};
  EXPECT_EQ(PrincipalOf(With(plain)), "User:audit");
  auto scram = plain;
  scram["sasl.mechanism"] = "SCRAM-SHA-512";
  scram["ssl.certificate.location"] = "client.pem";  // beside a name it does not count
  EXPECT_EQ(PrincipalOf(With(scram)), "User:audit");
  auto kerberos = plain;
  kerberos["sasl.mechanisms"] = "GSSAPI";
  EXPECT_EQ(PrincipalOf(With(kerberos)), "User:NAME");
}

TEST(PrincipalTest, ACertificateIsKnownByItsSubject) {
  const std::string folder = testing::TempDir();
  const std::string make =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -utf8 -subj '/C=IN/O=Réseau/CN=audit' -keyout '" + folder +
      "/key.pem' -out '" + folder + "/certificate.pem' 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  const std::map<std::string, std::string> ssl{{"security.protocol", "ssl"},
                                               {"ssl.certificate.location", folder + "/certificate.pem"}};
  EXPECT_EQ(PrincipalOf(With(ssl)), "User:CN=audit,O=Réseau,C=IN");
  std::filesystem::remove(folder + "/certificate.pem");
  EXPECT_EQ(PrincipalOf(With(ssl)), "User:NAME");
  EXPECT_EQ(PrincipalOf(With({{"security.protocol", "ssl"}, {"ssl.keystore.location", "client.p12"}})), "User:NAME");
}

TEST(PrincipalTest, WithoutEitherItIsAnonymous) {
  EXPECT_EQ(PrincipalOf({}), "User:ANONYMOUS");
  EXPECT_EQ(PrincipalOf(With({{"security.protocol", "ssl"}})), "User:ANONYMOUS");
}

}  // namespace
}  // namespace audit::kafka
