// SPDX-License-Identifier: Apache-2.0
// One of the two UNIX sockets between XRT's emulation shim and a simulator: headers and messages over a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace sallyport::emulation {

struct Message {
  std::uint32_t call = 0;
  std::string body;  // a serialised protobuf message
};

// Owns the socket. Every error is kDisconnected: the peer went away, or says what cannot be.
class Channel {
 public:
  Channel() = default;
  explicit Channel(int fd) : fd_(fd) {}
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&& other) noexcept;
  ~Channel() { close(); }

  // Dials a listening socket once; kNotFound when nobody listens there.
  static Result<Channel> dial(const std::string& path);

  [[nodiscard]] bool open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  void close();

  Result<Message> receive();
  // `call` is left out of the header where the protocol leaves it out.
  Result<void> send(std::optional<std::uint32_t> call, const std::string& body);

 private:
  Result<void> read_all(void* to, std::size_t size);
  Result<void> write_all(const void* from, std::size_t size);

  int fd_ = -1;
};

}  // namespace sallyport::emulation
