// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/netlink_messages.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>

namespace sallyport::gateway {
namespace {

// States in which a neighbour's MAC address may be used (RFC 4861 7.3.2 for IPv6; Linux has the same for ARP).
constexpr unsigned kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

using Attributes = std::array<const nlattr*, RTA_MAX + 1>;
static_assert(RTA_MAX >= IFA_MAX && RTA_MAX >= NDA_MAX);

// The family's header, when the message is long enough for it.
template <class T>
const T* header_of(const nlmsghdr* message) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(T)) return nullptr;
  return static_cast<const T*>(mnl_nlmsg_get_payload(message));
}

Attributes attributes(const nlmsghdr* message, std::size_t header) {
  Attributes out{};
  mnl_attr_parse(
      message, static_cast<unsigned>(header),
      [](const nlattr* attribute, void* data) {
        const auto type = mnl_attr_get_type(attribute);
        auto& found = *static_cast<Attributes*>(data);
        if (type < found.size()) found[type] = attribute;
        return MNL_CB_OK;
      },
      &out);
  return out;
}

std::optional<std::uint32_t> number(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_validate(attribute, MNL_TYPE_U32) < 0) return std::nullopt;
  return mnl_attr_get_u32(attribute);
}

std::uint32_t address_of(const nlattr* attribute) { return ntohl(number(attribute).value_or(0)); }

}  // namespace

std::optional<KernelAddress> parse_address(const nlmsghdr* message) {
  const auto* header = header_of<ifaddrmsg>(message);
  if (header == nullptr || header->ifa_family != AF_INET) return std::nullopt;
  const auto found = attributes(message, sizeof *header);
  const nlattr* local = found[IFA_LOCAL] != nullptr ? found[IFA_LOCAL] : found[IFA_ADDRESS];
  if (!number(local) || header->ifa_prefixlen > 32) return std::nullopt;
  return KernelAddress{header->ifa_index, address_of(local), header->ifa_prefixlen};
}

std::optional<KernelRoute> parse_route(const nlmsghdr* message) {
  const auto* header = header_of<rtmsg>(message);
  if (header == nullptr || header->rtm_family != AF_INET || header->rtm_type != RTN_UNICAST) return std::nullopt;
  const auto found = attributes(message, sizeof *header);
  const auto interface = number(found[RTA_OIF]);
  if (!interface || header->rtm_dst_len > 32) return std::nullopt;
  const unsigned table = number(found[RTA_TABLE]).value_or(header->rtm_table);
  if (table != RT_TABLE_MAIN || (header->rtm_flags & RTNH_F_DEAD) != 0) return std::nullopt;
  // A gateway of another family, or an address that is none of IPv4: not a route that the card can follow.
  if (found[RTA_VIA] != nullptr) return std::nullopt;
  for (const auto* address : {found[RTA_DST], found[RTA_GATEWAY]}) {
    if (address != nullptr && !number(address)) return std::nullopt;
  }
  KernelRoute route;
  route.destination = address_of(found[RTA_DST]);
  route.prefix_length = header->rtm_dst_len;
  route.metric = number(found[RTA_PRIORITY]).value_or(0);
  route.interface = *interface;
  route.gateway = address_of(found[RTA_GATEWAY]);
  return route;
}

std::optional<KernelNeighbour> parse_neighbour(const nlmsghdr* message) {
  const auto* header = header_of<ndmsg>(message);
  if (header == nullptr || header->ndm_family != AF_INET || (header->ndm_state & kUsable) == 0) return std::nullopt;
  const auto found = attributes(message, sizeof *header);
  if (!number(found[NDA_DST]) || found[NDA_LLADDR] == nullptr || mnl_attr_get_payload_len(found[NDA_LLADDR]) != 6) {
    return std::nullopt;
  }
  KernelNeighbour neighbour{static_cast<unsigned>(header->ndm_ifindex), address_of(found[NDA_DST]), {}};
  const auto* mac = static_cast<const std::uint8_t*>(mnl_attr_get_payload(found[NDA_LLADDR]));
  std::copy_n(mac, 6, neighbour.mac.begin());
  if ((neighbour.mac[0] & 1) != 0) return std::nullopt;  // a group address is no neighbour
  return neighbour;
}

}  // namespace sallyport::gateway
