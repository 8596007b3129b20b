// Dead letters, written out for people and programs. The bytes of an event may be anything.
#pragma once

#include <string>
#include <vector>

#include "cli/letter_box.h"

namespace audit::cli {

// Its cells in a table: NUMBER, DIED, REASON, FROM, BYTES.
[[nodiscard]] std::vector<std::string> LetterCells(const BoxedLetter& boxed);
// All but the event itself, as one JSON object.
[[nodiscard]] std::string LetterJson(const BoxedLetter& boxed);
// A line for each thing that is known, an empty one, and the event made harmless for a terminal.
[[nodiscard]] std::string LetterText(const BoxedLetter& boxed);

}  // namespace audit::cli
