#include "instance/store_backend.h"

#include <utility>

#include "env/clock.h"
#include "instance/backend_options.h"
#include "instance/data_layout.h"
#include "store/postgres/postgres_audit_store.h"
#include "store/sqlite/sqlite_audit_store.h"

namespace audit::instance {
namespace {

StoreBackend OpenPostgres(const config::Config& config) {
  StoreBackend backend;
  auto store = std::make_unique<store::PostgresAuditStore>(PostgresOptionsOf(config), env::SystemClock());
  backend.advice = [&opened = *store] { return opened.Advice(); };
  backend.probe = store.get();
  backend.store = std::move(store);
  return backend;
}

Result<StoreBackend> OpenSqlite(const config::Config& config) {
  store::SqliteStoreOptions options;
  options.directory = StoreDirectory(config);
  options.retention_months = config.database.partition_retention_months;
  auto opened = store::SqliteAuditStore::Open(options, env::SystemClock());
  if (!opened) return std::move(opened).error();
  StoreBackend backend;
  backend.probe = opened->get();
  backend.store = std::move(*opened);
  return backend;
}

}  // namespace

Result<StoreBackend> OpenStore(const config::Config& config) {
  if (config.store_backend == config::StoreBackend::kPostgres) return OpenPostgres(config);
  return OpenSqlite(config);
}

}  // namespace audit::instance
