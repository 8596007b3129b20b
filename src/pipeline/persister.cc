#include "pipeline/persister.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "event/parser.h"
#include "pipeline/backoff.h"
#include "pipeline/message_mode.h"
#include "pipeline/record_batch.h"

namespace audit::pipeline {

static_assert(kValuePadding >= event::kPadding, "values are parsed where they lie");

namespace {

// What a batch still needs. A failure tries again from where it stood, so that rows the store has
// are not asked for twice and are counted as what they were.
enum class Stage : std::uint8_t { kFetch, kStore, kDeadLetter, kCommit };

// How often a source is asked whether a batch that waits is still its own.
constexpr std::chrono::milliseconds kHoldInterval{1'000};

struct Refused {
  std::size_t event = 0;  // index into the fetched ones
  std::string reason;
  std::string_view id;
  std::string_view source;
  std::string_view trace_id;
  std::string_view key;
};

// What the events of a batch say, from its first one on.
struct ReadEvents {
  // Tells an event from every other, also from the one at its place in a topic made anew.
  struct Place {
    std::int32_t partition = -1;
    std::uint64_t offset = 0;
    time::UnixMicros ingested_at;
  };

  void Refuse(std::size_t event, std::string reason, const event::Record* record);
  // Whether they are the first of `events`.
  [[nodiscard]] bool Begin(std::span<const SourcedEvent> events) const;
  [[nodiscard]] bool Are(std::span<const SourcedEvent> events) const {
    return places.size() == events.size() && Begin(events);
  }
  void Clear();

  std::vector<Place> places;  // of all of them, read or refused
  RecordBatch records;
  std::vector<std::size_t> event_of_record;
  std::vector<Refused> refused;
  bool at_store = false;  // the records were begun there and are not finished
  env::SteadyTime began;  // to deal with them
};

void ReadEvents::Refuse(std::size_t event, std::string reason, const event::Record* record) {
  Refused entry{.event = event, .reason = std::move(reason), .id = {}, .source = {}, .trace_id = {}, .key = {}};
  if (record != nullptr) {
    entry.id = record->id;
    entry.source = record->source;
    entry.trace_id = record->trace_id.value_or("");
    entry.key = record->key();
  }
  refused.push_back(std::move(entry));
}

bool ReadEvents::Begin(std::span<const SourcedEvent> events) const {
  if (places.size() > events.size()) return false;
  return std::equal(places.begin(), places.end(), events.begin(), [](const Place& place, const SourcedEvent& event) {
    return place.partition == event.partition && place.offset == event.offset && place.ingested_at == event.ingested_at;
  });
}

void ReadEvents::Clear() {
  places.clear();
  records.Clear();
  event_of_record.clear();
  refused.clear();
}

}  // namespace

struct Persister::State {
  State(EventSource& from, store::AuditStore& to, dead_letters::DeadLetterQueue& letters, env::Clock& time,
        env::Random& random, PersisterOptions limits, PersisterObserver* watcher)
      : source(from),
        store(to),
        dead_letters(letters),
        clock(time),
        options(limits),
        observer(watcher),
        backoff(limits.backoff_min, limits.backoff_max, random),
        parser(event::Limits{.max_event_bytes = SIZE_MAX, .max_batch_events = 1}, [&random] { return random.Next(); }) {
  }

  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Step Run();
  Result<bool> Advance();
  void Drop();
  [[nodiscard]] Step Waiting() const;
  Result<bool> Fetch();
  void Read(std::span<const SourcedEvent> all, ReadEvents* read);
  void BeginAtStore(ReadEvents* read);
  void ReadAhead();
  Result<void> Store();
  Result<void> DeadLetter();
  Result<void> Commit();

  EventSource& source;
  store::AuditStore& store;
  dead_letters::DeadLetterQueue& dead_letters;
  env::Clock& clock;
  const PersisterOptions options;
  PersisterObserver* const observer;

  Backoff backoff;
  event::Parser parser;
  Stage stage = Stage::kFetch;
  std::optional<env::SteadyTime> not_before;
  bool unavailable = false;

  std::span<const SourcedEvent> events;  // the source's, until the next Fetch
  std::vector<event::Parser::Attribute> attributes;
  ReadEvents batch;  // of `events`
  ReadEvents ahead;  // of what the source will give next
  std::size_t stored = 0;
  std::size_t duplicates = 0;
  std::size_t conflicts = 0;
  std::size_t rejected = 0;
};

Result<bool> Persister::State::Fetch() {
  auto fetched = source.Fetch(options.batch_max_events, options.batch_max_bytes);
  if (!fetched) return std::move(fetched).error();
  events = *fetched;
  if (ahead.at_store && !ahead.Are(events)) {
    store.Abandon();
    ahead.at_store = false;
  }
  if (events.empty()) return false;
  stored = duplicates = conflicts = 0;
  batch.Clear();
  if (ahead.Begin(events)) std::swap(batch, ahead);
  ahead.Clear();
  if (!batch.at_store) batch.began = clock.SteadyNow();
  Read(events, &batch);
  rejected = batch.refused.size();
  stage = Stage::kStore;
  return true;
}

// Those behind the ones that it has.
void Persister::State::Read(std::span<const SourcedEvent> all, ReadEvents* read) {
  for (std::size_t i = read->places.size(); i < all.size(); ++i) {
    const SourcedEvent& event = all[i];
    read->places.push_back({.partition = event.partition, .offset = event.offset, .ingested_at = event.ingested_at});
    event::Record record;
    const bool readable = ReadBinaryMode(event.headers, &attributes)
                              ? parser.ReadBinary(attributes, event.value, &record)
                              : parser.Read(event.value, &record);
    if (readable) {
      read->records.Add(record);
      read->event_of_record.push_back(i);
      continue;
    }
    std::string reason = "rejected: ";
    if (parser.violations().empty()) {
      reason += "cannot be read";
    } else {
      const event::Violation& violation = parser.violations().front();
      reason += violation.path.empty() ? violation.message : violation.path + ": " + violation.message;
    }
    read->Refuse(i, std::move(reason), nullptr);
  }
}

void Persister::State::BeginAtStore(ReadEvents* read) {
  store.Begin(read->records.records());
  read->at_store = true;
}

// Where there is a next batch already, it is read while the store is at work on this one. A full one stays as it is
// until it is fetched, so that the store can have it at once, and never stands idle between two batches.
void Persister::State::ReadAhead() {
  const auto next = source.LookAhead(options.batch_max_events, options.batch_max_bytes);
  if (!ahead.Begin(next)) ahead.Clear();
  Read(next, &ahead);
  if (ahead.places.size() < options.batch_max_events || ahead.records.records().empty()) return;
  ahead.began = clock.SteadyNow();
  BeginAtStore(&ahead);
}

Result<void> Persister::State::Store() {
  if (!batch.records.records().empty()) {
    if (!batch.at_store) BeginAtStore(&batch);
    ReadAhead();
    auto outcomes = store.Finish();
    batch.at_store = false;
    if (!outcomes) {
      ahead.at_store = false;
      return std::move(outcomes).error();
    }
    for (std::size_t i = 0; i < outcomes->size(); ++i) {
      store::RecordOutcome& outcome = (*outcomes)[i];
      const event::Record& record = batch.records.records()[i];
      switch (outcome.outcome) {
        case store::Outcome::kStored: ++stored; break;
        case store::Outcome::kDuplicate: ++duplicates; break;
        case store::Outcome::kConflict:
          ++conflicts;
          batch.Refuse(batch.event_of_record[i], "conflict: " + outcome.reason, &record);
          break;
        case store::Outcome::kRejected:
          ++rejected;
          batch.Refuse(batch.event_of_record[i], "rejected: " + outcome.reason, &record);
          break;
      }
    }
  }
  stage = Stage::kDeadLetter;
  return {};
}

Result<void> Persister::State::DeadLetter() {
  if (!batch.refused.empty()) {
    std::vector<dead_letters::DeadLetter> letters;
    letters.reserve(batch.refused.size());
    for (const Refused& entry : batch.refused) {
      const SourcedEvent& event = events[entry.event];
      letters.push_back({.reason = entry.reason,
                         .origin = event.origin,
                         .partition = event.partition,
                         .offset = event.offset,
                         .key = event.partition >= 0 ? event.key : std::optional(entry.key),
                         .value = event.value,
                         .tombstone = event.tombstone,
                         .ingested_at = event.ingested_at,
                         .headers = event.headers});
    }
    auto put = dead_letters.Put(letters, clock.Now());
    if (!put) return put;
    for (const Refused& entry : batch.refused) {
      if (observer != nullptr) {
        observer->OnDeadLetter(entry.reason, entry.id, entry.source, entry.trace_id, events[entry.event].offset);
      }
    }
  }
  stage = Stage::kCommit;
  return {};
}

Result<void> Persister::State::Commit() {
  // The commit point: before it a crash makes the source give the batch again, and the store and
  // the dead-letter queue answer that they have it.
  auto committed = source.Commit();
  if (!committed) return committed;
  const env::SteadyTime now = clock.SteadyNow();
  if (observer != nullptr) observer->OnBatch(stored, duplicates, conflicts, rejected, now - batch.began);
  // A batch costs a sync of the store however few its rows: at a rate that does not fill batches,
  // the next one gathers for a moment.
  if (events.size() < options.batch_max_events / 2) not_before = batch.began + options.gather;
  events = {};
  stage = Stage::kFetch;
  return {};
}

// False: nothing to do.
Result<bool> Persister::State::Advance() {
  if (stage == Stage::kFetch) {
    Result<bool> fetched = Fetch();
    if (!fetched || !*fetched) return fetched;
  }
  if (stage == Stage::kStore) {
    if (auto done = Store(); !done) return std::move(done).error();
  }
  if (stage == Stage::kDeadLetter) {
    if (auto done = DeadLetter(); !done) return std::move(done).error();
  }
  if (auto done = Commit(); !done) return std::move(done).error();
  return true;
}

// The batch belongs to somebody else now, who will find its rows there if they were stored.
void Persister::State::Drop() {
  source.Rewind();
  events = {};
  stage = Stage::kFetch;
}

// Until not_before; a source that holds a batch is asked in between.
Step Persister::State::Waiting() const {
  const env::SteadyTime ask = clock.SteadyNow() + kHoldInterval;
  return {.progressed = false, .not_before = stage == Stage::kFetch ? *not_before : std::min(*not_before, ask)};
}

// What the store works at is read from here.
Persister::State::~State() {
  if (batch.at_store || ahead.at_store) store.Abandon();
}

Step Persister::State::Run() {
  if (stage != Stage::kFetch && !source.StillOurs()) {
    Drop();
    not_before.reset();
  }
  if (not_before && clock.SteadyNow() < *not_before) return Waiting();
  not_before.reset();
  const Result<bool> advanced = Advance();
  if (!advanced) {
    const std::chrono::milliseconds wait = backoff.Next();
    not_before = clock.SteadyNow() + wait;
    unavailable = true;
    if (observer != nullptr) observer->OnUnavailable(advanced.error(), wait);
    return Waiting();
  }
  if (*advanced && unavailable) {
    unavailable = false;
    backoff.Reset();
    if (observer != nullptr) observer->OnAvailableAgain();
  }
  return {.progressed = *advanced, .not_before = std::nullopt};
}

Persister::Persister(EventSource& source, store::AuditStore& store, dead_letters::DeadLetterQueue& dead_letters,
                     env::Clock& clock, env::Random& random, PersisterOptions options, PersisterObserver* observer)
    : state_(std::make_unique<State>(source, store, dead_letters, clock, random, options, observer)) {}

Persister::~Persister() = default;

Step Persister::Run() { return state_->Run(); }

}  // namespace audit::pipeline
