// SPDX-License-Identifier: Apache-2.0
// Key material: wiped when it dies, compared in constant time, and without any way to print it.
#pragma once

#include "base/bytes.hpp"

namespace sallyport {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size) : data_(size) {}  // zeros, to be filled through bytes()
  explicit Secret(Bytes data) : data_(data.begin(), data.end()) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  // Takes over the bytes and wipes where they came from.
  static Secret consume(Buffer& plain);

  [[nodiscard]] std::size_t size() const { return data_.size(); }
  [[nodiscard]] bool empty() const { return data_.empty(); }
  [[nodiscard]] Bytes reveal() const { return data_; }  // the one way to the bytes: easy to search for
  [[nodiscard]] std::span<std::uint8_t> bytes() { return data_; }
  void wipe();

  // Constant time in the content; the lengths are public.
  friend bool operator==(const Secret& a, const Secret& b);

 private:
  Buffer data_;
};

// Constant time in the content; the lengths are public. For ICVs and digests, which are not secrets themselves.
[[nodiscard]] bool equal_constant_time(Bytes a, Bytes b);

// Overwrites memory in a way the compiler may not leave out.
void wipe(std::span<std::uint8_t> memory);

}  // namespace sallyport
