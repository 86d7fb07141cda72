// SPDX-License-Identifier: Apache-2.0
// The software card behind two Linux interfaces.
#include "host/gateway/software_ports.hpp"

#include <unistd.h>

#include "host/base/log.hpp"

namespace sallyport::gateway {
namespace {

constexpr int kBatch = 64;  // frames of one port before the other has its turn; ours

}  // namespace

Result<std::unique_ptr<SoftwarePorts>> SoftwarePorts::attach(boost::asio::io_context& io, const std::string& lan,
                                                             const std::string& wan) {
  auto lan_port = driver::PacketPort::attach(lan);
  if (!lan_port) return lan_port.error();
  auto wan_port = driver::PacketPort::attach(wan);
  if (!wan_port) return wan_port.error();
  return std::unique_ptr<SoftwarePorts>(new SoftwarePorts(io, std::move(*lan_port), std::move(*wan_port)));
}

std::unique_ptr<driver::SoftwareCard> SoftwarePorts::make_card() {
  return std::make_unique<driver::SoftwareCard>([this](layout::Port port, Bytes frame) {
    auto& out = of(port).port;
    if (auto sent = out.send(frame); !sent) {
      log::debug("port.frame_lost", {{"interface", out.name()}, {"why", sent.error().detail}});
    }
  });
}

void SoftwarePorts::start(driver::SoftwareCard& card, std::function<void()> received) {
  card_ = &card;
  received_ = std::move(received);
  for (const auto port : {layout::Port::kLan, layout::Port::kWan}) {
    boost::system::error_code failed;
    // The descriptor stays the port's; what asio closes is its own copy.
    of(port).readable.assign(::dup(of(port).port.fd()), failed);
    if (failed) {
      log::error("port.failed", {{"interface", of(port).port.name()}, {"why", failed.message()}});
      continue;
    }
    listen(port);
  }
}

void SoftwarePorts::listen(layout::Port port) {
  of(port).readable.async_wait(
      boost::asio::posix::descriptor_base::wait_read, [this, port](boost::system::error_code e) {
        if (e) return;
        for (int i = 0; i < kBatch; ++i) {
          auto frame = of(port).port.receive();
          if (!frame) {
            log::warning("port.receive_failed", {{"interface", of(port).port.name()}, {"why", frame.error().detail}});
            break;
          }
          if (!*frame) break;
          card_->receive(port, **frame);
        }
        received_();
        listen(port);
      });
}

}  // namespace sallyport::gateway
