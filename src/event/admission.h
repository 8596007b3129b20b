// One request's events on their way in: the shapes a body may have, and for each event in it the scan,
// the rules, the limits and the completion.
#pragma once

#include <functional>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "event/event_scanner.h"
#include "event/json_cursor.h"
#include "event/parser.h"
#include "event/violations.h"

namespace audit::event {

struct AdmissionTerms {
  const Limits& limits;
  const TimeWindow& window;
  const std::function<std::uint64_t()>& random;
  std::pmr::memory_resource& memory;  // what the admitted events point into, beside the text
  std::string_view traceparent;       // for events without one; empty: none, else well-formed
};

class Admission {
 public:
  // `text` is valid UTF-8, followed by kPadding bytes. `origin`: byte 0 of what the caller wrote, for
  // messages. `scanned` is scratch. All outlive this.
  Admission(const AdmissionTerms& terms, std::string_view text, const char* origin, ScannedEvent* scanned,
            Violations* violations, std::vector<Admitted>* admitted)
      : terms_(terms),
        cursor_(text),
        origin_(origin),
        scanned_(*scanned),
        violations_(*violations),
        admitted_(*admitted) {}

  // Each is called once. False: `violations` says why, and `admitted` is empty.
  bool Admit(Parser::Shape shape);
  // One event whose `data` must be exactly `embedded`, a part of the text (or empty: no data). That part
  // came from outside and might close the event's braces and open others.
  bool AdmitAround(std::string_view embedded);

 private:
  bool ReadShape(Parser::Shape shape);
  bool ReadEvent();
  bool ReadEventsObject();
  bool ReadEventsArray();
  bool ReadElement();
  bool PassValue(unsigned depth);
  void JudgeEvent();
  bool CheckSize(std::size_t bytes);
  bool Refuse(Refusal refusal, std::string_view path, std::string message);
  bool Finish(bool read);

  AdmissionTerms terms_;
  JsonCursor cursor_;
  const char* origin_;
  ScannedEvent& scanned_;
  Violations& violations_;
  std::vector<Admitted>& admitted_;
};

}  // namespace audit::event
