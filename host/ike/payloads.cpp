// SPDX-License-Identifier: Apache-2.0
#include "host/ike/payloads.hpp"

namespace sallyport::ike {
namespace {

// RFC 7296 3.13.1: TS_IPV4_ADDR_RANGE and TS_IPV6_ADDR_RANGE.
constexpr std::uint8_t kTsIpv4 = 7;
constexpr std::uint8_t kTsIpv6 = 8;
constexpr std::size_t kTsFixedSize = 8;

Buffer copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// TS Type, IP Protocol ID, Selector Length, Start Port, End Port, Starting Address, Ending Address.
Result<std::optional<TrafficSelector>> read_selector(ByteReader& r) {
  const std::uint8_t type = r.u8();
  TrafficSelector ts;
  ts.protocol = r.u8();
  const std::size_t length = r.u16();
  ts.first_port = r.u16();
  ts.last_port = r.u16();
  if (!r.ok() || length < kTsFixedSize) return Error{Errc::kTruncated, "traffic selector"};
  ByteReader addresses(r.take(length - kTsFixedSize));
  if (!r.ok()) return Error{Errc::kTruncated, "traffic selector"};
  if (type != kTsIpv4 && type != kTsIpv6) return std::optional<TrafficSelector>{};
  const std::size_t size = type == kTsIpv4 ? 4 : 16;
  if (addresses.left() != 2 * size) return Error{Errc::kInvalid, "traffic selector: addresses of a wrong size"};
  ts.addresses.first = *IpAddress::from_bytes(addresses.take(size));
  ts.addresses.last = *IpAddress::from_bytes(addresses.take(size));
  // RFC 7296 3.13.1 knows one selector whose ports descend: OPAQUE (65535, 0), packets without visible ports. A card
  // cannot select those, so it is left out like an unknown type.
  if (ts.first_port == 65535 && ts.last_port == 0) return std::optional<TrafficSelector>{};
  if (ts.addresses.last < ts.addresses.first || ts.last_port < ts.first_port) {
    return Error{Errc::kInvalid, "traffic selector: a range that descends"};
  }
  return std::optional<TrafficSelector>{ts};
}

}  // namespace

Result<KePayload> KePayload::parse(Bytes body) {
  ByteReader r(body);
  KePayload ke;
  ke.group = DhGroup{r.u16()};
  r.skip(2);  // RESERVED: zero when sent, ignored on receipt
  ke.public_value = copy(r.rest());
  if (!r.ok()) return Error{Errc::kTruncated, "KE payload"};
  return ke;
}

Buffer KePayload::serialise() const {
  ByteWriter w;
  w.u16(static_cast<std::uint16_t>(group)).zeros(2).bytes(public_value);
  return w.take();
}

Result<AuthPayload> AuthPayload::parse(Bytes body) {
  ByteReader r(body);
  AuthPayload auth;
  auth.method = r.u8();
  r.skip(3);  // RESERVED
  auth.data = copy(r.rest());
  if (!r.ok()) return Error{Errc::kTruncated, "AUTH payload"};
  return auth;
}

Buffer AuthPayload::serialise() const {
  ByteWriter w;
  w.u8(method).zeros(3).bytes(data);
  return w.take();
}

Result<Buffer> parse_nonce(Bytes body) {
  if (body.size() < kLeastNonce || body.size() > kMostNonce) return Error{Errc::kInvalid, "a nonce of a wrong size"};
  return copy(body);
}

Result<NotifyPayload> NotifyPayload::parse(Bytes body) {
  ByteReader r(body);
  NotifyPayload notify;
  notify.protocol = Protocol{r.u8()};
  const std::size_t spi_size = r.u8();
  notify.type = NotifyType{r.u16()};
  notify.spi = copy(r.take(spi_size));
  notify.data = copy(r.rest());
  if (!r.ok()) return Error{Errc::kTruncated, "N payload"};
  return notify;
}

Buffer NotifyPayload::serialise() const {
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(protocol)).u8(static_cast<std::uint8_t>(spi.size()));
  w.u16(static_cast<std::uint16_t>(type)).bytes(spi).bytes(data);
  return w.take();
}

Result<DeletePayload> DeletePayload::parse(Bytes body) {
  ByteReader r(body);
  DeletePayload del;
  del.protocol = Protocol{r.u8()};
  const std::uint8_t spi_size = r.u8();
  const std::size_t count = r.u16();
  if (!r.ok()) return Error{Errc::kTruncated, "D payload"};
  const bool fits = del.protocol == Protocol::kIke ? spi_size == 0 && count == 0 : spi_size == 4;
  if (!fits || r.left() != count * spi_size) return Error{Errc::kInvalid, "D payload: its sizes contradict each other"};
  for (std::size_t i = 0; i < count; ++i) del.spis.push_back(Spi{r.u32()});
  return del;
}

Buffer DeletePayload::serialise() const {
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(protocol)).u8(protocol == Protocol::kIke ? 0 : 4);
  w.u16(static_cast<std::uint16_t>(spis.size()));
  for (const Spi spi : spis) w.u32(static_cast<std::uint32_t>(spi));
  return w.take();
}

Result<TrafficSelectors> parse_ts(Bytes body) {
  ByteReader r(body);
  const std::size_t count = r.u8();
  r.skip(3);  // RESERVED
  if (!r.ok()) return Error{Errc::kTruncated, "TS payload"};
  TrafficSelectors selectors;
  for (std::size_t i = 0; i < count; ++i) {
    auto one = read_selector(r);
    if (!one) return one.error();
    if (*one) selectors.push_back(**one);
  }
  if (count == 0 || r.left() != 0) return Error{Errc::kInvalid, "TS payload: the count is not that of its selectors"};
  return selectors;
}

Buffer serialise_ts(const TrafficSelectors& selectors) {
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(selectors.size())).zeros(3);
  for (const auto& ts : selectors) {
    const Bytes first = ts.addresses.first.bytes();
    w.u8(ts.addresses.first.is_v4() ? kTsIpv4 : kTsIpv6).u8(ts.protocol);
    w.u16(static_cast<std::uint16_t>(kTsFixedSize + 2 * first.size())).u16(ts.first_port).u16(ts.last_port);
    w.bytes(first).bytes(ts.addresses.last.bytes());
  }
  return w.take();
}

}  // namespace sallyport::ike
