#include "event/fields.h"

#include <gtest/gtest.h>

#include <string>

namespace audit::event {
namespace {

constexpr Scope kScopes[] = {Scope::kEvent, Scope::kData, Scope::kActor, Scope::kResource};

TEST(Fields, EveryFieldIsFoundByItsPathAndInItsScopeAlone) {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const auto field = static_cast<Field>(i);
    const std::string path(PathOf(field));
    int found = 0;
    for (const Scope scope : kScopes) {
      const std::string prefix(PrefixOf(scope));
      if (path.starts_with(prefix) && FindField(scope, path.substr(prefix.size())) == field) ++found;
    }
    EXPECT_EQ(found, 1) << path;
  }
}

TEST(Fields, OtherKeysAreNotNamed) {
  for (const Scope scope : kScopes) {
    for (const std::string_view key : {"", "ID", "iD", "id ", "types", "unknown", "datacontenttypes", "data_base64"}) {
      EXPECT_FALSE(FindField(scope, key)) << PrefixOf(scope) << key;
    }
  }
}

}  // namespace
}  // namespace audit::event
