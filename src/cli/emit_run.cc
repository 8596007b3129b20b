#include "cli/emit_run.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "client/batch_sender.h"
#include "client/sender.h"
#include "env/random.h"
#include "event/parser.h"

namespace audit::cli {
namespace {

// Past this no service takes an event, whatever its configuration.
constexpr std::size_t kMaxEventBytes = 16U << 20;

std::string_view CodeOf(event::Refusal refusal) {
  switch (refusal) {
    case event::Refusal::kNotJson: return "AUD-001";
    case event::Refusal::kInvalid: return "AUD-002";
    case event::Refusal::kTooManyEvents: return "AUD-007";
    case event::Refusal::kEventTooLarge: return "AUD-008";
  }
  return {};
}

// The service's own rules, but for those that depend on its clock and its configuration: it is asked
// about these. What it gives an event that has none, an id and a time, is put in here already, so
// that an event sent twice is the same event twice.
class Checker {
 public:
  explicit Checker(env::Clock& clock)
      : clock_(clock),
        random_(env::NewSystemRandom()),
        parser_({.max_event_bytes = kMaxEventBytes, .max_batch_events = 1}, [this] { return random_->Next(); }) {}

  // The event as it is to be sent, until the next call; nullopt: refusals() says why not.
  std::optional<std::string_view> Check(std::string_view json) {
    padded_.assign(json);
    padded_.append(event::kPadding, ' ');
    const event::TimeWindow window{.now = clock_.Now(),
                                   .earliest = {std::numeric_limits<std::int64_t>::min()},
                                   .latest = {std::numeric_limits<std::int64_t>::max()}};
    if (parser_.Admit(event::Parser::Shape::kEvent, std::string_view(padded_).substr(0, json.size()), window)) {
      return parser_.admitted().front().json;
    }
    refusals_.clear();
    const std::string code(CodeOf(parser_.refusal()));
    for (const event::Violation& violation : parser_.violations()) {
      refusals_.push_back({.code = code, .message = violation.message, .path = violation.path, .event = {}});
    }
    if (refusals_.empty()) refusals_.push_back({.code = code, .message = "not a JSON object", .path = {}, .event = {}});
    return std::nullopt;
  }

  [[nodiscard]] std::span<const client::Refusal> refusals() const { return refusals_; }

 private:
  env::Clock& clock_;
  std::unique_ptr<env::Random> random_;
  event::Parser parser_;
  std::string padded_;
  std::vector<client::Refusal> refusals_;
};

}  // namespace

EmitRun::EmitRun(EmitOptions options, EventSplitter::Read read, InputFormat format, env::Clock& clock,
                 EmitObserver& observer)
    : options_(std::move(options)), read_(std::move(read)), format_(format), clock_(clock), observer_(observer) {}

EmitRun::~EmitRun() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
}

Result<void> EmitRun::Start() {
  for (unsigned i = 0; i < options_.concurrency && !options_.check_only; ++i) {
    Result<std::unique_ptr<client::HttpClient>> http = client::HttpClient::Create(options_.client);
    if (!http.ok()) return std::move(http).error();
    clients_.push_back(*std::move(http));
  }
  {
    const env::MutexLock lock(mutex_);
    running_ = 1 + static_cast<unsigned>(clients_.size());
  }
  const auto start = [this](auto work) {
    threads_.emplace_back([this, work = std::move(work)] {
      work();
      const env::MutexLock lock(mutex_);
      --running_;
      changed_.NotifyAll();
    });
  };
  for (const auto& http : clients_) start([this, &http = *http] { SendAll(http); });
  start([this] { ReadAll(); });
  return {};
}

bool EmitRun::WaitFor(std::chrono::milliseconds timeout) {
  const env::SteadyTime deadline = clock_.SteadyNow() + timeout;
  const env::MutexLock lock(mutex_);
  while (running_ > 0) {
    if (!changed_.WaitUntil(mutex_, deadline)) return running_ == 0;
  }
  return true;
}

void EmitRun::Stop() {
  stopped_ = true;
  const env::MutexLock lock(mutex_);
  changed_.NotifyAll();
}

EmitCounts EmitRun::counts() const {
  const env::MutexLock lock(mutex_);
  return counts_;
}

std::optional<Error> EmitRun::error() const {
  const env::MutexLock lock(mutex_);
  return error_;
}

void EmitRun::Fail(const Error& error) {
  stopped_ = true;
  const env::MutexLock lock(mutex_);
  // The first says why; that others were stopped is its consequence.
  if (!error_ && error.code() != ErrorCode::kClosed) error_ = error;
  changed_.NotifyAll();
}

void EmitRun::ReadAll() {
  const auto counted = [this](std::span<char> into) {
    Result<std::size_t> got = read_(into);
    const env::MutexLock lock(mutex_);
    if (got.ok()) counts_.bytes_read += *got;
    return got;
  };
  EventSplitter splitter(counted, format_, kMaxEventBytes);
  Checker checker(clock_);
  Batch batch;
  InputEvent input;
  while (!stopped_) {
    const Result<bool> more = splitter.Next(&input);
    if (!more.ok()) Fail(more.error());
    if (!more.ok() || !*more) {
      const env::MutexLock lock(mutex_);
      counts_.whole_input = more.ok() && !stopped_;
      break;
    }
    {
      const env::MutexLock lock(mutex_);
      ++counts_.events;
      if (stopped_) {  // the input may have been cut short for it: this is perhaps no whole event
        UnsentFrom(input.place, 1);
        break;
      }
    }
    if (!input.problem.empty()) {
      const client::Refusal refusal{.code = "AUD-001", .message = std::string(input.problem), .path = {}, .event = {}};
      Refused(input.place, {&refusal, 1}, {});
      continue;
    }
    const std::optional<std::string_view> json = checker.Check(input.json);
    if (!json) {
      Refused(input.place, checker.refusals(), input.json);
      continue;
    }
    if (options_.check_only) {
      const env::MutexLock lock(mutex_);
      ++counts_.accepted;
      continue;
    }
    batch.events.push_back({input.place, batch.json.size(), json->size()});
    batch.json += *json;
    if (batch.events.size() >= options_.batch_size || batch.json.size() >= options_.batch_bytes) {
      Deal(std::exchange(batch, {}));
    }
  }
  if (!batch.events.empty()) Deal(std::move(batch));
  const env::MutexLock lock(mutex_);
  all_read_ = true;
  changed_.NotifyAll();
}

void EmitRun::Deal(Batch batch) {
  const env::MutexLock lock(mutex_);
  // One waiting for each that is sent keeps the senders busy.
  while (queue_.size() >= clients_.size() && !stopped_) changed_.Wait(mutex_);
  queue_.push_back(std::move(batch));
  changed_.NotifyAll();
}

std::optional<EmitRun::Batch> EmitRun::Take() {
  const env::MutexLock lock(mutex_);
  while (queue_.empty() && !all_read_) changed_.Wait(mutex_);
  if (queue_.empty()) return std::nullopt;
  Batch batch = std::move(queue_.front());
  queue_.pop_front();
  changed_.NotifyAll();
  return batch;
}

void EmitRun::SendAll(client::HttpClient& http) {
  const std::unique_ptr<env::Random> random = env::NewSystemRandom();
  client::Sender sender(http, options_.retry, clock_, *random,
                        {.wait = [this](std::chrono::milliseconds wait) { return Pause(wait); },
                         .on_retry =
                             [this](std::string_view why, std::chrono::milliseconds wait) {
                               const env::MutexLock lock(mutex_);
                               ++counts_.retries;
                               observer_.OnRetry(why, wait);
                             }});
  client::BatchSender batches(sender);
  std::vector<std::string_view> events;
  while (const std::optional<Batch> batch = Take()) {
    events.clear();
    for (const Event& event : batch->events) {
      events.push_back(std::string_view(batch->json).substr(event.offset, event.size));
    }
    client::BatchResult result;
    if (stopped_) {
      for (std::size_t i = 0; i < events.size(); ++i) result.unsent.push_back(i);
    } else {
      result = batches.Send(events);
    }
    for (const client::RefusedEvent& refused : result.refused) {
      Refused(batch->events[refused.index].place, refused.refusals, events[refused.index]);
    }
    Unsent(*batch, result.unsent);
    {
      const env::MutexLock lock(mutex_);
      counts_.accepted += result.accepted;
    }
    if (result.error) Fail(*result.error);
  }
}

void EmitRun::Refused(const Place& place, std::span<const client::Refusal> refusals, std::string_view json) {
  const env::MutexLock lock(mutex_);
  ++counts_.refused;
  observer_.OnRefused(place, refusals, json);
}

void EmitRun::Unsent(const Batch& batch, std::span<const std::size_t> indexes) {
  const env::MutexLock lock(mutex_);
  if (!indexes.empty()) UnsentFrom(batch.events[indexes.front()].place, indexes.size());
}

void EmitRun::UnsentFrom(const Place& first, std::size_t count) {
  counts_.unsent += count;
  if (!counts_.first_unsent || first.line < counts_.first_unsent->line) counts_.first_unsent = first;
}

bool EmitRun::Pause(std::chrono::milliseconds wait) {
  const env::SteadyTime deadline = clock_.SteadyNow() + wait;
  const env::MutexLock lock(mutex_);
  while (!stopped_ && clock_.SteadyNow() < deadline) changed_.WaitUntil(mutex_, deadline);
  return !stopped_;
}

}  // namespace audit::cli
