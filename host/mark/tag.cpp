// SPDX-License-Identifier: Apache-2.0
#include "host/mark/tag.hpp"

namespace sallyport::mark {
namespace {

// RFC 5771 and RFC 919: 224.0.0.0 and above is nobody's own, broadcast included. RFC 4291 2.7.
bool is_group(const driver::Address& address) {
  return address.is_v4() ? address.v4() >> 28 >= 0xe : address.high >> 56 == 0xff;
}

}  // namespace

Tagger::Outcome Tagger::put(Bytes packet, Buffer& tagged) const {
  if (packet.empty()) return Outcome::kNotForThere;
  const bool ipv6 = packet[0] >> 4 == 6;
  driver::IpPacket read;
  const auto fault = driver::read_ip(packet, ipv6, read);
  // More extension headers than a gateway reads are for it to refuse.
  const bool sound = fault == driver::HeaderFault::kNone || fault == driver::HeaderFault::kExtension;
  if (!sound || is_group(read.destination)) return Outcome::kNotForThere;
  // RFC 8200 4.1: hop-by-hop options stand first, where the gateway looks for the tag.
  if (ipv6 && packet[6] == driver::kHopByHopOptions) return Outcome::kNoRoom;
  driver::UserTag tag{handle_, std::nullopt};
  if (!plain_) tag.check = driver::tag_check(key_.reveal(), handle_, read.source, read.destination);
  auto put = driver::put_user_tag(packet, tag);
  if (!put) return Outcome::kNoRoom;
  tagged = std::move(*put);
  return Outcome::kTagged;
}

}  // namespace sallyport::mark
