#include "store/audit_store_contract.h"
#include "store/sqlite/store_test_support.h"

namespace audit::store {

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, AuditStoreContract, StoreTest);

}  // namespace audit::store
