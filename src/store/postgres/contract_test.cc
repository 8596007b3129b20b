#include "store/audit_store_contract.h"
#include "store/postgres/server_fixture.h"

namespace audit::store {

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, AuditStoreContract, PostgresTest);

}  // namespace audit::store
