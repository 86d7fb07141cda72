// SPDX-License-Identifier: Apache-2.0
#include "host/mark/sender.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "host/ipsec/address.hpp"
#include "host/mark/user_table.hpp"

namespace sallyport::mark {
namespace {

// An address for the kernel.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  SocketAddress() = default;
  explicit SocketAddress(Bytes address, std::uint16_t port = 0) {
    if (address.size() == 4) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      std::copy(address.begin(), address.end(), reinterpret_cast<std::uint8_t*>(&v4.sin_addr));
      size = sizeof v4;
    } else {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      std::copy(address.begin(), address.end(), reinterpret_cast<std::uint8_t*>(&v6.sin6_addr));
      size = sizeof v6;
    }
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Of packets past the user's own table.
Result<Descriptor> marked_socket(int family, int type, int protocol) {
  Descriptor fd(::socket(family, type | SOCK_CLOEXEC, protocol));
  if (!fd.valid()) return errno_error("open a socket for marked packets");
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &kMarkedBit, sizeof kMarkedBit) != 0) {
    return errno_error("set SO_MARK");
  }
  return fd;
}

}  // namespace

Result<Sender> Sender::open(bool ipv6) {
  // raw(7): IPPROTO_RAW sends whole packets and receives none.
  auto fd = marked_socket(ipv6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_RAW);
  if (!fd) return fd.error();
  return Sender(std::move(*fd));
}

std::size_t Sender::send(std::span<const Buffer> packets) const {
  constexpr std::size_t kAtOnce = 64;
  std::size_t taken = 0;
  while (!packets.empty()) {
    const std::size_t count = std::min(packets.size(), kAtOnce);
    std::array<SocketAddress, kAtOnce> to;
    std::array<iovec, kAtOnce> bytes;
    std::array<mmsghdr, kAtOnce> messages{};
    for (std::size_t i = 0; i < count; ++i) {
      const Bytes packet = packets[i];
      to[i] = SocketAddress(packet[0] >> 4 == 4 ? packet.subspan(16, 4) : packet.subspan(24, 16));
      bytes[i] = {const_cast<std::uint8_t*>(packet.data()), packet.size()};
      messages[i].msg_hdr.msg_name = &to[i].storage;
      messages[i].msg_hdr.msg_namelen = to[i].size;
      messages[i].msg_hdr.msg_iov = &bytes[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(fd_.get(), messages.data(), static_cast<unsigned>(count), 0);
    if (sent < 0 && errno == EINTR) continue;
    // It stops at the first that it does not take, which is named only where it is the first of all.
    taken += sent > 0 ? static_cast<std::size_t>(sent) : 0;
    packets = packets.subspan(sent > 0 ? static_cast<std::size_t>(sent) : 1);
  }
  return taken;
}

std::optional<Sender::Path> Sender::path_to(const layout::Address& address) {
  const IpAddress plain = IpAddress::from_number(address);
  const bool v4 = plain.is_v4();
  // A connected datagram socket has a route, and sends nothing.
  const auto fd = marked_socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  if (!fd) return std::nullopt;
  constexpr std::uint16_t kDiscard = 9;  // RFC 863: some port
  const SocketAddress to(plain.bytes(), kDiscard);
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  int mtu = 0;
  socklen_t mtu_size = sizeof mtu;
  if (::connect(fd->get(), to.get(), to.size) != 0 ||
      ::getsockname(fd->get(), reinterpret_cast<sockaddr*>(&own), &size) != 0 ||
      ::getsockopt(fd->get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &mtu_size) != 0) {
    return std::nullopt;
  }
  const auto* raw = v4 ? reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in&>(own).sin_addr)
                       : reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in6&>(own).sin6_addr);
  const auto source = IpAddress::from_bytes({raw, plain.bytes().size()});
  if (!source) return std::nullopt;
  return Path{source->number(), static_cast<unsigned>(mtu)};
}

}  // namespace sallyport::mark
