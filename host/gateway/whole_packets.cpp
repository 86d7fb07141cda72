// SPDX-License-Identifier: Apache-2.0
// Raw sockets (raw(7)) for ESP and AH.
#include "host/gateway/whole_packets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "base/descriptor.hpp"

namespace sallyport::gateway {
namespace {

constexpr std::size_t kLargestPacket = 65536;
constexpr int kBatch = 64;  // packets of one socket before others have their turn; ours

driver::Address address_of(const in6_addr& from) {
  ByteReader r(Bytes(from.s6_addr, sizeof from.s6_addr));
  const std::uint64_t high = r.u64();
  return {high, r.u64()};
}

// What kind of extension header such a message holds (RFC 3542 8, 9, 7).
std::optional<std::uint8_t> extension_in(const cmsghdr& said) {
  switch (said.cmsg_type) {
    case IPV6_HOPOPTS:
      return driver::kHopByHopOptions;
    case IPV6_DSTOPTS:
      return driver::kDestinationOptions;
    case IPV6_RTHDR:
      return driver::kRouting;
    default:
      return std::nullopt;
  }
}

// What the kernel says beside a packet of IPv6 (RFC 3542 6): IPv4's comes with its header, this one without. Of the
// header, AH covers what is said here, extension headers among it, which are told in their order; ESP's CE mark matters
// too (RFC 4301 5.1.2).
driver::IpHeader header_of(msghdr& message, const sockaddr_in6& from) {
  driver::IpHeader header;
  header.ipv6 = true;
  header.ttl = 64;
  header.source = address_of(from.sin6_addr);
  for (cmsghdr* said = CMSG_FIRSTHDR(&message); said != nullptr; said = CMSG_NXTHDR(&message, said)) {
    if (said->cmsg_level != IPPROTO_IPV6) continue;
    if (said->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo to{};
      std::memcpy(&to, CMSG_DATA(said), sizeof to);
      header.destination = address_of(to.ipi6_addr);
    } else if (said->cmsg_type == IPV6_TCLASS) {
      int tos = 0;
      std::memcpy(&tos, CMSG_DATA(said), sizeof tos);
      header.tos = static_cast<std::uint8_t>(tos);
    } else if (const auto kind = extension_in(*said)) {
      if (header.extras.empty()) header.first_extension = *kind;
      const auto* first = CMSG_DATA(said);
      header.extras.insert(header.extras.end(), first, first + (said->cmsg_len - CMSG_LEN(0)));
    }
  }
  return header;
}

}  // namespace

Result<std::unique_ptr<WholePackets>> WholePackets::listen(boost::asio::io_context& io, const std::string& interface,
                                                           std::function<void(Bytes packet)> take) {
  std::unique_ptr<WholePackets> out(new WholePackets(std::move(take)));
  for (const bool ipv6 : {false, true}) {
    for (const std::uint8_t protocol : {driver::kProtocolEsp, driver::kProtocolAh}) {
      if (auto opened = out->open(io, interface, ipv6, protocol); !opened) return opened.error();
    }
  }
  return out;
}

Result<void> WholePackets::open(boost::asio::io_context& io, const std::string& interface, bool ipv6,
                                std::uint8_t protocol) {
  const Descriptor fd(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd.valid() && ipv6 && errno == EAFNOSUPPORT) return {};  // a kernel without IPv6 puts nothing of it together
  if (!fd.valid()) return errno_error("raw socket (needs CAP_NET_RAW)");
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                   static_cast<socklen_t>(interface.size())) != 0) {
    return errno_error(interface + ": bind a raw socket");
  }
  for (const int what : {IPV6_RECVPKTINFO, IPV6_RECVTCLASS, IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVRTHDR}) {
    const int on = 1;
    if (ipv6 && ::setsockopt(fd.get(), IPPROTO_IPV6, what, &on, sizeof on) != 0) {
      return errno_error("raw socket of IPv6");
    }
  }
  Socket& socket = sockets_.emplace_back(io, ipv6, protocol);
  boost::system::error_code failed;
  socket.descriptor.assign(::dup(fd.get()), failed);
  if (failed) return Error{Errc::kIo, "raw socket: " + failed.message()};
  receive(socket);
  return {};
}

void WholePackets::receive(Socket& socket) {
  socket.descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                               [this, &socket](boost::system::error_code e) {
                                 if (e) return;
                                 for (int i = 0; i < kBatch && receive_one(socket); ++i) {
                                 }
                                 receive(socket);
                               });
}

// False: nothing waits.
bool WholePackets::receive_one(Socket& socket) {
  Buffer room(kLargestPacket);
  alignas(cmsghdr) std::uint8_t said[512];
  sockaddr_in6 from{};
  iovec part{room.data(), room.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = said;
  message.msg_controllen = sizeof said;
  const ssize_t n = ::recvmsg(socket.descriptor.native_handle(), &message, 0);
  if (n < 0) return errno == EINTR;
  const Bytes received = Bytes(room).first(static_cast<std::size_t>(n));
  take_(socket.ipv6 ? driver::write_ip(header_of(message, from), socket.protocol, received)
                    : Buffer(received.begin(), received.end()));
  return true;
}

}  // namespace sallyport::gateway
