// SPDX-License-Identifier: Apache-2.0
// sallyportd, the gateway daemon, with the cards it can have: what XRT opens, or the software card.
#include "driver/software/software_card.hpp"
#include "driver/xrt/xrt_card.hpp"
#include "host/gateway/card_ports.hpp"
#include "host/gateway/daemon_main.hpp"

namespace sallyport::gateway {
namespace {

class XrtCard final : public OpenCard {
 public:
  explicit XrtCard(std::unique_ptr<driver::Card> card) : card_(std::move(card)) {}
  driver::Card& card() override { return *card_; }
  Result<void> start(const std::function<void()>&) override { return {}; }  // its ports are its own

 private:
  std::unique_ptr<driver::Card> card_;
};

class CardInSoftware final : public OpenCard {
 public:
  explicit CardInSoftware(std::unique_ptr<CardPorts> ports) : ports_(std::move(ports)) {}
  driver::Card& card() override { return card_; }
  Result<void> start(const std::function<void()>& poll) override {
    return ports_->start([this](layout::Port port, Bytes frame) { card_.receive(port, frame); }, poll);
  }

 private:
  std::unique_ptr<CardPorts> ports_;
  driver::SoftwareCard card_{[this](layout::Port port, Bytes frame) { ports_->send(port, frame); }};
};

Result<std::unique_ptr<OpenCard>> open_card(boost::asio::io_context& io, const CardConfig& config) {
  if (config.backend == CardConfig::Backend::kXrt) {
    auto card = driver::open_xrt_card(config.device, config.xclbin);
    if (!card) return card.error();
    return std::unique_ptr<OpenCard>(std::make_unique<XrtCard>(std::move(*card)));
  }
  auto ports = CardPorts::attach(io, config.lan_interface, config.wan_interface);
  if (!ports) return ports.error();
  return std::unique_ptr<OpenCard>(std::make_unique<CardInSoftware>(std::move(*ports)));
}

}  // namespace
}  // namespace sallyport::gateway

int main(int argc, char** argv) { return sallyport::gateway::daemon_main(argc, argv, sallyport::gateway::open_card); }
