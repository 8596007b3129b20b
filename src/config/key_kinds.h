// How each kind of setting is read, checked and printed. `get` gives a reference to the member of
// Config, const or not.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/key.h"
#include "config/value.h"

namespace audit::config {

template <std::integral Number>
std::int64_t CountOf(Number number) {
  return static_cast<std::int64_t>(number);
}
template <class Rep, class Period>
std::int64_t CountOf(std::chrono::duration<Rep, Period> duration) {
  return duration.count();
}

inline Key NamedKey(std::string_view name, std::string allowed, std::string_view description) {
  Key key;
  key.name = name;
  key.environment = EnvironmentName(name);
  key.allowed = std::move(allowed);
  key.description = description;
  return key;
}

// A whole number or a duration, in the unit that the name ends with.
template <class Get>
Key Number(std::string_view name, Get get, std::int64_t least, std::int64_t most, std::string_view description) {
  Key key = NamedKey(name, std::to_string(least) + " to " + std::to_string(most), description);
  key.set = [get, least, most](std::string_view text, Config& config) {
    const std::optional<std::int64_t> number = ParseInteger(text);
    if (!number || *number < least || *number > most) return false;
    auto& member = get(config);
    member = static_cast<std::remove_reference_t<decltype(member)>>(*number);
    return true;
  };
  key.print = [get](const Config& config) { return std::to_string(CountOf(get(config))); };
  return key;
}

// A number of bytes, with or without a unit.
template <class Get>
Key Size(std::string_view name, Get get, std::uint64_t least, std::uint64_t most, std::string_view description) {
  Key key = NamedKey(name, PrintSize(least) + " to " + PrintSize(most), description);
  key.set = [get, least, most](std::string_view text, Config& config) {
    const std::optional<std::uint64_t> size = ParseSize(text);
    if (!size || *size < least || *size > most) return false;
    get(config) = *size;
    return true;
  };
  key.print = [get](const Config& config) { return PrintSize(get(config)); };
  return key;
}

enum class Empty : std::uint8_t { kRefused, kAllowed };

// Text of one line.
template <class Get>
Key Text(std::string_view name, Get get, std::string_view description, std::string allowed,
         Empty empty = Empty::kRefused) {
  Key key = NamedKey(name, std::move(allowed), description);
  key.set = [get, empty](std::string_view text, Config& config) {
    if (text.empty() && empty == Empty::kRefused) return false;
    if (text.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) return false;
    get(config) = text;
    return true;
  };
  key.print = [get](const Config& config) { return get(config); };
  return key;
}

// One of a few words, kept as text or as the enumerator that stands for it.
template <class Get, class Value>
Key Choice(std::string_view name, Get get, std::vector<std::pair<std::string_view, Value>> choices,
           std::string_view description) {
  std::string allowed;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) allowed += i + 1 == choices.size() ? " or " : ", ";
    allowed += choices[i].first;
  }
  Key key = NamedKey(name, std::move(allowed), description);
  key.set = [get, choices](std::string_view text, Config& config) {
    for (const auto& [word, value] : choices) {
      if (word != text) continue;
      get(config) = value;
      return true;
    }
    return false;
  };
  key.print = [get, choices](const Config& config) {
    for (const auto& [word, value] : choices) {
      if (get(config) == value) return std::string(word);
    }
    return std::string();
  };
  return key;
}

template <class Get>
Key WordChoice(std::string_view name, Get get, std::initializer_list<std::string_view> words,
               std::string_view description) {
  std::vector<std::pair<std::string_view, std::string>> choices;
  for (const std::string_view word : words) choices.emplace_back(word, word);
  return Choice(name, get, std::move(choices), description);
}

}  // namespace audit::config
