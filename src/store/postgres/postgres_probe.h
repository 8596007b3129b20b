// Whether the server takes writes, for /health.
#pragma once

#include <memory>

#include "store/audit_store.h"
#include "store/postgres/options.h"

namespace audit::store {

class PostgresProbe final : public StoreProbe {
 public:
  explicit PostgresProbe(PostgresOptions options);
  // Waits for a check under way: some seconds at most, longer only if the resolver takes longer for a name.
  ~PostgresProbe() override;

  // Asks on a connection and a thread of its own: callers at the same time share one question, and none waits
  // longer than a second, whatever the network or the resolver does. A server that is read-only is an
  // error too: nothing can be stored in it.
  Result<void> Check() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace audit::store
