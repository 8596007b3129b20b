#include "store/postgres/postgres_probe.h"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>

#include "env/mutex.h"
#include "store/postgres/connection.h"

namespace audit::store {
namespace {

// Both together stay below the second that Check may take.
constexpr std::chrono::milliseconds kConnectTimeout{500};
constexpr std::chrono::milliseconds kPatience{900};

using postgres::Connection;

PostgresOptions ForProbe(PostgresOptions options) {
  options.connect_timeout = std::min(options.connect_timeout, kConnectTimeout);
  // Of the answer's wait, kAnswerGrace included; the thread gives up then, its callers have before.
  options.statement_timeout = std::chrono::milliseconds(0);
  options.application_name += " health";
  return options;
}

}  // namespace

struct PostgresProbe::State {
  explicit State(PostgresOptions given) : options(ForProbe(std::move(given))) {}
  void Run() EXCLUDES(mutex);
  Result<void> Ask();

  const PostgresOptions options;
  Connection connection;  // the thread's own

  env::Mutex mutex;
  env::Condition changed;
  bool stopping GUARDED_BY(mutex) = false;
  std::uint64_t asked GUARDED_BY(mutex) = 0;     // number of the last question that somebody waits for
  std::uint64_t answered GUARDED_BY(mutex) = 0;  // of the last one with an answer
  Result<void> answer GUARDED_BY(mutex);
  bool asking GUARDED_BY(mutex) = false;
  std::thread thread;  // last: it uses the others
};

void PostgresProbe::State::Run() {
  for (;;) {
    std::uint64_t question = 0;
    {
      const env::MutexLock lock(mutex);
      while (!stopping && asked == answered) changed.Wait(mutex);
      if (stopping) return;
      question = asked;
      asking = true;
    }
    Result<void> said = Ask();
    const env::MutexLock lock(mutex);
    answer = std::move(said);
    answered = question;
    asking = false;
    changed.NotifyAll();
  }
}

Result<void> PostgresProbe::State::Ask() {
  // Twice where the connection broke since the last question: that says nothing about the server now.
  for (const bool again : {true, false}) {
    const bool reused = connection.usable();
    if (!reused) {
      auto opened = Connection::Open(options);
      if (!opened) return std::move(opened).error();
      connection = std::move(*opened);
    }
    auto rows = connection.Execute("SHOW transaction_read_only");
    if (rows) {
      if (rows->Text(0, 0) == "on") {
        connection.Close();  // the next connection may find the new primary
        return Error(ErrorCode::kUnavailable, "PostgreSQL " + options.host + " is read-only");
      }
      return {};
    }
    const ErrorCode code = rows.error().code();
    connection.Close();
    if (!again || !reused || code == ErrorCode::kTimeout) return std::move(rows).error();
  }
  return {};
}

PostgresProbe::PostgresProbe(PostgresOptions options) : state_(std::make_unique<State>(std::move(options))) {
  state_->thread = std::thread([state = state_.get()] { state->Run(); });
}

PostgresProbe::~PostgresProbe() {
  {
    const env::MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->changed.NotifyAll();
  }
  state_->thread.join();
}

Result<void> PostgresProbe::Check() {
  const env::SteadyTime deadline = env::SystemClock().SteadyNow() + kPatience;
  const env::MutexLock lock(state_->mutex);
  // An answer to a question that was under way before we came may be older than the caller's wish.
  const std::uint64_t mine = state_->asking ? state_->asked + 1 : std::max(state_->asked, state_->answered + 1);
  if (state_->asked < mine) {
    state_->asked = mine;
    state_->changed.NotifyAll();
  }
  while (state_->answered < mine) {
    if (!state_->changed.WaitUntil(state_->mutex, deadline)) {
      return Error(ErrorCode::kTimeout, "PostgreSQL " + state_->options.host + " does not answer within " +
                                            std::to_string(kPatience.count()) + " ms");
    }
  }
  return state_->answer;
}

}  // namespace audit::store
