// POST /events and /events/batch on one I/O thread: admit, append, and answer when the moment of
// ingest.durability has come.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "api/ack_queue.h"
#include "api/answers.h"
#include "api/attribute_headers.h"
#include "api/media_type.h"
#include "api/routes.h"
#include "env/random.h"
#include "event/parser.h"
#include "http/handler.h"
#include "http/request.h"

namespace audit::api {

class Service;

class Ingest {
 public:
  // All outlive it.
  Ingest(Service& service, Answers& answers, http::IoThread& thread);

  // `route` is kEvents or kEventsBatch.
  void Take(Route route, const http::Request& request, http::Exchange exchange);
  void OnRoundEnd();

 private:
  // Whether the parser holds the events of `request`; false: it was answered.
  bool Admit(Route route, BodyForm form, const http::Request& request, http::Exchange& exchange);
  bool AdmitBinary(Route route, const http::Request& request, http::Exchange& exchange);
  // The parser's refusal, answered, unless it `admitted`.
  bool Settle(bool admitted, Route route, http::Exchange& exchange);
  void Append(Route route, bool batch_answer, env::SteadyTime received, http::Exchange exchange);
  void AnswerAcked(AckQueue::Waiting& waiting, AckQueue::Fate fate);
  event::TimeWindow Window();

  Service& service_;
  Answers& answers_;
  std::unique_ptr<env::Random> random_;
  event::Parser parser_;
  AttributeHeaders attribute_headers_;
  AckQueue acks_;
  std::size_t appended_ = 0;  // events since the flusher was last kicked
  std::vector<std::string_view> payloads_;

  std::int64_t window_second_ = -1;  // the second that earliest_ was worked out in
  time::UnixMicros earliest_;
};

}  // namespace audit::api
