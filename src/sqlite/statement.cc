#include "sqlite/statement.h"

#include <sqlite3.h>

#include <utility>

#include "sqlite/error.h"

namespace audit::sqlite {
namespace {

// SQLite takes a null pointer for NULL, which an empty string is not.
const char* NotNull(std::string_view bytes) { return bytes.data() != nullptr ? bytes.data() : ""; }

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), bind_code_(other.bind_code_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(bind_code_, other.bind_code_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::Bound(int code) {
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void Statement::BindText(int parameter, const std::optional<std::string_view>& text) {
  Bound(text ? sqlite3_bind_text64(handle_, parameter, NotNull(*text), text->size(), SQLITE_STATIC, SQLITE_UTF8)
             : sqlite3_bind_null(handle_, parameter));
}

void Statement::BindBlob(int parameter, std::string_view bytes) {
  Bound(sqlite3_bind_blob64(handle_, parameter, NotNull(bytes), bytes.size(), SQLITE_STATIC));
}

void Statement::BindInteger(int parameter, std::int64_t value) { Bound(sqlite3_bind_int64(handle_, parameter, value)); }

Result<bool> Statement::Step() {
  const int code = bind_code_ == SQLITE_OK ? sqlite3_step(handle_) : bind_code_;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* database = sqlite3_db_handle(handle_);
  const char* path = sqlite3_db_filename(database, nullptr);
  return MakeError(database, code, path != nullptr ? path : "");
}

void Statement::Reset() {
  sqlite3_reset(handle_);
  bind_code_ = SQLITE_OK;
}

std::string_view Statement::Text(int column) const { return OptionalText(column).value_or(std::string_view()); }

std::optional<std::string_view> Statement::OptionalText(int column) const {
  // First the pointer, then the size: the first call may convert the value.
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (text == nullptr) return std::nullopt;
  return std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
}

std::string_view Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::int64_t Statement::Integer(int column) const { return sqlite3_column_int64(handle_, column); }

}  // namespace audit::sqlite
