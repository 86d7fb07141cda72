// SPDX-License-Identifier: Apache-2.0
#include "host/mark/tag.hpp"

#include <openssl/core_names.h>

#include <algorithm>

#include "driver/ip/ip.hpp"

namespace sallyport::mark {
namespace {

using driver::kDestinationOptions;
using driver::kHopByHopOptions;
using driver::kIpv4Bytes;
using driver::kIpv6Bytes;

// RFC 4727 3 and 5: option types for experiments. Whoever does not know it skips it; of IPv4 it is copied into
// fragments.
constexpr std::uint8_t kIpv4Option = 0x9e;
constexpr std::uint8_t kIpv6Option = 0x1e;
constexpr std::uint8_t kNoOperation = 0x01;       // RFC 791 3.1
constexpr std::size_t kMostIpv4HeaderBytes = 60;  // RFC 791 3.1: IHL has four bits
constexpr std::size_t kMostBytes = 65535;         // of an IPv4 packet, and of an IPv6 payload
constexpr std::uint8_t kMulticastV4 = 0xe0;       // RFC 5771: 224.0.0.0 and above; broadcast is there too
constexpr std::uint8_t kMulticastV6 = 0xff;       // RFC 4291 2.7
constexpr std::size_t kIpv4Total = 2, kIpv4Checksum = 10, kIpv4Source = 12, kIpv4Destination = 16;
constexpr std::size_t kIpv6Payload = 4, kIpv6Next = 6, kIpv6Source = 8, kIpv6Destination = 24;

// RFC 791 3.1, RFC 1071.
std::uint16_t checksum(Bytes header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < header.size(); i += 2)
    sum += static_cast<std::uint32_t>(header[i] << 8 | header[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::size_t u16(Bytes packet, std::size_t at) { return static_cast<std::size_t>(packet[at] << 8 | packet[at + 1]); }
void put_u16(Buffer& packet, std::size_t at, std::size_t value) {
  packet[at] = static_cast<std::uint8_t>(value >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(value);
}

}  // namespace

Result<Tagger> Tagger::make(std::uint32_t handle, Secret key, bool plain) {
  if (key.size() != kTagKeyBytes) return Error{Errc::kInvalid, "a tag's key has 16 bytes"};
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> siphash(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr),
                                                                  EVP_MAC_free);
  Mac mac(siphash == nullptr ? nullptr : EVP_MAC_CTX_new(siphash.get()));
  if (mac == nullptr) return Error{Errc::kUnsupported, "this OpenSSL has no SipHash"};
  return Tagger(handle, std::move(key), plain, std::move(mac));
}

Tagger::Outcome Tagger::put(Bytes packet, Buffer& tagged) const {
  if (packet.size() < kIpv4Bytes) return Outcome::kNotForThere;
  switch (packet[0] >> 4) {
    case 4:
      return put_v4(packet, tagged);
    case 6:
      return put_v6(packet, tagged);
    default:
      return Outcome::kNotForThere;
  }
}

Tagger::Outcome Tagger::put_v4(Bytes packet, Buffer& tagged) const {
  const std::size_t header = 4U * (packet[0] & 15U);
  if (header < kIpv4Bytes || packet.size() < header || u16(packet, kIpv4Total) != packet.size() ||
      packet[kIpv4Destination] >= kMulticastV4) {
    return Outcome::kNotForThere;
  }
  Buffer tag = option(kIpv4Option, packet.subspan(kIpv4Source, 4), packet.subspan(kIpv4Destination, 4));
  tag.insert(tag.end(), 2, kNoOperation);
  if (header + tag.size() > kMostIpv4HeaderBytes || packet.size() + tag.size() > kMostBytes) return Outcome::kNoRoom;

  tagged.assign(packet.begin(), packet.end());
  tagged.insert(tagged.begin() + kIpv4Bytes, tag.begin(), tag.end());
  const std::size_t longer = header + tag.size();
  tagged[0] = static_cast<std::uint8_t>(0x40 | longer / 4);
  put_u16(tagged, kIpv4Total, tagged.size());
  put_u16(tagged, kIpv4Checksum, 0);
  put_u16(tagged, kIpv4Checksum, checksum(Bytes(tagged).first(longer)));
  return Outcome::kTagged;
}

Tagger::Outcome Tagger::put_v6(Bytes packet, Buffer& tagged) const {
  if (packet.size() < kIpv6Bytes || u16(packet, kIpv6Payload) + kIpv6Bytes != packet.size() ||
      packet[kIpv6Destination] == kMulticastV6) {
    return Outcome::kNotForThere;
  }
  // RFC 8200 4.1: hop-by-hop options stand first, where the gateway looks for the tag.
  if (packet[kIpv6Next] == kHopByHopOptions) return Outcome::kNoRoom;
  const Buffer inside = option(kIpv6Option, packet.subspan(kIpv6Source, 16), packet.subspan(kIpv6Destination, 16));
  // RFC 8200 4.6: next header, and the length in units of 8 bytes without the first.
  Buffer tag = {packet[kIpv6Next], static_cast<std::uint8_t>((2 + inside.size()) / 8 - 1)};
  tag.insert(tag.end(), inside.begin(), inside.end());
  if (packet.size() - kIpv6Bytes + tag.size() > kMostBytes) return Outcome::kNoRoom;

  tagged.assign(packet.begin(), packet.end());
  tagged.insert(tagged.begin() + kIpv6Bytes, tag.begin(), tag.end());
  tagged[kIpv6Next] = kDestinationOptions;
  put_u16(tagged, kIpv6Payload, tagged.size() - kIpv6Bytes);
  return Outcome::kTagged;
}

// Of IPv6 the length is that of what follows, of IPv4 (RFC 791 3.1) that of all.
Buffer Tagger::option(std::uint8_t type, Bytes source, Bytes destination) const {
  const std::size_t content = 4 + (plain_ ? 0 : kTagCheckBytes);
  ByteWriter w;
  w.u8(type).u8(static_cast<std::uint8_t>(content + (type == kIpv4Option ? 2 : 0))).u32(handle_);
  if (!plain_) w.bytes(check(source, destination));
  return w.take();
}

std::array<std::uint8_t, kTagCheckBytes> Tagger::check(Bytes source, Bytes destination) const {
  ByteWriter message;
  message.u32(handle_);
  for (const Bytes address : {source, destination}) {
    if (address.size() == 4) message.zeros(10).u16(0xffff);  // RFC 4291 2.5.5.2: an IPv4 address, mapped
    message.bytes(address);
  }
  std::array<std::uint8_t, kTagCheckBytes> out{};
  std::size_t size = out.size();
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size), OSSL_PARAM_construct_end()};
  const Bytes key = key_.reveal();
  const bool done = EVP_MAC_init(mac_.get(), key.data(), key.size(), parameters) == 1 &&
                    EVP_MAC_update(mac_.get(), message.view().data(), message.size()) == 1 &&
                    EVP_MAC_final(mac_.get(), out.data(), &size, out.size()) == 1;
  if (!done || size != out.size()) std::abort();  // never a tag that is none
  return out;
}

}  // namespace sallyport::mark
