// SPDX-License-Identifier: Apache-2.0
// IP addresses, ranges of them, and UDP endpoints.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "hw/layout/address.hpp"

namespace sallyport {

// An IPv4 or IPv6 address in network byte order. The default is the IPv4 address 0.0.0.0, which also means "any", of
// either family.
class IpAddress {
 public:
  IpAddress() = default;
  static Result<IpAddress> parse(std::string_view text);  // refuses IPv4-mapped IPv6: no packet carries those
  static Result<IpAddress> from_bytes(Bytes raw);         // 4 bytes: IPv4, 16: IPv6, anything else is refused
  static IpAddress from_v4(std::uint32_t host_order);
  static IpAddress from_number(const layout::Address& number);

  [[nodiscard]] bool is_v4() const { return size_ == 4; }
  [[nodiscard]] bool is_any() const;  // 0.0.0.0 or ::
  [[nodiscard]] unsigned bits() const { return 8U * size_; }
  [[nodiscard]] Bytes bytes() const { return Bytes(raw_.data(), size_); }
  [[nodiscard]] std::uint32_t v4() const;        // host order; zero for an IPv6 address
  [[nodiscard]] layout::Address number() const;  // as the card knows it
  [[nodiscard]] std::string to_string() const;

  // All IPv4 addresses come before all IPv6 addresses; within a family the order is numeric.
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::uint8_t size_ = 4;
  std::array<std::uint8_t, 16> raw_{};  // zero behind size_, so that comparison is numeric
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  [[nodiscard]] std::string to_string() const;  // "192.0.2.1:500", "[2001:db8::1]:500"
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// All addresses from first to last, both included, of one family; or any of both.
struct AddressRange {
  IpAddress first;
  IpAddress last;

  // "10.1.0.0/24", "10.1.0.7", "10.1.0.7-10.1.0.9"; a prefix's host bits are ignored. "any" is not among them: a
  // traffic selector has one family.
  static Result<AddressRange> parse(std::string_view text);
  static Result<AddressRange> prefix(const IpAddress& address, unsigned length);
  static AddressRange any();  // all of IPv4 and all of IPv6
  static AddressRange any_v4();
  static AddressRange any_v6();

  [[nodiscard]] std::optional<unsigned> prefix_length() const;  // none when the range is not one prefix
  [[nodiscard]] bool contains(const IpAddress& address) const { return first <= address && address <= last; }
  [[nodiscard]] bool contains(const AddressRange& other) const { return first <= other.first && other.last <= last; }
  [[nodiscard]] bool shares_family(const AddressRange& other) const;  // a packet may have an address of each
  [[nodiscard]] std::optional<AddressRange> intersect(const AddressRange& other) const;
  [[nodiscard]] std::string to_string() const;  // the shortest of the three spellings above, or "any"
  friend auto operator<=>(const AddressRange&, const AddressRange&) = default;
};

}  // namespace sallyport
