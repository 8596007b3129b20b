// Settings as text and back: numbers, sizes and switches as they stand in files and variables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace audit::config {

// Decimal digits, a minus before them if need be, and nothing else.
[[nodiscard]] std::optional<std::int64_t> ParseInteger(std::string_view text);

// Bytes: "67108864", "64MiB" or "64 MiB", whole numbers only. KiB, MiB, GiB, TiB are powers of 1024; kB,
// MB, GB, TB powers of 1000.
[[nodiscard]] std::optional<std::uint64_t> ParseSize(std::string_view text);

// The shortest form that ParseSize reads back exactly: "64 MiB", "900000".
[[nodiscard]] std::string PrintSize(std::uint64_t bytes);

// true yes on 1 and false no off 0, in any case.
[[nodiscard]] std::optional<bool> ParseSwitch(std::string_view text);

[[nodiscard]] std::string Lower(std::string_view text);
[[nodiscard]] std::string Upper(std::string_view text);

// With control characters replaced.
[[nodiscard]] std::string OneLine(std::string_view text);

// For a message: one line, in double quotes, cut after 80 bytes.
[[nodiscard]] std::string Quoted(std::string_view text);

}  // namespace audit::config
