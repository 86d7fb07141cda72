// SPDX-License-Identifier: Apache-2.0
#include "driver/user_tag/user_tag.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace sallyport::driver {
namespace {

// RFC 4727: for experiments. IPv4: copied into every fragment. IPv6: who does not know it skips it.
constexpr std::uint8_t kIpv4Option = 0x9e, kIpv6Option = 0x1e;
constexpr std::uint8_t kNoOperation = 1;  // RFC 791 3.1
constexpr std::size_t kHandleBytes = 4;
constexpr std::size_t kMostIpv4Header = 60;
constexpr std::size_t kMostTotal = 0xffff;
constexpr std::size_t kTotalAt = 2, kPayloadLengthAt = 4, kNextHeaderAt = 6;

std::size_t content_bytes(bool plain) { return kHandleBytes + (plain ? 0 : TagCheck().size()); }
// Both kinds of packet put four bytes around handle and check.
std::size_t tag_bytes(bool plain) { return 4 + content_bytes(plain); }

std::uint16_t word_at(Bytes packet, std::size_t at) { return ByteReader(packet.subspan(at)).u16(); }

void put_word(std::span<std::uint8_t> packet, std::size_t at, std::size_t word) {
  packet[at] = static_cast<std::uint8_t>(word >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(word);
}

// What stands in front of the handle. IPv6: behind the next header.
Buffer ipv4_front(bool plain) { return {kIpv4Option, static_cast<std::uint8_t>(2 + content_bytes(plain))}; }
Buffer ipv6_front(bool plain) {
  const auto units = static_cast<std::uint8_t>(tag_bytes(plain) / 8 - 1);  // RFC 8200 4.6: behind the first 8 bytes
  return {units, kIpv6Option, static_cast<std::uint8_t>(content_bytes(plain))};
}
const Buffer kIpv4Behind = {kNoOperation, kNoOperation};

bool stands(Bytes packet, std::size_t at, Bytes expected) {
  return at + expected.size() <= packet.size() && equal(packet.subspan(at, expected.size()), expected);
}

UserTag read_content(Bytes content) {
  ByteReader r(content);
  UserTag tag{r.u32(), std::nullopt};
  if (r.left() == 0) return tag;
  tag.check.emplace();
  std::copy_n(r.rest().begin(), tag.check->size(), tag.check->begin());
  return tag;
}

Buffer written_content(const UserTag& tag) {
  ByteWriter w;
  w.u32(tag.handle);
  if (tag.check) w.bytes(*tag.check);
  return w.take();
}

void erase(Buffer& frame, std::size_t at, std::size_t bytes) {
  const auto first = frame.begin() + static_cast<std::ptrdiff_t>(at);
  frame.erase(first, first + static_cast<std::ptrdiff_t>(bytes));
}

// IHL and total length, and the checksum with them, so that a wrong one stays wrong.
void lengthen_ipv4(std::span<std::uint8_t> packet, int bytes) {
  replace_word(packet, 0, static_cast<std::uint16_t>(word_at(packet, 0) + bytes / 4 * 0x100));
  replace_word(packet, kTotalAt, static_cast<std::uint16_t>(word_at(packet, kTotalAt) + bytes));
}

std::optional<Untagged> take_ipv4(Bytes frame, bool plain) {
  const Bytes packet = frame.subspan(kEthernetBytes);
  const std::size_t bytes = tag_bytes(plain);
  if (packet.size() < kIpv4Bytes + bytes || packet[0] >> 4 != 4) return std::nullopt;
  const std::size_t header = (packet[0] & 0xfU) * 4;
  const std::size_t total = word_at(packet, kTotalAt);
  if (header < kIpv4Bytes + bytes || total < header || total > packet.size()) return std::nullopt;
  const Buffer front = ipv4_front(plain);
  const std::size_t content = kIpv4Bytes + front.size();
  if (!stands(packet, kIpv4Bytes, front) || !stands(packet, content + content_bytes(plain), kIpv4Behind)) {
    return std::nullopt;
  }
  Untagged untagged{read_content(packet.subspan(content, content_bytes(plain))), {frame.begin(), frame.end()}};
  const auto changed = std::span(untagged.frame).subspan(kEthernetBytes);
  // Words of zero may go without the checksum knowing.
  for (std::size_t at = kIpv4Bytes; at < kIpv4Bytes + bytes; at += 2) replace_word(changed, at, 0);
  lengthen_ipv4(changed, -static_cast<int>(bytes));
  erase(untagged.frame, kEthernetBytes + kIpv4Bytes, bytes);
  return untagged;
}

std::optional<Untagged> take_ipv6(Bytes frame, bool plain) {
  const Bytes packet = frame.subspan(kEthernetBytes);
  const std::size_t bytes = tag_bytes(plain);
  if (packet.size() < kIpv6Bytes + bytes || packet[0] >> 4 != 6) return std::nullopt;
  const std::size_t payload = word_at(packet, kPayloadLengthAt);
  if (packet[kNextHeaderAt] != kDestinationOptions || payload < bytes || kIpv6Bytes + payload > packet.size()) {
    return std::nullopt;
  }
  const Buffer front = ipv6_front(plain);
  if (!stands(packet, kIpv6Bytes + 1, front)) return std::nullopt;
  const Bytes content = packet.subspan(kIpv6Bytes + 1 + front.size(), content_bytes(plain));
  Untagged untagged{read_content(content), {frame.begin(), frame.end()}};
  const auto changed = std::span(untagged.frame).subspan(kEthernetBytes);
  changed[kNextHeaderAt] = packet[kIpv6Bytes];
  put_word(changed, kPayloadLengthAt, payload - bytes);
  erase(untagged.frame, kEthernetBytes + kIpv6Bytes, bytes);
  return untagged;
}

std::optional<Buffer> put_ipv4(Bytes packet, const UserTag& tag) {
  const std::size_t bytes = user_tag_bytes(tag);
  const std::size_t header = (packet[0] & 0xfU) * 4;
  if (header < kIpv4Bytes || header + bytes > kMostIpv4Header || packet.size() < header ||
      word_at(packet, kTotalAt) != packet.size() || packet.size() + bytes > kMostTotal) {
    return std::nullopt;
  }
  ByteWriter w;
  w.bytes(packet.first(kIpv4Bytes)).zeros(bytes).bytes(packet.subspan(kIpv4Bytes));
  Buffer tagged = w.take();
  const Buffer option =
      ByteWriter().bytes(ipv4_front(!tag.check)).bytes(written_content(tag)).bytes(kIpv4Behind).take();
  for (std::size_t at = 0; at < bytes; at += 2) replace_word(tagged, kIpv4Bytes + at, word_at(option, at));
  lengthen_ipv4(tagged, static_cast<int>(bytes));
  return tagged;
}

std::optional<Buffer> put_ipv6(Bytes packet, const UserTag& tag) {
  const std::size_t bytes = user_tag_bytes(tag);
  if (packet.size() < kIpv6Bytes) return std::nullopt;
  const std::size_t payload = word_at(packet, kPayloadLengthAt);
  if (kIpv6Bytes + payload != packet.size() || payload + bytes > kMostTotal) return std::nullopt;
  ByteWriter w;
  w.bytes(packet.first(kIpv6Bytes)).u8(packet[kNextHeaderAt]).bytes(ipv6_front(!tag.check));
  w.bytes(written_content(tag)).bytes(packet.subspan(kIpv6Bytes));
  w.patch_u16(kPayloadLengthAt, static_cast<std::uint16_t>(payload + bytes));
  Buffer tagged = w.take();
  tagged[kNextHeaderAt] = kDestinationOptions;
  return tagged;
}

}  // namespace

TagCheck tag_check(Bytes key, std::uint32_t handle, const Address& source, const Address& destination) {
  const Buffer message =
      ByteWriter().u32(handle).u64(source.high).u64(source.low).u64(destination.high).u64(destination.low).take();
  static EVP_MAC* const siphash = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(siphash), EVP_MAC_CTX_free);
  TagCheck check{};
  std::size_t size = check.size();
  const std::array<OSSL_PARAM, 2> parameters = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                                OSSL_PARAM_construct_end()};
  std::size_t written = 0;
  if (key.size() != kTagKeyBytes || !context ||
      EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data()) != 1 ||
      EVP_MAC_update(context.get(), message.data(), message.size()) != 1 ||
      EVP_MAC_final(context.get(), check.data(), &written, check.size()) != 1 || written != check.size()) {
    std::abort();
  }
  return check;
}

std::size_t user_tag_bytes(const UserTag& tag) { return tag_bytes(!tag.check); }

std::optional<Buffer> put_user_tag(Bytes packet, const UserTag& tag) {
  if (packet.size() < kIpv4Bytes) return std::nullopt;
  if (packet[0] >> 4 == 4) return put_ipv4(packet, tag);
  if (packet[0] >> 4 == 6) return put_ipv6(packet, tag);
  return std::nullopt;
}

std::optional<Untagged> take_user_tag(Bytes frame) {
  if (frame.size() < kEthernetBytes) return std::nullopt;
  const std::uint16_t ethertype = word_at(frame, kEthernetBytes - 2);
  if (ethertype != kEthertypeIpv4 && ethertype != kEthertypeIpv6) return std::nullopt;
  for (const bool plain : {false, true}) {
    auto taken = ethertype == kEthertypeIpv4 ? take_ipv4(frame, plain) : take_ipv6(frame, plain);
    if (taken) return taken;
  }
  return std::nullopt;
}

}  // namespace sallyport::driver
