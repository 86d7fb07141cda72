// SPDX-License-Identifier: Apache-2.0
// The Verilated card as one SystemC module: a method that runs once a clock, and sleeps while there is nothing to run.
#pragma once

#include <memory>
#include <string>
#include <systemc>

#include "sim/platform/ethernet_port.hpp"
#include "sim/platform/pcie_link.hpp"
#include "sim/platform/pin_log.hpp"
#include "sim/platform/platform.hpp"

class VerilatedContext;
class VerilatedFstC;
class Vsallyport_card;

namespace sallyport::sim {

// What ties the model's lifetime together stays in the .cpp; a Verilated header is expensive to include.
class CardModule : public sc_core::sc_module {
 public:
  CardModule(const sc_core::sc_module_name& name, driver::HostBus& host, const PlatformOptions& options);
  ~CardModule() override;

  // The number that the next clock edge will have.
  [[nodiscard]] Clock next_clock() const;
  // Edges that were really evaluated; the rest of time was skipped.
  [[nodiscard]] std::uint64_t evaluated() const { return evaluated_; }
  // Nothing moves, and nothing is due.
  [[nodiscard]] bool idle() const { return asleep_ && wake_at_ == kNever; }
  // To be called from outside after ports or link were given something.
  void wake();

  EthernetPort& lan() { return *lan_; }
  EthernetPort& wan() { return *wan_; }
  PcieLink& link() { return *link_; }

 private:
  SC_HAS_PROCESS(CardModule);
  void step();
  [[nodiscard]] Clock next_event() const;

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vsallyport_card> top_;
  std::unique_ptr<VerilatedFstC> trace_;
  std::unique_ptr<PinLog> pins_;
  std::unique_ptr<EthernetPort> lan_;
  std::unique_ptr<EthernetPort> wan_;
  std::unique_ptr<PcieLink> link_;

  sc_core::sc_time period_;
  sc_core::sc_event wake_event_;
  bool asleep_ = false;
  Clock wake_at_ = kNever;
  Clock stepped_ = 0;  // edges up to here are behind us
  unsigned quiet_ = 0;
  std::uint64_t evaluated_ = 0;
};

}  // namespace sallyport::sim
