// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace sallyport {

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress address;
  address.size_ = text.find(':') == std::string_view::npos ? 4 : 16;
  const int family = address.is_v4() ? AF_INET : AF_INET6;
  if (inet_pton(family, terminated.c_str(), address.raw_.data()) != 1) {
    return Error{Errc::kInvalid, "'" + terminated + "' is not an IP address"};
  }
  if (!address.is_v4() && address.number().is_v4()) {
    return Error{Errc::kInvalid, "'" + terminated + "' is an IPv4 address in IPv6; write " +
                                     IpAddress::from_number(address.number()).to_string()};
  }
  return address;
}

Result<IpAddress> IpAddress::from_bytes(Bytes raw) {
  if (raw.size() != 4 && raw.size() != 16) return Error{Errc::kInvalid, "an IP address has 4 or 16 bytes"};
  IpAddress address;
  address.size_ = static_cast<std::uint8_t>(raw.size());
  std::ranges::copy(raw, address.raw_.begin());
  return address;
}

IpAddress IpAddress::from_v4(std::uint32_t host_order) {
  IpAddress address;
  for (unsigned i = 0; i < 4; ++i) address.raw_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

IpAddress IpAddress::from_number(const layout::Address& number) {
  if (number.is_v4()) return from_v4(number.v4());
  ByteWriter w;
  w.u64(number.high).u64(number.low);
  return *from_bytes(w.view());
}

bool IpAddress::is_any() const {
  return std::ranges::all_of(raw_, [](std::uint8_t byte) { return byte == 0; });
}

std::uint32_t IpAddress::v4() const { return is_v4() ? ByteReader(bytes()).u32() : 0; }

layout::Address IpAddress::number() const {
  if (is_v4()) return layout::Address::from_v4(v4());
  ByteReader r(bytes());
  const std::uint64_t high = r.u64();
  return {high, r.u64()};
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, raw_.data(), text, sizeof text);
  return text;
}

std::string Endpoint::to_string() const {
  const std::string host = address.is_v4() ? address.to_string() : "[" + address.to_string() + "]";
  return host + ":" + std::to_string(port);
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return address.error();
    const std::string_view digits = text.substr(slash + 1);
    unsigned length = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (failure != std::errc{} || end != digits.data() + digits.size()) {
      return Error{Errc::kInvalid, "'" + std::string(text) + "': the prefix length is not a number"};
    }
    return prefix(*address, length);
  }
  const auto dash = text.find('-');
  const auto first = IpAddress::parse(text.substr(0, dash));
  if (!first) return first.error();
  if (dash == std::string_view::npos) return AddressRange{*first, *first};
  const auto last = IpAddress::parse(text.substr(dash + 1));
  if (!last) return last.error();
  if (first->is_v4() != last->is_v4() || *last < *first) {
    return Error{Errc::kInvalid, "'" + std::string(text) + "' is not an ascending range of one family"};
  }
  return AddressRange{*first, *last};
}

Result<AddressRange> AddressRange::prefix(const IpAddress& address, unsigned length) {
  if (length > address.bits()) {
    return Error{Errc::kInvalid, address.to_string() + "/" + std::to_string(length) + ": the prefix is too long"};
  }
  Buffer low(address.bytes().begin(), address.bytes().end());
  Buffer high = low;
  for (unsigned bit = length; bit < address.bits(); ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    low[bit / 8] = static_cast<std::uint8_t>(low[bit / 8] & ~mask);
    high[bit / 8] = static_cast<std::uint8_t>(high[bit / 8] | mask);
  }
  return AddressRange{*IpAddress::from_bytes(low), *IpAddress::from_bytes(high)};
}

// The order of addresses puts the one family behind the other.
AddressRange AddressRange::any() { return {any_v4().first, any_v6().last}; }
AddressRange AddressRange::any_v4() { return {IpAddress::from_v4(0), IpAddress::from_v4(0xffffffff)}; }
AddressRange AddressRange::any_v6() { return *prefix(*IpAddress::parse("::"), 0); }

std::optional<unsigned> AddressRange::prefix_length() const {
  if (first.is_v4() != last.is_v4()) return std::nullopt;
  unsigned length = 0;  // leading bits that first and last share
  const auto bit = [](const IpAddress& a, unsigned i) { return a.bytes()[i / 8] >> (7 - i % 8) & 1; };
  while (length < first.bits() && bit(first, length) == bit(last, length)) ++length;
  for (unsigned i = length; i < first.bits(); ++i) {
    if (bit(first, i) != 0 || bit(last, i) != 1) return std::nullopt;
  }
  return length;
}

bool AddressRange::shares_family(const AddressRange& other) const {
  return (first.is_v4() && other.first.is_v4()) || (!last.is_v4() && !other.last.is_v4());
}

std::optional<AddressRange> AddressRange::intersect(const AddressRange& other) const {
  const AddressRange both{std::max(first, other.first), std::min(last, other.last)};
  if (both.last < both.first) return std::nullopt;
  return both;
}

std::string AddressRange::to_string() const {
  if (*this == any()) return "any";
  if (first == last) return first.to_string();
  if (const auto length = prefix_length()) return first.to_string() + "/" + std::to_string(*length);
  return first.to_string() + "-" + last.to_string();
}

}  // namespace sallyport
