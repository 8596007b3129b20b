// One POST request made once, of which only ids and subjects change from one sending to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace audit::bench {

struct TemplateOptions {
  std::string authority = "127.0.0.1:8000";
  std::string base_path = "/v1/auditmanager";
  std::size_t event_bytes = 700;  // of each event's JSON
  std::size_t batch = 0;          // events a request, sent to /events/batch; 0: one, sent to /events
};

class RequestTemplate {
 public:
  static constexpr std::size_t kIdBytes = 33;

  // `run` makes the ids of this process different from every other's. Throws std::invalid_argument
  // where event_bytes is too small for an audit event.
  RequestTemplate(const TemplateOptions& options, std::uint64_t run);

  // Puts in the ids and subjects of request number `request`; valid until the next call. Both are spread like
  // random ones, the subjects over 10,000, so that a store's index and a topic's partitions meet what they will
  // meet in service.
  std::string_view Fill(std::uint64_t request);

  // Appends the ids that Fill gives this request, one a line.
  void AppendIds(std::uint64_t request, std::string* out) const;

  [[nodiscard]] std::size_t events() const { return id_offsets_.size(); }

 private:
  void WriteId(std::uint64_t event, char* at) const;

  std::string request_;
  std::vector<std::size_t> id_offsets_;
  std::vector<std::size_t> subject_offsets_;  // of the digits
  std::string run_digits_;
};

}  // namespace audit::bench
