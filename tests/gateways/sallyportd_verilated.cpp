// SPDX-License-Identifier: Apache-2.0
// sallyportd with the Verilated card in its process, between the two interfaces that the configuration gives the
// software card.
#include <boost/asio/post.hpp>

#include "host/gateway/card_ports.hpp"
#include "host/gateway/daemon_main.hpp"
#include "sim/direct/direct_card.hpp"

namespace sallyport {
namespace {

constexpr sim::Clock kSlice = 200;  // clocks, a millisecond or two of real time, before the daemon has its turn

// Simulated time passes in the daemon's own loop: during a register access, and slice by slice while the card is at
// work. An idle card costs nothing.
class VerilatedCard final : public gateway::OpenCard, private sim::DirectCard {
 public:
  VerilatedCard(boost::asio::io_context& io, std::unique_ptr<gateway::CardPorts> ports)
      : io_(io), ports_(std::move(ports)) {
    for (const auto port : {layout::Port::kLan, layout::Port::kWan}) {
      platform().on_sent(port, [this, port](sim::SentFrame&& frame) { ports_->send(port, frame.data); });
    }
  }

  driver::Card& card() override { return *this; }
  Result<void> start(const std::function<void()>& poll) override {
    poll_ = poll;
    return ports_->start(
        [this](layout::Port port, Bytes frame) { platform().receive(port, Buffer(frame.begin(), frame.end())); },
        [this] { go_on(); });
  }

 private:
  Result<std::uint32_t> read(const layout::Register& reg) override {
    auto value = DirectCard::read(reg);
    go_on();
    return value;
  }
  Result<void> write(const layout::Register& reg, std::uint32_t value) override {
    auto written = DirectCard::write(reg, value);
    go_on();
    return written;
  }

  void go_on() {
    if (posted_ || platform().idle()) return;
    posted_ = true;
    boost::asio::post(io_, [this] {
      posted_ = false;
      platform().run(kSlice);
      poll_();
      go_on();
    });
  }

  boost::asio::io_context& io_;
  std::unique_ptr<gateway::CardPorts> ports_;
  std::function<void()> poll_;
  bool posted_ = false;
};

Result<std::unique_ptr<gateway::OpenCard>> open_card(boost::asio::io_context& io, const gateway::CardConfig& config) {
  auto ports = gateway::CardPorts::attach(io, config.lan_interface, config.wan_interface);
  if (!ports) return ports.error();
  return std::unique_ptr<gateway::OpenCard>(std::make_unique<VerilatedCard>(io, std::move(*ports)));
}

}  // namespace
}  // namespace sallyport

int main(int argc, char** argv) { return sallyport::gateway::daemon_main(argc, argv, sallyport::open_card); }
