// SPDX-License-Identifier: Apache-2.0
// The simulated world around the card: its clock, the PCI Express link to host memory, two Ethernet ports.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "hw/layout/codes.hpp"
#include "sim/platform/ethernet_port.hpp"
#include "sim/platform/pcie_link.hpp"

namespace sallyport::sim {

struct PlatformOptions {
  LinkParameters link;
  std::uint64_t seed = 1;  // of what starts unknown in the RTL
  std::string trace_path;  // an FST waveform of everything; empty: none
  std::string pins_path;   // what stands at the card's inputs (PinLog), so many clocks; empty: none
  unsigned pins_clocks = 0;
};

// Time is simulated, and passes only inside run(), read() and write(). Each platform has a SystemC simulation of its
// own, so several live in one process; SystemC's "current simulation" is one for the process, so only one thread at a
// time may be inside any of them.
class Platform {
 public:
  explicit Platform(driver::HostBus& host, const PlatformOptions& options = {});
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  // Up to `clocks` clocks from here, less when nothing is left to do. Clocks in which nothing moves are skipped.
  void run(Clock clocks);
  // Until nothing moves and nothing is due, at most `limit` clocks. False at the limit.
  bool run_until_idle(Clock limit);
  [[nodiscard]] bool idle() const;

  // A register over the link; returns when the answer is back (a write: when the card has taken it). kTimeout: the card
  // does not answer.
  Result<std::uint32_t> read(std::uint32_t offset);
  Result<void> write(std::uint32_t offset, std::uint32_t value);

  // Another link from now on: a host that is slower, or fast again. For a card at rest.
  void set_link(const LinkParameters& link);

  // `port` is LAN or WAN. See EthernetPort.
  Arrival receive(layout::Port port, Buffer frame, LineTime earliest = 0, bool bad = false);
  [[nodiscard]] EthernetPort& port(layout::Port port);
  void on_sent(layout::Port port, EthernetPort::Sink sink);

  [[nodiscard]] Clock now() const;                // simulated clocks since power on
  [[nodiscard]] std::uint64_t evaluated() const;  // of these, the ones that were not skipped

 private:
  Result<std::uint32_t> access(std::uint32_t offset, std::optional<std::uint32_t> value);

  class Simulation;
  std::unique_ptr<Simulation> simulation_;
};

}  // namespace sallyport::sim
