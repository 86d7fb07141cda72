// SPDX-License-Identifier: Apache-2.0
#include "host/policy/space.hpp"

#include "driver/ip/ip.hpp"

namespace sallyport::policy {
namespace {

using Number = NumberSet::Number;

const NumberSet kIpv4{Number::from_v4(0), Number::from_v4(0xffffffff)};

// Those of one version. IPv6's numbers have IPv4's amid them.
NumberSet addresses_of(const AddressRange& range, bool v4) {
  static const NumberSet kIpv6 = NumberSet(Number{}, layout::kLastAddress).without(kIpv4);
  if (range == AddressRange::any()) return v4 ? kIpv4 : kIpv6;
  if (range.first.is_v4() != v4) return {};
  return NumberSet(range.first.number(), range.last.number()).intersect(v4 ? kIpv4 : kIpv6);
}

NumberSet protocols_with_ports() {
  NumberSet all;
  for (unsigned protocol = 0; protocol < 256; ++protocol) {
    if (driver::has_ports(static_cast<std::uint8_t>(protocol))) all.add(NumberSet::of(protocol, protocol));
  }
  return all;
}

NumberSet ports_of(const TrafficSelector& end) { return NumberSet::of(end.first_port, end.last_port); }

const NumberSet kAlways = NumberSet::of(0, kMinutesOfWeek - 1);

NumberSet minutes_of(const When& when) {
  if (when.always()) return kAlways;
  NumberSet minutes;
  for (const auto& span : when.spans()) minutes.add(NumberSet::of(span.first, span.last));
  return minutes;
}

// TCP where it may be: people know it best.
std::uint8_t example_protocol(const NumberSet& protocols) {
  constexpr std::uint8_t kTcp = 6;
  if (protocols.meets(NumberSet::of(kTcp, kTcp))) return kTcp;
  return static_cast<std::uint8_t>(protocols.ranges().front().first.low);
}

}  // namespace

PacketSet PacketSpace::of(const Policy& policy) const {
  static const NumberSet kWithPorts = protocols_with_ports();
  static const NumberSet kNoPort = NumberSet::of(0, 0);
  const std::uint64_t protocol = policy.source.protocol;
  const NumberSet protocols = protocol == 0 ? NumberSet::of(0, 255) : NumberSet::of(protocol, protocol);
  PacketSet set;
  for (const bool v4 : {true, false}) {
    Box box;
    box[kSource] = addresses_of(policy.source.addresses, v4);
    box[kDestination] = addresses_of(policy.destination.addresses, v4);
    box[kSender] = senders_.of(policy);
    box[kTime] = minutes_of(policy.when);
    // hw/README.md, Lookups: what has no ports is asked for as having port 0.
    box[kProtocol] = protocols.intersect(kWithPorts);
    box[kSourcePort] = ports_of(policy.source);
    box[kDestinationPort] = ports_of(policy.destination);
    set.add(box);
    box[kProtocol] = protocols.without(kWithPorts);
    box[kSourcePort] = box[kSourcePort].intersect(kNoPort);
    box[kDestinationPort] = box[kDestinationPort].intersect(kNoPort);
    set.add(box);
  }
  return set;
}

std::string PacketSpace::example(const Box& box) const {
  const auto first = [&](Dimension d) { return box[d].ranges().front().first; };
  Policy words;  // for the names of protocols
  words.source.protocol = example_protocol(box[kProtocol]);
  std::string text = IpAddress::from_number(first(kSource)).to_string() + " to " +
                     IpAddress::from_number(first(kDestination)).to_string();
  const std::string protocol = get_word(words, "protocol");
  text += ", " + (protocol.empty() ? "protocol 0" : protocol);
  if (const auto port = first(kDestinationPort).low; port != 0) text += " port " + std::to_string(port);
  text += ", of " + senders_.example(box[kSender]);
  const bool always = kAlways.without(box[kTime]).empty();
  return always ? text : text + " on " + to_string(static_cast<WeekMinute>(first(kTime).low));
}

}  // namespace sallyport::policy
