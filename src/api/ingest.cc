#include "api/ingest.h"

#include <utility>

#include "api/service.h"
#include "event/json_text.h"

namespace audit::api {
namespace {

// A round of many large batches must not fill the queue while the flusher sleeps.
constexpr std::size_t kKickAfterEvents = 1'000;

event::Parser::Shape ShapeOf(Route route, BodyForm form) {
  if (form == BodyForm::kBatch) return event::Parser::Shape::kEventsArray;
  return route == Route::kEvents ? event::Parser::Shape::kEvent : event::Parser::Shape::kEventsObject;
}

// Empty: none.
std::string_view TraceparentOf(const http::Request& request) { return request.Find("traceparent").value_or(""); }

void AppendAcceptedBatch(std::string& out, std::span<const event::Admitted> admitted) {
  out += R"({"accepted":[)";
  for (const event::Admitted& admitted_event : admitted) {
    if (&admitted_event != admitted.data()) out += ',';
    event::AppendQuoted(admitted_event.id, &out);
  }
  out += R"(],"count":)";
  out += std::to_string(admitted.size());
  out += '}';
}

void AppendAccepted(std::string& out, const event::Admitted& admitted) {
  out += R"({"accepted":)";
  event::AppendQuoted(admitted.id, &out);
  out += '}';
}

}  // namespace

Ingest::Ingest(Service& service, Answers& answers, http::IoThread& thread)
    : service_(service),
      answers_(answers),
      random_(service.options().random()),
      parser_(service.options().limits, [this] { return random_->Next(); }),
      acks_(service.ack_hub(), thread,
            [this](AckQueue::Waiting& waiting, AckQueue::Fate fate) { AnswerAcked(waiting, fate); }) {}

void Ingest::Take(Route route, const http::Request& request, http::Exchange exchange) {
  if (!service_.options().takes_events) return answers_.Refuse(exchange, route, problems::kNotIngesting);
  if (const Problem* problem = service_.health().Ready()) return answers_.Refuse(exchange, route, *problem);

  const env::SteadyTime received = service_.clock().SteadyNow();
  const BodyForm form = FormOf(request.Find("content-type"), request.Find("ce-specversion").has_value());
  if (!Admit(route, form, request, exchange)) return;
  Append(route, route == Route::kEventsBatch || form == BodyForm::kBatch, received, std::move(exchange));
}

bool Ingest::Admit(Route route, BodyForm form, const http::Request& request, http::Exchange& exchange) {
  switch (form) {
    case BodyForm::kUnsupported: answers_.Refuse(exchange, route, problems::kContentType); return false;
    case BodyForm::kCharset: answers_.Refuse(exchange, route, problems::kCharset); return false;
    case BodyForm::kBinary: return AdmitBinary(route, request, exchange);
    case BodyForm::kStructured:
    case BodyForm::kBatch: break;
  }
  return Settle(parser_.Admit(ShapeOf(route, form), request.body, Window(), TraceparentOf(request)), route, exchange);
}

bool Ingest::AdmitBinary(Route route, const http::Request& request, http::Exchange& exchange) {
  if (route != Route::kEvents) {
    answers_.Refuse(exchange, route, problems::kBinaryBatch);
    return false;
  }
  if (!attribute_headers_.Read(request)) {
    answers_.Refuse(exchange, route, problems::kAttributeHeader, {&attribute_headers_.violation(), 1});
    return false;
  }
  return Settle(parser_.AdmitBinary(attribute_headers_.attributes(), request.body, Window(), TraceparentOf(request)),
                route, exchange);
}

bool Ingest::Settle(bool admitted, Route route, http::Exchange& exchange) {
  if (!admitted) answers_.Refuse(exchange, route, ProblemOf(parser_.refusal()), parser_.violations());
  return admitted;
}

void Ingest::Append(Route route, bool batch_answer, env::SteadyTime received, http::Exchange exchange) {
  const std::span<const event::Admitted> admitted = parser_.admitted();
  payloads_.clear();
  for (const event::Admitted& event : admitted) payloads_.push_back(event.json);
  const spool::AppendResult result = service_.Append(payloads_);
  if (result.status != spool::AppendStatus::kAccepted) {
    return answers_.Refuse(exchange, route, ProblemOf(result.status));
  }
  appended_ += admitted.size();
  if (appended_ >= kKickAfterEvents) OnRoundEnd();

  AckQueue::Waiting& waiting = acks_.Push();
  waiting.exchange.emplace(std::move(exchange));
  waiting.last = result.last;
  waiting.route = route;
  waiting.events = admitted.size();
  waiting.received = received;
  if (batch_answer) {
    AppendAcceptedBatch(waiting.response, admitted);
  } else {
    AppendAccepted(waiting.response, admitted.front());
  }
  acks_.Pushed();
}

void Ingest::AnswerAcked(AckQueue::Waiting& waiting, AckQueue::Fate fate) {
  if (!waiting.exchange) return;
  http::Exchange& exchange = *waiting.exchange;
  switch (fate) {
    case AckQueue::Fate::kLost: return answers_.Refuse(exchange, waiting.route, problems::kFailed);
    case AckQueue::Fate::kLate: return answers_.Refuse(exchange, waiting.route, problems::kNotReplicated);
    case AckQueue::Fate::kKept: break;
  }
  answers_.Success(exchange, waiting.route, 202, waiting.response, service_.clock().Now());
  service_.request_metrics().Accepted(waiting.events, service_.clock().SteadyNow() - waiting.received);
}

void Ingest::OnRoundEnd() {
  if (std::exchange(appended_, 0) != 0) service_.KickFlusher();
  if (service_.options().ack == AckMoment::kReplicated) {
    acks_.GiveUp(service_.clock().SteadyNow() - service_.options().replicated_timeout);
  }
}

event::TimeWindow Ingest::Window() {
  const time::UnixMicros now = service_.clock().Now();
  const std::int64_t second = now.value / time::kMicrosPerSecond;
  if (second != window_second_) {
    window_second_ = second;
    earliest_ = service_.options().earliest(now);
  }
  return {.now = now,
          .earliest = earliest_,
          .latest = {now.value + service_.options().max_future_skew_seconds * time::kMicrosPerSecond}};
}

}  // namespace audit::api
