// What is wrong with one input, collected: up to kMaxViolations entries of the gravest kind.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/parser.h"

namespace audit::event {

class Violations {
 public:
  void Clear();

  // Paths of what is added from now on begin with "events[index]."; nullopt: with nothing.
  void SetEvent(std::optional<std::size_t> index) { event_ = index; }

  // A graver refusal (they are declared from mild to grave: see Gravity) replaces what was collected;
  // a milder one than the present is passed over. `path` is that of a field within the event, or empty
  // for the whole of it.
  void Add(Refusal refusal, std::string_view path, std::string message);

  [[nodiscard]] bool empty() const { return list_.empty(); }
  [[nodiscard]] Refusal refusal() const { return refusal_; }
  [[nodiscard]] std::span<const Violation> list() const { return list_; }

 private:
  [[nodiscard]] std::string FullPath(std::string_view path) const;

  std::vector<Violation> list_;
  Refusal refusal_ = Refusal::kInvalid;
  std::optional<std::size_t> event_;
};

}  // namespace audit::event
