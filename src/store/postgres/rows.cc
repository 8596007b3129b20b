#include "store/postgres/rows.h"

#include <libpq-fe.h>

#include <charconv>
#include <limits>

#include "store/postgres/binary.h"

namespace audit::store::postgres {
namespace {

std::int64_t ParseInteger(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }

int Rows::size() const { return PQntuples(result_.get()); }

std::string_view Rows::Text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::optional<std::string_view> Rows::OptionalText(int row, int column) const {
  if (PQgetisnull(result_.get(), row, column) != 0) return std::nullopt;
  return Text(row, column);
}

bool Rows::Bool(int row, int column) const { return Text(row, column) == "t"; }

std::int64_t Rows::Integer(int row, int column) const { return ParseInteger(Text(row, column)); }

std::int64_t Rows::changed() const { return ParseInteger(PQcmdTuples(result_.get())); }

std::string_view Rows::command() const { return PQcmdStatus(result_.get()); }

std::int64_t UnixMicrosOfBinary(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(0, sizeof value)) value = value << 8 | static_cast<unsigned char>(byte);
  const auto micros = static_cast<std::int64_t>(value);
  // 'infinity' and '-infinity' are the ends of the range.
  if (micros == std::numeric_limits<std::int64_t>::max() || micros == std::numeric_limits<std::int64_t>::min()) {
    return micros;
  }
  return micros + kPostgresEpochMicros;
}

}  // namespace audit::store::postgres
