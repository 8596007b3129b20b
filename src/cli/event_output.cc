#include "cli/event_output.h"

#include <array>
#include <string>
#include <utility>

#include "event/json_text.h"
#include "time/rfc3339.h"

namespace audit::cli {
namespace {

struct Field {
  std::string_view name;
  std::optional<std::string_view> value;
};

// The columns of the table audit_events, in its order (contract, section 3).
class Columns {
 public:
  explicit Columns(const store::StoredEvent& event)
      : occurred_at_(time::FormatMicros(event.record.occurred_at)),
        ingested_at_(time::FormatMicros(event.ingested_at)),
        record_(event.record) {}

  // Views into this and the event.
  [[nodiscard]] std::array<Field, 15> All() const {
    return {{{"id", record_.id},
             {"occurred_at", occurred_at_},
             {"ingested_at", ingested_at_},
             {"source", record_.source},
             {"type", record_.type},
             {"subject", record_.subject},
             {"actor_type", record_.actor_type},
             {"actor_id", record_.actor_id},
             {"resource_type", record_.resource_type},
             {"resource_id", record_.resource_id},
             {"action", record_.action},
             {"outcome", record_.outcome},
             {"reason", record_.reason},
             {"trace_id", record_.trace_id},
             {"details", record_.details}}};
  }

 private:
  std::string occurred_at_;
  std::string ingested_at_;
  const event::Record& record_;
};

class EventTable final : public EventOutput {
 public:
  EventTable(std::size_t width, bool bold_titles, Table::Write write)
      : table_({{"TIME", false}, {"OUTCOME", false}, {"ACTOR"}, {"ACTION"}, {"RESOURCE"}, {"TYPE"}, {"ID"}, {"SOURCE"}},
               width, bold_titles, std::move(write)) {}

  void Write(const store::StoredEvent& event) override {
    const event::Record& record = event.record;
    std::string time = time::FormatMicros(record.occurred_at).substr(0, 19) + 'Z';
    std::string resource(record.resource_type.value_or(""));
    if (record.resource_id) resource.append("/").append(*record.resource_id);
    table_.Add({std::move(time), std::string(record.outcome), std::string(record.actor_id), std::string(record.action),
                std::move(resource), std::string(record.type), std::string(record.id), std::string(record.source)});
  }
  void Finish() override { table_.Finish(); }

 private:
  Table table_;
};

class EventNdjson final : public EventOutput {
 public:
  explicit EventNdjson(Table::Write write) : write_(std::move(write)) {}

  void Write(const store::StoredEvent& event) override {
    const Columns columns(event);
    line_ = '{';
    for (const Field& field : columns.All()) {
      if (line_.size() > 1) line_ += ',';
      event::AppendQuoted(field.name, &line_);
      line_ += ':';
      if (!field.value) {
        line_ += "null";
      } else if (field.name == "details") {
        line_ += *field.value;
      } else {
        event::AppendQuoted(*field.value, &line_);
      }
    }
    line_ += "}\n";
    write_(line_);
  }
  void Finish() override {}

 private:
  const Table::Write write_;
  std::string line_;
};

class EventCsv final : public EventOutput {
 public:
  explicit EventCsv(Table::Write write) : write_(std::move(write)) {}

  void Write(const store::StoredEvent& event) override {
    const Columns columns(event);
    if (!std::exchange(titled_, true)) {
      WriteLine(columns, [](const Field& field) { return field.name; });
    }
    WriteLine(columns, [](const Field& field) { return field.value.value_or(""); });
  }
  void Finish() override {}

 private:
  template <class Text>
  void WriteLine(const Columns& columns, Text text) {
    line_.clear();
    for (const Field& field : columns.All()) {
      AppendField(text(field));
      line_ += ',';
    }
    line_.back() = '\r';
    line_ += '\n';
    write_(line_);
  }

  void AppendField(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
      line_ += text;
      return;
    }
    line_ += '"';
    for (const char c : text) {
      if (c == '"') line_ += '"';
      line_ += c;
    }
    line_ += '"';
  }

  const Table::Write write_;
  std::string line_;
  bool titled_ = false;
};

}  // namespace

std::unique_ptr<EventOutput> NewEventTable(std::size_t width, bool bold_titles, Table::Write write) {
  return std::make_unique<EventTable>(width, bold_titles, std::move(write));
}

std::unique_ptr<EventOutput> NewEventNdjson(Table::Write write) {
  return std::make_unique<EventNdjson>(std::move(write));
}

std::unique_ptr<EventOutput> NewEventCsv(Table::Write write) { return std::make_unique<EventCsv>(std::move(write)); }

}  // namespace audit::cli
