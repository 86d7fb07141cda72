// SPDX-License-Identifier: Apache-2.0
// Errors are values: what a peer, a packet, a user or a card can cause comes back as a Result.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sallyport {

// What a caller can act on. The word for each, as logs, JSON and HTTP show it, is in to_string().
enum class Errc : std::uint8_t {
  kInvalid,       // the input breaks a rule; the detail names the rule
  kTruncated,     // the input ends before it should
  kUnsupported,   // understood, and not offered here
  kNotFound,      // names nothing that exists
  kExists,        // names something that already exists
  kFull,          // no room: a table, a ring, a disk
  kBusy,          // try again later
  kTimeout,       // no answer within the time allowed
  kDenied,        // the caller may not do this
  kAuthFailed,    // a proof of identity or integrity did not verify
  kExhausted,     // a counter that must not wrap has reached its end
  kIo,            // the operating system or a device refused
  kDisconnected,  // the other side went away
  kCorrupt,       // stored or received data contradicts itself
};

std::string_view to_string(Errc code);

struct Error {
  Errc code = Errc::kInvalid;
  std::string detail;  // a sentence for a person: names the thing, and the remedy where there is one

  // "invalid: policy 'a': no such level 'hihg'"
  [[nodiscard]] std::string message() const;
};

// The error of the last system call, kDenied where rights are missing: "denied: open /dev/net/tun: Permission denied".
Error errno_error(std::string_view what);

// Our stand-in for C++23 std::expected<T, Error>, with its member names.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Asking for the one that is not there is a broken invariant of ours and stops the process.
  T& value() & { return checked<0>(state_); }
  const T& value() const& { return checked<0>(state_); }
  T&& value() && { return std::move(checked<0>(state_)); }
  const Error& error() const& { return checked<1>(state_); }
  Error&& error() && { return std::move(checked<1>(state_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T value_or(T other) const { return has_value() ? value() : std::move(other); }

 private:
  template <std::size_t I, class State>
  static auto& checked(State& state) {
    if (state.index() != I) std::abort();
    return *std::get_if<I>(&state);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  void value() const {
    if (error_) std::abort();
  }
  const Error& error() const {
    if (!error_) std::abort();
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace sallyport
