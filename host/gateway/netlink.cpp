// SPDX-License-Identifier: Apache-2.0
// Following the kernel by libmnl (rtnetlink(7)).
#include "host/gateway/netlink.hpp"

#include <fcntl.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "host/gateway/netlink_request.hpp"
#include "host/ipsec/address.hpp"

namespace sallyport::gateway {
namespace {

constexpr int kReadAgain = 10;  // times, when the kernel changed what it was listing; ours

}  // namespace

void Netlink::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

Netlink::Netlink(Netlink&&) noexcept = default;
Netlink& Netlink::operator=(Netlink&&) noexcept = default;
Netlink::~Netlink() = default;

Result<Netlink> Netlink::open() {
  Socket notices(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  Socket requests(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!notices || !requests) return errno_error("open a netlink socket");
  constexpr unsigned kGroups =
      RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_ROUTE | RTMGRP_IPV6_IFADDR;
  if (mnl_socket_bind(notices.get(), kGroups, MNL_SOCKET_AUTOPID) < 0 ||
      mnl_socket_bind(requests.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    return errno_error("bind a netlink socket");
  }
  const int fd = mnl_socket_get_fd(notices.get());
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) < 0) return errno_error("fcntl");
  return Netlink(std::move(notices), std::move(requests));
}

int Netlink::fd() const { return mnl_socket_get_fd(notices_.get()); }

Result<bool> Netlink::drain() {
  std::array<char, kNetlinkBytes> buffer;
  bool changed = false;
  for (;;) {
    const auto n = mnl_socket_recvfrom(notices_.get(), buffer.data(), buffer.size());
    if (n >= 0) {
      changed = true;
    } else if (errno == ENOBUFS) {  // notices were lost: whatever they were, look again
      changed = true;
    } else if (errno == EAGAIN || errno == EINTR) {
      return changed;
    } else {
      return errno_error("read netlink");
    }
  }
}

Result<KernelView> Netlink::view(const std::vector<unsigned>& interfaces) {
  auto view = view_once(interfaces);
  for (int again = kReadAgain; again > 0 && !view && view.error().code == Errc::kBusy; --again) {
    view = view_once(interfaces);
  }
  return view;
}

Result<KernelView> Netlink::view_once(const std::vector<unsigned>& interfaces) {
  KernelView out;
  const auto ours = [&](unsigned interface) {
    return std::find(interfaces.begin(), interfaces.end(), interface) != interfaces.end();
  };

  NetlinkRequest<ifaddrmsg> addresses(RTM_GETADDR, NLM_F_DUMP);
  addresses.body->ifa_family = AF_UNSPEC;
  auto done =
      ask(requests_.get(), addresses.message, ++sequence_, "read the kernel's addresses", [&](const nlmsghdr* m) {
        if (const auto a = parse_address(m); a && ours(a->interface)) out.addresses.push_back(*a);
      });
  if (!done) return done.error();

  NetlinkRequest<rtmsg> routes(RTM_GETROUTE, NLM_F_DUMP);
  routes.body->rtm_family = AF_UNSPEC;
  done = ask(requests_.get(), routes.message, ++sequence_, "read the kernel's routes", [&](const nlmsghdr* m) {
    if (const auto r = parse_route(m); r && ours(r->interface)) out.routes.push_back(*r);
  });
  if (!done) return done.error();

  NetlinkRequest<ndmsg> neighbours(RTM_GETNEIGH, NLM_F_DUMP);
  neighbours.body->ndm_family = AF_UNSPEC;
  done = ask(requests_.get(), neighbours.message, ++sequence_, "read the kernel's neighbours", [&](const nlmsghdr* m) {
    if (const auto n = parse_neighbour(m); n && ours(n->interface)) out.neighbours[{n->interface, n->address}] = n->mac;
  });
  if (!done) return done.error();

  std::sort(out.addresses.begin(), out.addresses.end());
  std::sort(out.routes.begin(), out.routes.end());
  return out;
}

Result<void> Netlink::add_address(const KernelAddress& added) {
  NetlinkRequest<ifaddrmsg> request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK);
  const unsigned length = kernel_length(added.address, added.prefix_length);
  request.body->ifa_family = kernel_family(added.address);
  request.body->ifa_prefixlen = static_cast<std::uint8_t>(length);
  request.body->ifa_index = added.interface;
  // Of use at once, as an address of IPv4 is: IKE's sockets are bound to it. (RFC 4862 5.4 waits for a second.)
  if (!added.address.is_v4()) request.body->ifa_flags = IFA_F_NODAD;
  put_address(request.message, IFA_LOCAL, added.address);
  put_address(request.message, IFA_ADDRESS, added.address);
  if (added.address.is_v4() && length < 31) {
    put_address(request.message, IFA_BROADCAST, Address::from_v4(added.address.v4() | (0xffffffffU >> length)));
  }
  return ask(requests_.get(), request.message, ++sequence_, "add the address " + to_string(added.address));
}

Result<void> Netlink::add_route(const KernelRoute& route) {
  NetlinkRequest<rtmsg> request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK);
  const bool on_link = route.gateway == Address();
  request.body->rtm_family = kernel_family(route.destination);
  request.body->rtm_dst_len = kernel_length(route.destination, route.prefix_length);
  request.body->rtm_table = RT_TABLE_MAIN;
  request.body->rtm_protocol = RTPROT_STATIC;
  request.body->rtm_scope = on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  request.body->rtm_type = RTN_UNICAST;
  put_address(request.message, RTA_DST, route.destination);
  if (!on_link) put_address(request.message, RTA_GATEWAY, route.gateway);
  mnl_attr_put_u32(request.message, RTA_OIF, route.interface);
  if (route.metric != 0) mnl_attr_put_u32(request.message, RTA_PRIORITY, route.metric);
  return ask(requests_.get(), request.message, ++sequence_, "add a route to " + to_string(route.destination));
}

Result<void> Netlink::add_neighbour(const KernelNeighbour& neighbour) {
  NetlinkRequest<ndmsg> request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_ACK);  // without NLM_F_REPLACE
  request.body->ndm_family = kernel_family(neighbour.address);
  request.body->ndm_ifindex = static_cast<int>(neighbour.interface);
  request.body->ndm_state = NUD_STALE;
  put_address(request.message, NDA_DST, neighbour.address);
  mnl_attr_put(request.message, NDA_LLADDR, neighbour.mac.size(), neighbour.mac.data());
  return ask(requests_.get(), request.message, ++sequence_, "add the neighbour " + to_string(neighbour.address));
}

Result<void> Netlink::resolve(unsigned interface, const Address& address) {
  NetlinkRequest<ndmsg> request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_ACK);
  request.body->ndm_family = kernel_family(address);
  request.body->ndm_ifindex = static_cast<int>(interface);
  request.body->ndm_state = NUD_NONE;
  request.body->ndm_flags = NTF_USE;
  put_address(request.message, NDA_DST, address);
  return ask(requests_.get(), request.message, ++sequence_, "resolve " + to_string(address));
}

std::string to_string(const Address& address) { return IpAddress::from_number(address).to_string(); }

}  // namespace sallyport::gateway
