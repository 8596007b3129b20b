// The rows of one answer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

struct pg_result;

namespace audit::store::postgres {

class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* owned) : result_(owned) {}

  [[nodiscard]] int size() const;
  // Views live as long as the rows. The column's bytes, as text or in PostgreSQL's binary form,
  // whichever was asked for; empty for NULL.
  [[nodiscard]] std::string_view Text(int row, int column) const;
  [[nodiscard]] std::optional<std::string_view> OptionalText(int row, int column) const;
  [[nodiscard]] bool Bool(int row, int column) const;             // of a boolean in text form
  [[nodiscard]] std::int64_t Integer(int row, int column) const;  // of an integer in text form
  // Rows that an INSERT without RETURNING put in.
  [[nodiscard]] std::int64_t changed() const;
  // What was done: "COMMIT".
  [[nodiscard]] std::string_view command() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// The same type in binary form: eight bytes, microseconds since 2000-01-01.
[[nodiscard]] std::int64_t UnixMicrosOfBinary(std::string_view bytes);

}  // namespace audit::store::postgres
