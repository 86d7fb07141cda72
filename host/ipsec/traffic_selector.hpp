// SPDX-License-Identifier: Apache-2.0
// RFC 7296 3.13.1: a traffic selector names packets by protocol, port and address.
#pragma once

#include <optional>
#include <vector>

#include "host/ipsec/address.hpp"

namespace sallyport {

struct TrafficSelector {
  std::uint8_t protocol = 0;  // IANA protocol number; 0: any
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 65535;
  AddressRange addresses;

  // "10.1.0.0/24", "10.1.0.7[tcp]", "10.1.0.7[tcp/443]", "10.1.0.7[udp/1000-2000]", "10.1.0.7[/53]". Protocols are
  // icmp, tcp, udp, ipv6-icmp, sctp or a number.
  static Result<TrafficSelector> parse(std::string_view text);
  static TrafficSelector of(const AddressRange& addresses);

  [[nodiscard]] bool any_port() const { return first_port == 0 && last_port == 65535; }
  [[nodiscard]] bool contains(const TrafficSelector& other) const;
  [[nodiscard]] std::optional<TrafficSelector> intersect(const TrafficSelector& other) const;
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const TrafficSelector&, const TrafficSelector&) = default;
};

using TrafficSelectors = std::vector<TrafficSelector>;

// RFC 7296 2.9: what the responder answers: the packets that both lists name, in the order of what was offered, none
// of them within another. Empty: TS_UNACCEPTABLE.
[[nodiscard]] TrafficSelectors narrow(const TrafficSelectors& offered, const TrafficSelectors& allowed);

// True when every selector of inner lies within one of outer.
[[nodiscard]] bool covers(const TrafficSelectors& outer, const TrafficSelectors& inner);

[[nodiscard]] std::string to_string(const TrafficSelectors& selectors);  // separated by ", "

}  // namespace sallyport
