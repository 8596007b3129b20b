// Result<T>: a value or an Error. Result<void>: success or an Error. Never ignored (nodiscard);
// reading the side that is not there ends the process with the error's text.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <variant>

#include "errors/error.h"

namespace audit {

template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that a function says `return value;` or `return error;`.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & { return Checked(), std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return Checked(), std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return Checked(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  void Checked() const {
    if (!ok()) {
      std::fprintf(stderr, "value of a failed result: %s\n", error().message().c_str());
      std::abort();
    }
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // implicit, as above

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  // The caller has seen that ok() is false. value() would throw where this would not be caught.
  [[nodiscard]] const Error& error() const& { return *error_; }
  [[nodiscard]] Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace audit
