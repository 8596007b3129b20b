#include "request_template.h"

#include <cstring>
#include <ctime>
#include <stdexcept>

namespace audit::bench {
namespace {

constexpr std::size_t kHexDigits = 16;
constexpr std::string_view kSubject = R"("subject":"beneficiary/)";
constexpr std::size_t kSubjectDigits = 4;

void WriteHex(std::uint64_t value, char* at) {
  for (std::size_t i = kHexDigits; i-- > 0; value >>= 4) at[i] = "0123456789abcdef"[value & 0xF];
}

// A bijection whose outputs look random (the finalizer of SplitMix64).
std::uint64_t Mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

void WriteDecimal(std::uint64_t value, std::size_t digits, char* at) {
  for (std::size_t i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::string text(sizeof "2026-04-23T10:00:00.000Z" - 1, '\0');
  text.resize(std::strftime(text.data(), text.size() + 1, "%Y-%m-%dT%H:%M:%S.000Z", &utc));
  return text;
}

// An event as a registry would send it. `note` pads it to the size asked for.
std::string Event(const std::string& id, std::size_t bytes) {
  const std::string head = R"({"specversion":"1.0","id":")" + id + R"(","source":"/registry/beneficiaries",)" +
                           R"("type":"org.openg2p.registry.record.updated","time":")" + Now() +
                           R"(","datacontenttype":"application/json","subject":"beneficiary/4711",)"
                           R"("traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",)"
                           R"("data":{"actor":{"type":"user","id":"officer-17","name":"A. Officer",)"
                           R"("ip":"192.0.2.17","roles":["field_officer","approver"]},"action":"update",)"
                           R"("outcome":"success","resource":{"type":"beneficiary","id":"4711","currency":"INR"},)"
                           R"("changed":["address","bank_account"],"amount":1250.50,"note":")";
  const std::string tail = R"("}})";
  if (head.size() + tail.size() > bytes) {
    throw std::invalid_argument("an event has at least " + std::to_string(head.size() + tail.size()) + " bytes");
  }
  return head + std::string(bytes - head.size() - tail.size(), 'n') + tail;
}

}  // namespace

RequestTemplate::RequestTemplate(const TemplateOptions& options, std::uint64_t run) : run_digits_(kHexDigits, '0') {
  WriteHex(run, run_digits_.data());
  const std::string placeholder(kIdBytes, '#');
  const std::string event = Event(placeholder, options.event_bytes);
  std::string body = options.batch == 0 ? event : R"({"events":[)";
  for (std::size_t i = 0; i < options.batch; ++i) body.append(i == 0 ? "" : ",").append(event);
  if (options.batch != 0) body += "]}";
  request_ = "POST " + options.base_path + (options.batch == 0 ? "/events" : "/events/batch") +
             " HTTP/1.1\r\nHost: " + options.authority +
             "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  for (std::size_t at = 0; (at = request_.find(placeholder, at)) != std::string::npos; at += kIdBytes) {
    id_offsets_.push_back(at);
  }
  for (std::size_t at = 0; (at = request_.find(kSubject, at)) != std::string::npos;) {
    subject_offsets_.push_back(at += kSubject.size());
  }
}

void RequestTemplate::WriteId(std::uint64_t event, char* at) const {
  WriteHex(Mix(event), at);
  at[kHexDigits] = '-';
  std::memcpy(at + kHexDigits + 1, run_digits_.data(), kHexDigits);
}

std::string_view RequestTemplate::Fill(std::uint64_t request) {
  for (std::size_t i = 0; i < id_offsets_.size(); ++i) {
    const std::uint64_t event = request * id_offsets_.size() + i;
    WriteId(event, request_.data() + id_offsets_[i]);
    WriteDecimal(Mix(~event), kSubjectDigits, request_.data() + subject_offsets_[i]);
  }
  return request_;
}

void RequestTemplate::AppendIds(std::uint64_t request, std::string* out) const {
  for (std::size_t i = 0; i < id_offsets_.size(); ++i) {
    const std::size_t at = out->size();
    out->resize(at + kIdBytes + 1, '\n');
    WriteId(request * id_offsets_.size() + i, out->data() + at);
  }
}

}  // namespace audit::bench
