// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "sim/card/card_model.hpp"

namespace sallyport::sim {
namespace {

constexpr Clock kSlice = 200;  // clocks: a millisecond or two of real time

class RtlModel : public CardModel {
 public:
  RtlModel(driver::HostBus& host, const PlatformOptions& options, Transmit transmit)
      : platform_(host, options), transmit_(std::move(transmit)) {
    for (const layout::Port port : {layout::Port::kLan, layout::Port::kWan}) {
      platform_.on_sent(port, [this, port](SentFrame&& frame) { transmit_(port, frame.data); });
    }
  }
  // A card that has stopped answering looks like an absent one: all bits one.
  std::uint32_t read(std::uint32_t offset) override { return platform_.read(offset).value_or(~0U); }
  void write(std::uint32_t offset, std::uint32_t value) override { (void)platform_.write(offset, value); }
  void receive(layout::Port port, Buffer frame) override { platform_.receive(port, std::move(frame)); }
  std::size_t waiting(layout::Port port) override { return platform_.port(port).waiting(); }
  void run() override { platform_.run(kSlice); }
  bool idle() override { return platform_.idle(); }

 private:
  Platform platform_;
  Transmit transmit_;
};

}  // namespace

std::unique_ptr<CardModel> make_rtl_model(driver::HostBus& host, const PlatformOptions& options,
                                          CardModel::Transmit transmit) {
  return std::make_unique<RtlModel>(host, options, std::move(transmit));
}

}  // namespace sallyport::sim
