#include "store/postgres/shares.h"

#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace audit::store::postgres {
namespace {

std::size_t KeyHash(const event::Record& record) {
  return std::hash<std::string_view>()(record.subject.value_or(record.actor_id));
}

}  // namespace

std::vector<Share> DivideByKey(std::span<const event::Record> records, Share places, int writers) {
  if (places.empty()) return {};
  std::vector<Share> shares(1);
  if (writers <= 1) {
    shares.front() = std::move(places);
    return shares;
  }
  shares.resize(static_cast<std::size_t>(writers));
  // Hashes of ids stand for the ids: that two different ones meet only costs the parallel way once.
  std::unordered_map<std::size_t, std::size_t> share_of;
  share_of.reserve(places.size());
  for (const std::uint32_t place : places) {
    const event::Record& record = records[place];
    const std::size_t share = KeyHash(record) % shares.size();
    const std::size_t row =
        std::hash<std::string_view>()(record.id) ^ std::hash<std::int64_t>()(record.occurred_at.value) * 31;
    if (share_of.try_emplace(row, share).first->second != share) {
      shares.resize(1);
      shares.front() = std::move(places);
      return shares;
    }
    shares[share].push_back(place);
  }
  std::erase_if(shares, [](const Share& share) { return share.empty(); });
  return shares;
}

}  // namespace audit::store::postgres
