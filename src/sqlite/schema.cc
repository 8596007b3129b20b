#include "sqlite/schema.h"

#include <string>
#include <utility>

namespace audit::sqlite {

Result<std::int64_t> SchemaVersion(Database& database, const Schema& schema) {
  auto version = database.QueryInteger("PRAGMA user_version");
  if (version && *version > schema.version) {
    return Error(ErrorCode::kInvalidArgument, database.path() + " was made by a newer version of this program");
  }
  return version;
}

Result<void> EnsureSchema(Database& database, const Schema& schema) {
  auto version = SchemaVersion(database, schema);
  if (!version) return std::move(version).error();
  if (*version == schema.version) return {};
  auto transaction = Transaction::Begin(database);
  if (!transaction) return std::move(transaction).error();
  const std::string sql = schema.sql + (";PRAGMA application_id=" + std::to_string(schema.application_id)) +
                          ";PRAGMA user_version=" + std::to_string(schema.version);
  if (auto made = database.Execute(sql.c_str()); !made) return made;
  return transaction->Commit();
}

}  // namespace audit::sqlite
