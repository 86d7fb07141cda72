// SPDX-License-Identifier: Apache-2.0
// The software card behind two Linux interfaces.
#include "host/gateway/software_ports.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/descriptor.hpp"
#include "host/base/log.hpp"

namespace sallyport::gateway {
namespace {

// The interface stands for a wire into the card. The kernel must neither answer ARP there (arp_ignore 8: for no
// address) nor speak IPv6 nor forward what it sees.
Result<void> keep_kernel_away(const std::string& interface) {
  const std::pair<std::string, const char*> settings[] = {{"ipv4/conf/" + interface + "/arp_ignore", "8"},
                                                          {"ipv4/conf/" + interface + "/forwarding", "0"},
                                                          {"ipv6/conf/" + interface + "/disable_ipv6", "1"}};
  for (const auto& [path, value] : settings) {
    if (auto r = set_sysctl(path, value); !r) return r;
  }
  return {};
}

}  // namespace

Result<void> set_sysctl(const std::string& path, const char* value) {
  const std::string file = "/proc/sys/net/" + path;
  const Descriptor fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? Result<void>() : errno_error("open " + file);
  if (::write(fd.get(), value, std::strlen(value)) < 0) return errno_error("write " + file);
  return {};
}

Result<std::unique_ptr<SoftwarePorts>> SoftwarePorts::attach(boost::asio::io_context& io, const std::string& lan,
                                                             const std::string& wan) {
  for (const auto& interface : {lan, wan}) {
    if (auto r = keep_kernel_away(interface); !r) return r.error();
  }
  auto lan_port = driver::PacketPort::attach(lan);
  if (!lan_port) return lan_port.error();
  auto wan_port = driver::PacketPort::attach(wan);
  if (!wan_port) return wan_port.error();
  return std::unique_ptr<SoftwarePorts>(new SoftwarePorts(io, std::move(*lan_port), std::move(*wan_port)));
}

std::unique_ptr<driver::SoftwareCard> SoftwarePorts::make_card() {
  return std::make_unique<driver::SoftwareCard>([this](layout::Port port, Bytes frame) {
    auto& out = of(port).port();
    if (auto sent = out.send(frame); !sent) {
      log::debug("port.frame_lost", {{"interface", out.name()}, {"why", sent.error().detail}});
    }
  });
}

Result<void> SoftwarePorts::start(driver::SoftwareCard& card, const std::function<void()>& received) {
  for (const auto port : {layout::Port::kLan, layout::Port::kWan}) {
    auto started = of(port).start([&card, port](const Buffer& frame) { card.receive(port, frame); }, received);
    if (!started) return started;
  }
  return {};
}

}  // namespace sallyport::gateway
