#include "kafka/client_log.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>

namespace audit::kafka {
namespace {

constexpr int kWarning = 4;
constexpr int kDebug = 7;

// The first librdkafka that Kafka 4 lets in by SCRAM: those before repeat the client's nonce in their last
// message, which Kafka forgave until 3.9.
constexpr int kScramMended = 0x020601ff;

struct Known {
  std::string_view part;  // of the text
  std::string_view remedy;
};

// The first that fits counts.
constexpr auto kKnown = std::to_array<Known>({
    {"hostname mismatch",
     "the broker's certificate is for another name: kafka.bootstrap_servers, and advertised.listeners of the brokers, "
     "must use a name that stands in it"},
    {"IP address mismatch",
     "the broker's certificate is not for this address: kafka.bootstrap_servers, and advertised.listeners of the "
     "brokers, must use a name that stands in it"},
    {"certificate has expired", "the broker needs a new certificate, or this machine the right time"},
    {"certificate is not yet valid", "wait, or give this machine the right time"},
    {"verification callback failed",
     "kafka.security.ca_file must hold the certificate of the authority that signed the broker's"},
    {"certificate verify failed",
     "kafka.security.ca_file must hold the certificate of the authority that signed the broker's, and "
     "kafka.bootstrap_servers a name that stands in it"},
    {"alert certificate required",
     "the brokers ask for a certificate: set kafka.security.certificate_file and kafka.security.key_file"},
    {"alert bad certificate",
     "the brokers ask for a certificate that they trust: set kafka.security.certificate_file and "
     "kafka.security.key_file"},
    {"alert unknown ca",
     "the brokers do not know the authority that signed kafka.security.certificate_file: have theirs sign it"},
    {"Unsupported SASL mechanism", "set kafka.security.sasl_mechanism to one that the brokers support"},
    {"Authentication failed",
     "check kafka.security.username, kafka.security.password and kafka.security.sasl_mechanism"},
    {"sasl.username", "set kafka.security.username and kafka.security.password"},
    {"security.protocol", "check kafka.security.protocol: this port of the brokers seems to speak another one"},
    {"unexpected eof while reading",
     "check kafka.security.protocol: this port of the brokers seems to speak another one"},
    {"wrong version number", "check kafka.security.protocol: this port of the brokers seems to speak another one"},
    {"ssl.ca.location", "kafka.security.ca_file must name a PEM file with certificates that this user may read"},
    {"ssl.certificate.location",
     "kafka.security.certificate_file must name a PEM file with a certificate that this user may read"},
    {"ssl.key.location",
     "kafka.security.key_file must name a PEM file with a private key that this user may read, and "
     "kafka.security.key_password open it"},
    {"Failed to resolve", "check the names in kafka.bootstrap_servers, and advertised.listeners of the brokers"},
    {"Connection refused", "check kafka.bootstrap_servers, or start the broker"},
});

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool OfNoInterest(std::string_view facility, std::string_view text) {
  // Of settings that are meant as they are: enable.gapless.guarantee is called experimental.
  if (facility == "CONFWARN") return true;
  // What a producer that ends still has is in the spool, or put again.
  if (facility == "TERMINATE") return true;
  return Has(text, "Broker handle destroyed");
}

}  // namespace

// "[thrd:...]: " in front, and "(after 3ms in state UP, 2 identical error(s) suppressed)" behind.
std::string_view Essence(std::string_view text) {
  if (text.starts_with("[thrd:")) {
    const std::size_t end = text.find("]: ");
    if (end != std::string_view::npos) text.remove_prefix(end + 3);
  }
  const std::size_t state = text.rfind(" (after ");
  return state == std::string_view::npos || !text.ends_with(')') ? text : text.substr(0, state);
}

ClientLine LineOf(int level, std::string_view facility, std::string_view text) {
  ClientLine line{.level = level, .text = Essence(text), .remedy = {}};
  if (OfNoInterest(facility, text)) {
    line.level = kDebug;
    return line;
  }
  line.remedy = RemedyFor(line.text);
  if (!line.remedy.empty()) line.level = std::min(level, kWarning);
  return line;
}

std::string_view RemedyFor(std::string_view text) {
  if (Has(text, "SASL mechanism SCRAM") && Has(text, "Authentication failed") && rd_kafka_version() < kScramMended) {
    return "check kafka.security.username and kafka.security.password; if they are right and the brokers are Kafka 4 "
           "or later, they do not let this version of librdkafka in by SCRAM: log in with PLAIN over sasl_ssl, or with "
           "a client certificate (docs/kafka.md)";
  }
  for (const Known& known : kKnown) {
    if (Has(text, known.part)) return known.remedy;
  }
  return {};
}

}  // namespace audit::kafka
