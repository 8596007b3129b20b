// The store that the configuration names, opened.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "errors/result.h"
#include "store/audit_store.h"

namespace audit::instance {

struct StoreBackend {
  std::unique_ptr<store::AuditStore> store;
  store::StoreProbe* probe = nullptr;  // the store, too
  // What somebody should know about the store, one line each; asked now and then.
  std::function<std::vector<std::string>()> advice = [] { return std::vector<std::string>(); };
};

// SQLite is opened, PostgreSQL is not asked yet: a service starts without its database.
Result<StoreBackend> OpenStore(const config::Config& config);

}  // namespace audit::instance
