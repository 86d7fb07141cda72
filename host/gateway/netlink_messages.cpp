// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/netlink_messages.hpp"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>

#include "base/bytes.hpp"

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

// What a message of this family says of addresses; nothing for another family.
struct Family {
  std::size_t address_bytes;
  unsigned prefix;  // that lengths count from
};
std::optional<Family> family_of(unsigned number) {
  if (number == AF_INET) return Family{4, driver::kIpv4Prefix};
  if (number == AF_INET6) return Family{16, 0};
  return std::nullopt;
}

std::optional<Address> address_of(const nlattr* attribute, const Family& family) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != family.address_bytes) return std::nullopt;
  ByteReader r(Bytes(static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)), family.address_bytes));
  if (family.address_bytes == 4) return Address::from_v4(r.u32());
  const std::uint64_t high = r.u64();
  const Address address(high, r.u64());
  return address.is_v4() ? std::nullopt : std::optional(address);  // no packet carries a mapped one
}

}  // namespace

std::optional<KernelAddress> parse_address(const nlmsghdr* message) {
  const auto* header = header_of<ifaddrmsg>(message);
  const auto family = header == nullptr ? std::nullopt : family_of(header->ifa_family);
  if (!family) return std::nullopt;
  const auto found = attributes(message, sizeof *header);
  const auto local = address_of(found[IFA_LOCAL] != nullptr ? found[IFA_LOCAL] : found[IFA_ADDRESS], *family);
  const unsigned length = family->prefix + header->ifa_prefixlen;
  if (!local || length > layout::kAddressBits) return std::nullopt;
  return KernelAddress{header->ifa_index, *local, length};
}

std::optional<KernelRoute> parse_route(const nlmsghdr* message) {
  const auto* header = header_of<rtmsg>(message);
  const auto family = header == nullptr ? std::nullopt : family_of(header->rtm_family);
  if (!family || header->rtm_type != RTN_UNICAST) return std::nullopt;
  const auto found = attributes(message, sizeof *header);
  const auto interface = number(found[RTA_OIF]);
  const unsigned length = family->prefix + header->rtm_dst_len;
  if (!interface || length > layout::kAddressBits) return std::nullopt;
  const unsigned table = number(found[RTA_TABLE]).value_or(header->rtm_table);
  if (table != RT_TABLE_MAIN || (header->rtm_flags & (RTNH_F_DEAD | RTM_F_CLONED)) != 0) return std::nullopt;
  // A gateway of another family, or an address that is none of this one: not a route that the card can follow.
  if (found[RTA_VIA] != nullptr) return std::nullopt;
  KernelRoute route;
  const auto put = [&](Address& into, unsigned type) {
    if (found[type] == nullptr) return true;
    const auto address = address_of(found[type], *family);
    into = address.value_or(Address());
    return address.has_value();
  };
  route.destination = family->prefix == 0 ? Address() : Address::from_v4(0);
  if (!put(route.destination, RTA_DST) || !put(route.gateway, RTA_GATEWAY)) return std::nullopt;
  route.prefix_length = length;
  route.metric = number(found[RTA_PRIORITY]).value_or(0);
  route.interface = *interface;
  return route;
}

std::optional<KernelNeighbour> parse_neighbour(const nlmsghdr* message) {
  const auto* header = header_of<ndmsg>(message);
  const auto family = header == nullptr ? std::nullopt : family_of(header->ndm_family);
  if (!family || (header->ndm_state & kUsable) == 0) return std::nullopt;
  const auto found = attributes(message, sizeof *header);
  const auto address = address_of(found[NDA_DST], *family);
  if (!address || found[NDA_LLADDR] == nullptr || mnl_attr_get_payload_len(found[NDA_LLADDR]) != 6) {
    return std::nullopt;
  }
  KernelNeighbour neighbour{static_cast<unsigned>(header->ndm_ifindex), *address, {}};
  const auto* mac = static_cast<const std::uint8_t*>(mnl_attr_get_payload(found[NDA_LLADDR]));
  std::copy_n(mac, 6, neighbour.mac.begin());
  if ((neighbour.mac[0] & 1) != 0) return std::nullopt;  // a group address is no neighbour
  return neighbour;
}

}  // namespace sallyport::gateway
