// SPDX-License-Identifier: Apache-2.0
// What the kernel says about addresses, routes and neighbours.
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "host/gateway/netlink_messages.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

template <class T>
Buffer message(std::uint16_t type, const T& family, const std::vector<std::uint16_t>& numbers,
               std::uint16_t link_address) {
  alignas(nlmsghdr) char room[512] = {};
  nlmsghdr* m = mnl_nlmsg_put_header(room);
  m->nlmsg_type = type;
  *static_cast<T*>(mnl_nlmsg_put_extra_header(m, sizeof(T))) = family;
  for (const std::uint16_t attribute : numbers) mnl_attr_put_u32(m, attribute, 0x0a020000);
  const std::uint8_t mac[] = {2, 0, 0, 0, 0, 1};
  if (link_address != 0) mnl_attr_put(m, link_address, sizeof mac, mac);
  return {room, room + m->nlmsg_len};
}

}  // namespace

std::vector<Buffer> seeds() {
  const ifaddrmsg address{AF_INET, 24, 0, 0, 3};
  const rtmsg route{AF_INET, 16, 0, 0, RT_TABLE_MAIN, 0, 0, RTN_UNICAST, 0};
  ndmsg neighbour{};
  neighbour.ndm_family = AF_INET;
  neighbour.ndm_ifindex = 3;
  neighbour.ndm_state = NUD_REACHABLE;
  return {message(RTM_NEWADDR, address, {IFA_LOCAL, IFA_ADDRESS}, 0),
          message(RTM_NEWROUTE, route, {RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY}, 0),
          message(RTM_NEWNEIGH, neighbour, {NDA_DST}, NDA_LLADDR)};
}

void run(Bytes input) {
  const std::vector<std::max_align_t> room(input.size() / sizeof(std::max_align_t) + 1);
  auto* start = reinterpret_cast<std::uint8_t*>(const_cast<std::max_align_t*>(room.data()));
  std::copy(input.begin(), input.end(), start);
  int left = static_cast<int>(input.size());
  // libmnl takes a length of 2^31 and more for a negative one, and so for a message that fits.
  const auto whole = [&left](const nlmsghdr* m) {
    return mnl_nlmsg_ok(m, left) && m->nlmsg_len <= static_cast<unsigned>(left);
  };
  for (auto* m = reinterpret_cast<nlmsghdr*>(start); whole(m); m = mnl_nlmsg_next(m, &left)) {
    if (const auto a = gateway::parse_address(m))
      must(a->prefix_length <= layout::kAddressBits, "a prefix is one of an address");
    if (const auto r = gateway::parse_route(m))
      must(r->prefix_length <= layout::kAddressBits, "a prefix is one of an address");
    if (const auto n = gateway::parse_neighbour(m)) must((n->mac[0] & 1) == 0, "a neighbour is one host");
  }
}

}  // namespace sallyport::fuzz
