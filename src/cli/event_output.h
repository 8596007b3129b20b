// Stored events, written out one after another for people and programs.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "cli/table.h"
#include "store/sqlite/query.h"

namespace audit::cli {

class EventOutput {
 public:
  virtual ~EventOutput() = default;
  virtual void Write(const store::StoredEvent& event) = 0;
  virtual void Finish() = 0;  // once, at the end
};

// The columns that a person looks for first, as many as fit.
[[nodiscard]] std::unique_ptr<EventOutput> NewEventTable(std::size_t width, bool bold_titles, Table::Write write);
// One object a line, its members the 15 columns of the record; `details` is the object itself.
[[nodiscard]] std::unique_ptr<EventOutput> NewEventNdjson(Table::Write write);
// RFC 4180: a header line with the 15 columns, an absent value is an empty field.
[[nodiscard]] std::unique_ptr<EventOutput> NewEventCsv(Table::Write write);

}  // namespace audit::cli
