// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/card_ports.hpp"

#include <unistd.h>

#include "host/base/log.hpp"

namespace sallyport::gateway {
namespace {

constexpr int kBatch = 64;  // frames of one port before the other has its turn; ours

}  // namespace

Result<std::unique_ptr<CardPorts>> CardPorts::attach(boost::asio::io_context& io, const std::string& lan,
                                                     const std::string& wan) {
  auto lan_port = driver::PacketPort::attach(lan);
  if (!lan_port) return lan_port.error();
  auto wan_port = driver::PacketPort::attach(wan);
  if (!wan_port) return wan_port.error();
  return std::unique_ptr<CardPorts>(new CardPorts(io, std::move(*lan_port), std::move(*wan_port)));
}

void CardPorts::send(layout::Port port, Bytes frame) {
  auto& out = of(port).port;
  if (auto sent = out.send(frame); !sent) {
    log::debug("port.frame_lost", {{"interface", out.name()}, {"why", sent.error().detail}});
  }
}

void CardPorts::start(std::function<void(layout::Port, Bytes)> take, std::function<void()> taken) {
  take_ = std::move(take);
  taken_ = std::move(taken);
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

void CardPorts::listen(layout::Port port) {
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
          take_(port, **frame);
        }
        taken_();
        listen(port);
      });
}

}  // namespace sallyport::gateway
