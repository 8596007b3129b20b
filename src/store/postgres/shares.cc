#include "store/postgres/shares.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace audit::store::postgres {
namespace {

std::size_t RowHash(const event::Record& record) {
  return std::hash<std::string_view>()(record.id) ^ std::hash<std::int64_t>()(record.occurred_at.value) * 31;
}

}  // namespace

bool Division::MayGoBeside(const Division& other) const {
  if (undivided || other.undivided) return false;
  for (auto one = rows.begin(), two = other.rows.begin(); one != rows.end() && two != other.rows.end();) {
    if (one->hash == two->hash && one->share != two->share) return false;
    if (one->hash < two->hash) {
      ++one;
    } else {
      ++two;
    }
  }
  return true;
}

Division DivideByKey(std::span<const event::Record> records, Share places, int writers) {
  Division division;
  division.shares.resize(static_cast<std::size_t>(std::max(writers, 1)));
  if (writers <= 1) {
    division.shares.front() = std::move(places);
    return division;
  }
  division.rows.reserve(places.size());
  for (const std::uint32_t place : places) {
    const event::Record& record = records[place];
    const std::size_t share = std::hash<std::string_view>()(record.key()) % division.shares.size();
    division.rows.push_back({.hash = RowHash(record), .share = share});
    division.shares[share].push_back(place);
  }
  std::ranges::sort(division.rows, {}, &Division::Row::hash);
  const auto twice = std::ranges::adjacent_find(division.rows, [](const Division::Row& one, const Division::Row& two) {
    return one.hash == two.hash && one.share != two.share;
  });
  if (twice != division.rows.end()) {
    division.undivided = true;
    for (Share& share : division.shares) share.clear();
    division.shares.front() = std::move(places);
  }
  return division;
}

}  // namespace audit::store::postgres
