// SPDX-License-Identifier: Apache-2.0
#include "driver/linux_port/packet_port.hpp"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "driver/linux_port/sysctl.hpp"

namespace sallyport::driver {
namespace {

constexpr std::size_t kLargestFrame = 65536;
constexpr int kSocketBuffer = 8 << 20;  // bytes; ours: bursts while the process is elsewhere

Result<ifreq> request_for(const std::string& name) {
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name) {
    return Error{Errc::kInvalid, "'" + name + "' is no name of an interface: 1 to 15 characters"};
  }
  std::copy(name.begin(), name.end(), request.ifr_name);
  return request;
}

// The interface stands for a wire, and what arrives on it is for whoever is at its end alone: where the kernel answered
// ARP for the gateway's addresses too, packets would go to its MAC address and past the card.
Result<void> keep_kernel_away(const std::string& interface, ifreq request) {
  const Descriptor control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::ioctl(control.get(), SIOCGIFFLAGS, &request) != 0) return errno_error(interface + ": flags");
  request.ifr_flags |= IFF_NOARP;
  if (::ioctl(control.get(), SIOCSIFFLAGS, &request) != 0) {
    return errno_error(interface + ": switch ARP off (needs CAP_NET_ADMIN)");
  }
  if (auto r = set_sysctl("ipv4/conf/" + interface + "/forwarding", "0"); !r) return r;
  return set_sysctl("ipv6/conf/" + interface + "/disable_ipv6", "1");
}

// Linux takes a VLAN tag out of a frame that arrives, and says beside it what it was. Here it goes back in.
void put_tag_back(const msghdr& message, Buffer& frame) {
  constexpr std::size_t kMacAddresses = 12;
  for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(c))) {
    if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata told{};
    std::memcpy(&told, CMSG_DATA(c), sizeof told);
    if ((told.tp_status & TP_STATUS_VLAN_VALID) == 0 || frame.size() < kMacAddresses) continue;
    const bool knows_type = (told.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    ByteWriter tag;
    tag.u16(knows_type ? told.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q}).u16(told.tp_vlan_tci);
    frame.insert(frame.begin() + kMacAddresses, tag.view().begin(), tag.view().end());
  }
}

}  // namespace

Result<PacketPort> PacketPort::attach(const std::string& interface) {
  auto request = request_for(interface);
  if (!request) return request.error();
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) return Error{Errc::kNotFound, interface + ": no such interface"};
  if (auto r = keep_kernel_away(interface, *request); !r) return r.error();
  // Protocol 0 until bound, so that no frame of another interface gets in.
  Descriptor fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_error("AF_PACKET socket (needs CAP_NET_RAW)");
  const int yes = 1;
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) != 0) {
    return errno_error("PACKET_IGNORE_OUTGOING");
  }
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_AUXDATA, &yes, sizeof yes) != 0) return errno_error("PACKET_AUXDATA");
  packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(index);
  membership.mr_type = PACKET_MR_PROMISC;
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
    return errno_error(interface + ": promiscuous mode");
  }
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kSocketBuffer, sizeof kSocketBuffer);
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kSocketBuffer, sizeof kSocketBuffer);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htobe16(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return errno_error(interface + ": bind");
  }
  return PacketPort(std::move(fd), true, interface, index);
}

Result<PacketPort> PacketPort::create_tap(const std::string& name, const MacAddress& mac, unsigned mtu) {
  auto request = request_for(name);
  if (!request) return request.error();
  if (if_nametoindex(name.c_str()) != 0)
    return Error{Errc::kExists, name + ": an interface of this name exists already"};
  Descriptor fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return errno_error("open /dev/net/tun");
  request->ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &*request) != 0) return errno_error("TAP device " + name + " (needs CAP_NET_ADMIN)");
  request->ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::copy(mac.begin(), mac.end(), reinterpret_cast<std::uint8_t*>(request->ifr_hwaddr.sa_data));
  if (::ioctl(fd.get(), SIOCSIFHWADDR, &*request) != 0) return errno_error(name + ": set the MAC address");
  Descriptor control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  request->ifr_mtu = static_cast<int>(mtu);
  if (::ioctl(control.get(), SIOCSIFMTU, &*request) != 0) return errno_error(name + ": set the MTU");
  request->ifr_flags = IFF_UP | IFF_BROADCAST | IFF_MULTICAST;
  if (::ioctl(control.get(), SIOCSIFFLAGS, &*request) != 0) return errno_error(name + ": set up");
  return PacketPort(std::move(fd), false, name, if_nametoindex(name.c_str()));
}

Result<void> PacketPort::send(Bytes frame) {
  for (;;) {
    const ssize_t n = ::write(fd_.get(), frame.data(), frame.size());
    if (n >= 0) return {};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS || errno == ENETDOWN || errno == EIO) {
      return Error{Errc::kBusy, name_ + ": " + std::strerror(errno)};
    }
    return errno_error(name_ + ": send");
  }
}

Result<std::optional<Buffer>> PacketPort::receive() {
  Buffer frame(kLargestFrame);
  for (;;) {
    iovec data{frame.data(), frame.size()};
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(tpacket_auxdata))> beside{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = beside.data();
    message.msg_controllen = beside.size();
    const ssize_t n = is_socket_ ? ::recvmsg(fd_.get(), &message, 0) : ::read(fd_.get(), frame.data(), frame.size());
    if (n >= 0) {
      frame.resize(static_cast<std::size_t>(n));
      if (is_socket_) put_tag_back(message, frame);
      return std::optional<Buffer>(std::move(frame));
    }
    if (errno == EINTR) continue;
    // ENETDOWN is told once when the interface goes down; frames come again when it is up.
    if (errno == EAGAIN || errno == ENETDOWN) return std::optional<Buffer>();
    return errno_error(name_ + ": receive");
  }
}

}  // namespace sallyport::driver
