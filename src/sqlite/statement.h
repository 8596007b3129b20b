// One prepared statement. Parameters count from 1, columns from 0, as in SQLite.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "errors/result.h"

struct sqlite3_stmt;

namespace audit::sqlite {

// Movable. One thread at a time; must not outlive its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // The bytes are not copied: they must live until Reset. A value that cannot be bound (longer than
  // SQLite's limit) fails the next Step with kInvalidArgument.
  void BindText(int parameter, const std::optional<std::string_view>& text);  // nullopt: NULL
  void BindBlob(int parameter, std::string_view bytes);
  void BindInteger(int parameter, std::int64_t value);

  // True: a row is there. False: done. After an error or the last row call Reset.
  Result<bool> Step();
  // Ready for the next round; bindings stay until they are bound anew.
  void Reset();

  // Of the current row. Views live until the next Step or Reset.
  [[nodiscard]] std::string_view Text(int column) const;
  [[nodiscard]] std::optional<std::string_view> OptionalText(int column) const;
  [[nodiscard]] std::string_view Blob(int column) const;
  [[nodiscard]] std::int64_t Integer(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  void Bound(int code);
  sqlite3_stmt* handle_ = nullptr;
  int bind_code_ = 0;  // the first failed bind since the last Reset
};

}  // namespace audit::sqlite
