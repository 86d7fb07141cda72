// SPDX-License-Identifier: Apache-2.0
// The Verilated card in this process, behind the driver's interface, with host memory and two MACs around it. No
// platform, no time: clocks run while somebody waits for something, as fast as they can.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "driver/card.hpp"
#include "hw/layout/registers.hpp"

namespace sallyport::tests {

struct TransmittedFrame {
  layout::Port port;
  Buffer frame;
};

// How unwilling the world around the card is, in clocks of 16.
struct Reluctance {
  unsigned receive_gap = 0;    // no beat from the MACs
  unsigned transmit_wait = 0;  // the MACs take no beat
  unsigned memory_wait = 0;    // host memory neither takes nor gives
};

class VerilatedCard final : public driver::Card {
 public:
  // What starts unknown starts random by `seed`, and so do the gaps.
  explicit VerilatedCard(unsigned seed, Reluctance reluctance = {});
  ~VerilatedCard() override;

  // A frame for the LAN or WAN port; it arrives when clocks run. `mac_error`: the MAC marks it bad.
  void receive(layout::Port port, Buffer frame, bool mac_error = false);
  // What has left through the ports since the last call.
  std::vector<TransmittedFrame> transmitted();

  void set_reluctance(Reluctance reluctance);
  void run(unsigned clocks);
  // Runs until all frames have arrived and the card says that nothing moves inside. False: it did not come to rest.
  [[nodiscard]] bool settle();
  [[nodiscard]] std::uint64_t clocks() const;

  // State inside that no register writes; for a card at rest.
  void set_last_seq(unsigned outbound_sa_index, std::uint64_t seq);
  void set_counter(layout::Counter counter, std::uint64_t value);

  Result<std::uint32_t> read(const layout::Register& reg) override;
  Result<void> write(const layout::Register& reg, std::uint32_t value) override;
  Result<std::unique_ptr<driver::HostMemory>> allocate(std::size_t size) override;
  [[nodiscard]] std::string description() const override { return "verilated card in this process"; }

 private:
  class Model;
  std::unique_ptr<Model> model_;
};

}  // namespace sallyport::tests
