// SPDX-License-Identifier: Apache-2.0
// A simulated card as a process: its two ports on interfaces, its PCI Express side on XRT's emulation sockets.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "sim/card/card_model.hpp"
#include "sim/card/port_end.hpp"
#include "sim/emulation/server.hpp"

namespace sallyport::sim {

struct CardProcessOptions {
  std::string user;       // $USER of the host process, part of the sockets' path
  std::string socket_id;  // its EMULATION_SOCKETID
  bool software = false;  // the software card in the RTL's place
  PlatformOptions platform;
};

// One loop, one thread. It sleeps while the card is idle and nothing arrives. The host process may go away at any
// moment: the card keeps its tables and goes on forwarding; only its rings stop, since their memory is gone.
class CardProcess : private emulation::Registers, private driver::HostBus {
 public:
  CardProcess(const CardProcessOptions& options, std::unique_ptr<PortEnd> lan, std::unique_ptr<PortEnd> wan);

  // Until `stop` becomes true. An error is one of a port: its interface went away.
  Result<void> run(const std::atomic<bool>& stop);

 private:
  // Registers: what the host process asks.
  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t value) override;
  // HostBus: what the card asks.
  bool read(std::uint64_t address, std::span<std::uint8_t> to) override;
  bool write(std::uint64_t address, Bytes from) override;

  void wait_for_work();
  void serve_host();
  void host_left();
  Result<void> take_frames(layout::Port port, PortEnd& end);
  void transmit(layout::Port port, Bytes frame);

  std::unique_ptr<PortEnd> lan_;
  std::unique_ptr<PortEnd> wan_;
  emulation::Server server_;
  std::unique_ptr<CardModel> card_;
  std::chrono::steady_clock::time_point next_dial_{};
  bool served_ = false;            // a host process is there, or its end has not been dealt with
  std::uint64_t frames_lost_ = 0;  // sent by the card, refused by the interface
};

}  // namespace sallyport::sim
