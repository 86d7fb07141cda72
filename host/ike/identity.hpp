// SPDX-License-Identifier: Apache-2.0
// RFC 7296 3.5: who a peer says it is.
#pragma once

#include <string>

#include "host/ipsec/address.hpp"

namespace sallyport::ike {

// IANA "IKEv2 Identification Payload ID Types".
enum class IdType : std::uint8_t {
  kIpv4Address = 1,
  kFqdn = 2,
  kRfc822Address = 3,
  kIpv6Address = 5,
  kDerAsn1Dn = 9,
  kKeyId = 11,
};

struct Identity {
  IdType type = IdType::kFqdn;
  Buffer data;

  // "gw.example.org", "carol@example.org", "192.0.2.1", "2001:db8::1"; "keyid:0123ab" for anything else.
  static Result<Identity> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  // The ID payload after the generic header, which AUTH also covers (RFC 7296 2.15: RestOfInitIDPayload).
  static Result<Identity> parse_payload(Bytes body);
  [[nodiscard]] Buffer payload() const;

  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace sallyport::ike
