// The event of a dead letter, as callers post it.
#pragma once

#include <string>

#include "dead_letters/dead_letter_queue.h"
#include "errors/result.h"

namespace audit::cli {

// Structured JSON: the letter's own bytes, or, of a message in binary mode, the event that its headers and its value
// are together. kInvalidArgument: these are no event, and why.
Result<std::string> EventOf(const dead_letters::DeadLetter& letter);

}  // namespace audit::cli
