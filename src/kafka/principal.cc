#include "kafka/principal.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <span>
#include <string_view>

namespace audit::kafka {
namespace {

constexpr const char* kUnknown = "User:NAME";

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

std::string ValueOf(const ConnectionOptions& connection, const std::string& property) {
  const auto found = connection.properties.find(property);
  return found == connection.properties.end() ? "" : found->second;
}

// In lower case, as librdkafka takes these values in either.
std::string WordOf(const ConnectionOptions& connection, const std::string& property) {
  std::string value = ValueOf(connection, property);
  std::ranges::transform(value, value.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return value;
}

// The subject as Java writes it, "CN=audit,O=Site"; empty: it cannot be read.
std::string SubjectIn(const std::string& file) {
  const Bio in(BIO_new_file(file.c_str(), "r"));
  if (in == nullptr) return "";
  const Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return "";
  const Bio out(BIO_new(BIO_s_mem()));
  constexpr unsigned long kAsUtf8 = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate.get()), 0, kAsUtf8);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size <= 0 ? "" : std::string(text, static_cast<std::size_t>(size));
}

}  // namespace

std::string PrincipalOf(const ConnectionOptions& connection) {
  const std::string protocol = WordOf(connection, "security.protocol");
  if (protocol.starts_with("sasl")) {
    std::string mechanism = WordOf(connection, "sasl.mechanisms");
    if (mechanism.empty()) mechanism = WordOf(connection, "sasl.mechanism");
    const bool by_name = mechanism == "plain" || mechanism.starts_with("scram");
    return by_name ? "User:" + ValueOf(connection, "sasl.username") : kUnknown;
  }
  if (protocol != "ssl") return "User:ANONYMOUS";
  const std::string file = ValueOf(connection, "ssl.certificate.location");
  // In a keystore or in the property itself.
  if (file.empty() &&
      (!ValueOf(connection, "ssl.keystore.location").empty() || !ValueOf(connection, "ssl.certificate.pem").empty())) {
    return kUnknown;
  }
  if (file.empty()) return "User:ANONYMOUS";
  const std::string subject = SubjectIn(file);
  return subject.empty() ? kUnknown : "User:" + subject;
}

}  // namespace audit::kafka
