// What a log line says, apart from its time: text for people and members of a JSON object.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "telemetry/log.h"

namespace audit::telemetry {

// `"level":"warn","message":"…","took_ms":12`, to stand in a JSON object. Invalid UTF-8 becomes
// U+FFFD, a number that JSON cannot hold becomes null: whatever comes in, the line parses.
[[nodiscard]] std::string JsonMembers(LogLevel level, std::string_view message, std::span<const LogField> fields);

// `warn  Sentence took_ms=12 file="with a space"`. Control characters are escaped, so that no value can
// start a line of its own or send commands to the terminal.
[[nodiscard]] std::string TextLine(LogLevel level, std::string_view message, std::span<const LogField> fields,
                                   bool coloured);

}  // namespace audit::telemetry
