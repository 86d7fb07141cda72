// SPDX-License-Identifier: Apache-2.0
#include "host/mark/tag.hpp"

namespace sallyport::mark {
namespace {

// RFC 5771 and RFC 919: 224.0.0.0 and above is nobody's own, broadcast included. RFC 4291 2.7.
bool is_group(const driver::Address& address) {
  return address.is_v4() ? address.v4() >> 28 >= 0xe : address.high >> 56 == 0xff;
}

}  // namespace

const driver::TagCheck& Tagger::check_of(const driver::Address& source, const driver::Address& destination) const {
  constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;  // odd, so that each bit matters above
  const std::uint64_t mixed = (destination.low ^ destination.high ^ source.low * 3) * kSpread;
  auto& place = known_[mixed >> 32 & (known_.size() - 1)];
  if (!place || place->source != source || place->destination != destination) {
    place = Known{source, destination, driver::tag_check(key_.reveal(), handle_, source, destination)};
  }
  return place->check;
}

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
  if (!plain_) tag.check = check_of(read.source, read.destination);
  auto put = driver::put_user_tag(packet, tag);
  if (!put) return Outcome::kNoRoom;
  tagged = std::move(*put);
  return Outcome::kTagged;
}

}  // namespace sallyport::mark
