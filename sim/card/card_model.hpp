// SPDX-License-Identifier: Apache-2.0
// A card to be simulated as a process: the Verilated RTL, or the software card in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/bytes.hpp"
#include "hw/layout/codes.hpp"
#include "sim/platform/platform.hpp"

namespace sallyport::sim {

class CardModel {
 public:
  using Transmit = std::function<void(layout::Port, Bytes frame)>;

  virtual ~CardModel() = default;
  virtual std::uint32_t read(std::uint32_t offset) = 0;
  virtual void write(std::uint32_t offset, std::uint32_t value) = 0;
  virtual void receive(layout::Port port, Buffer frame) = 0;
  // Frames given to `port` that the card has not yet taken.
  [[nodiscard]] virtual std::size_t waiting(layout::Port port) = 0;
  // Lets some time pass: little enough to look at sockets in between.
  virtual void run() = 0;
  [[nodiscard]] virtual bool idle() = 0;
};

// `transmit` is called from within the other calls and may not call back.
std::unique_ptr<CardModel> make_rtl_model(driver::HostBus& host, const PlatformOptions& options,
                                          CardModel::Transmit transmit);
std::unique_ptr<CardModel> make_software_model(driver::HostBus& host, CardModel::Transmit transmit);

}  // namespace sallyport::sim
