// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "driver/software/software_card.hpp"
#include "sim/card/card_model.hpp"

namespace sallyport::sim {
namespace {

// The software card by offset instead of by register.
layout::Register at_offset(std::uint32_t offset) {
  return {"register", offset, 1, layout::Access::kReadWrite, 0, "named by its offset alone"};
}

class SoftwareModel : public CardModel {
 public:
  SoftwareModel(driver::HostBus& host, Transmit transmit) : card_(std::move(transmit), host) {}
  std::uint32_t read(std::uint32_t offset) override { return card_.read(at_offset(offset)).value_or(~0U); }
  void write(std::uint32_t offset, std::uint32_t value) override { (void)card_.write(at_offset(offset), value); }
  void receive(layout::Port port, Buffer frame) override { card_.receive(port, frame); }
  std::size_t waiting(layout::Port) override { return 0; }
  void run() override {}
  bool idle() override { return true; }  // it does everything within the call

 private:
  driver::SoftwareCard card_;
};

}  // namespace

std::unique_ptr<CardModel> make_software_model(driver::HostBus& host, CardModel::Transmit transmit) {
  return std::make_unique<SoftwareModel>(host, std::move(transmit));
}

}  // namespace sallyport::sim
