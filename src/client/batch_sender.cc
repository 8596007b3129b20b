#include "client/batch_sender.h"

#include <algorithm>
#include <map>
#include <utility>

namespace audit::client {
namespace {

constexpr std::string_view kPath = "/v1/auditmanager/events/batch";
constexpr std::string_view kTooManyEvents = "AUD-007";

using Group = std::vector<std::size_t>;

// True for answers that are about the events, and not about who asks or where.
bool IsAboutEvents(int status) { return status == 400 || status == 413 || status == 422; }

// Puts the halves of `group` onto the stack, the first on top: order is kept.
void Halve(const Group& group, std::vector<Group>* todo) {
  const auto middle = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
  todo->emplace_back(middle, group.end());
  todo->emplace_back(group.begin(), middle);
}

// The refusals by the event that they name, of those events that are in the group.
std::map<std::size_t, std::vector<Refusal>> ByEvent(const std::vector<Refusal>& refusals, const Group& group) {
  std::map<std::size_t, std::vector<Refusal>> culprits;
  for (const Refusal& refusal : refusals) {
    if (refusal.event && *refusal.event < group.size()) culprits[group[*refusal.event]].push_back(refusal);
  }
  return culprits;
}

}  // namespace

BatchResult BatchSender::Send(std::span<const std::string_view> events) {
  BatchResult result;
  std::vector<Group> todo(1);
  for (std::size_t i = 0; i < events.size(); ++i) todo.front().push_back(i);

  while (!todo.empty()) {
    Group group = std::move(todo.back());
    todo.pop_back();
    if (group.empty()) continue;
    if (group.size() > largest_batch_) {
      Halve(group, &todo);
      continue;
    }
    body_ = R"({"events":[)";
    for (const std::size_t index : group) {
      if (body_.back() != '[') body_ += ',';
      body_ += events[index];
    }
    body_ += "]}";
    Result<Answer> answer = sender_.Post(kPath, "application/json", body_);

    if (answer.ok() && answer->status == 202) {
      result.accepted += group.size();
      continue;
    }
    if (!answer.ok() || !IsAboutEvents(answer->status)) {
      result.error = answer.ok() ? Error(ErrorCode::kInvalidArgument,
                                         std::string(kPath) + " answered " + std::to_string(answer->status) + ' ' +
                                             Describe(ParseRefusals(answer->status, answer->body).front()))
                                 : std::move(answer).error();
      todo.push_back(std::move(group));
      for (const Group& rest : todo) result.unsent.insert(result.unsent.end(), rest.begin(), rest.end());
      break;
    }

    std::vector<Refusal> refusals = ParseRefusals(answer->status, answer->body);
    auto culprits = ByEvent(refusals, group);
    if (!culprits.empty()) {
      std::erase_if(group, [&culprits](std::size_t index) { return culprits.contains(index); });
      for (auto& [index, why] : culprits) result.refused.push_back({index, std::move(why)});
      todo.push_back(std::move(group));
    } else if (group.size() == 1) {
      result.refused.push_back({group.front(), std::move(refusals)});
    } else {
      // It does not say which: the halves will, at the latest when each is one event.
      if (refusals.front().code == kTooManyEvents) largest_batch_ = std::min(largest_batch_, (group.size() + 1) / 2);
      Halve(group, &todo);
    }
  }
  std::ranges::sort(result.refused, {}, &RefusedEvent::index);
  std::ranges::sort(result.unsent);
  return result;
}

}  // namespace audit::client
