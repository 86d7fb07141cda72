// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/card_ports.hpp"

#include "host/base/log.hpp"

namespace sallyport::gateway {

Result<std::unique_ptr<CardPorts>> CardPorts::attach(boost::asio::io_context& io, const std::string& lan,
                                                     const std::string& wan) {
  auto lan_port = driver::PacketPort::attach(lan);
  if (!lan_port) return lan_port.error();
  auto wan_port = driver::PacketPort::attach(wan);
  if (!wan_port) return wan_port.error();
  return std::unique_ptr<CardPorts>(new CardPorts(io, std::move(*lan_port), std::move(*wan_port)));
}

void CardPorts::send(layout::Port port, Bytes frame) {
  auto& out = of(port).port();
  if (auto sent = out.send(frame); !sent) {
    log::debug("port.frame_lost", {{"interface", out.name()}, {"why", sent.error().detail}});
  }
}

Result<void> CardPorts::start(const std::function<void(layout::Port, Bytes)>& take,
                              const std::function<void()>& taken) {
  for (const auto port : {layout::Port::kLan, layout::Port::kWan}) {
    auto started = of(port).start([take, port](const Buffer& frame) { take(port, frame); }, taken);
    if (!started) return started;
  }
  return {};
}

}  // namespace sallyport::gateway
