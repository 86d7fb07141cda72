// SPDX-License-Identifier: Apache-2.0
// The simulator's side of stock XRT's hw_emu protocol: serves one host process after the other.
//
// XRT listens and the simulator dials, so a simulated card may be started before its host process, and outlives it:
// when the host goes away, however it goes, the server drops the connection and dials for the next. It never touches
// the card's state.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "sim/emulation/channel.hpp"

namespace sallyport::emulation {

// The card behind the server: its registers, by byte offset.
class Registers {
 public:
  virtual ~Registers() = default;
  virtual std::uint32_t read(std::uint32_t offset) = 0;
  virtual void write(std::uint32_t offset, std::uint32_t value) = 0;
};

// Not thread-safe: one loop polls it and runs the card.
class Server {
 public:
  // `socket_id` is the EMULATION_SOCKETID of the host process, which together with $USER names the two sockets.
  Server(const std::string& user, const std::string& socket_id, Registers& registers);

  // Dials when nobody is connected. True when a host is connected afterwards.
  bool connect();
  [[nodiscard]] bool connected() const { return main_.open(); }
  // Readable when a call waits; -1 when not connected.
  [[nodiscard]] int fd() const { return main_.fd(); }
  // Answers one call; waits for it when none is there yet. False when the host went away.
  bool serve_one();

  // Host memory as the card sees it; kDisconnected when no host is there. Stock XRT acknowledges an address where it
  // has no memory (a read yields what it likes); kInvalid should it ever refuse one.
  Result<void> read_host(std::uint64_t address, std::span<std::uint8_t> to);
  Result<void> write_host(std::uint64_t address, std::span<const std::uint8_t> from);

 private:
  Result<std::string> answer(const Message& call);
  Result<Message> ask_host(std::uint32_t call, const std::string& body);
  void hang_up();

  std::string main_path_;
  std::string reverse_path_;
  Registers& registers_;
  Channel main_;     // calls of the host
  Channel reverse_;  // calls of the card
};

}  // namespace sallyport::emulation
