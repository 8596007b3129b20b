// Owns a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace audit::http {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor() { Close(); }

  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool valid() const { return value_ >= 0; }
  void Close() {
    if (valid()) ::close(std::exchange(value_, -1));
  }

 private:
  int value_ = -1;
};

}  // namespace audit::http
