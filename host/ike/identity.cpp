// SPDX-License-Identifier: Apache-2.0
#include "host/ike/identity.hpp"

#include <algorithm>

namespace sallyport::ike {
namespace {

constexpr std::string_view kKeyIdMark = "keyid:";

bool printable(Bytes data) {
  return !data.empty() && std::ranges::all_of(data, [](std::uint8_t c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Result<Identity> Identity::parse(std::string_view text) {
  if (text.starts_with(kKeyIdMark)) {
    auto raw = from_hex(text.substr(kKeyIdMark.size()));
    if (!raw || raw->empty())
      return Error{Errc::kInvalid, "identity '" + std::string(text) + "': keyid wants hex digits"};
    return Identity{IdType::kKeyId, std::move(*raw)};
  }
  if (const auto address = IpAddress::parse(text)) {
    const Bytes raw = address->bytes();
    return Identity{address->is_v4() ? IdType::kIpv4Address : IdType::kIpv6Address, Buffer(raw.begin(), raw.end())};
  }
  const Bytes raw = as_bytes(text);
  if (!printable(raw))
    return Error{Errc::kInvalid, "identity '" + std::string(text) + "' is neither a name nor an address"};
  const bool mail = text.find('@') != std::string_view::npos;
  return Identity{mail ? IdType::kRfc822Address : IdType::kFqdn, Buffer(raw.begin(), raw.end())};
}

std::string Identity::to_string() const {
  const bool name = type == IdType::kFqdn || type == IdType::kRfc822Address;
  if (name && printable(data)) return std::string(data.begin(), data.end());
  if (type == IdType::kIpv4Address || type == IdType::kIpv6Address) {
    if (const auto address = IpAddress::from_bytes(data)) return address->to_string();
  }
  return std::string(kKeyIdMark) + to_hex(data);
}

Result<Identity> Identity::parse_payload(Bytes body) {
  ByteReader r(body);
  Identity id;
  id.type = IdType{r.u8()};
  r.skip(3);  // RESERVED: zero when sent, ignored on receipt
  const Bytes data = r.rest();
  if (!r.ok()) return Error{Errc::kTruncated, "ID payload"};
  id.data.assign(data.begin(), data.end());
  return id;
}

Buffer Identity::payload() const {
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(type)).zeros(3).bytes(data);
  return w.take();
}

}  // namespace sallyport::ike
