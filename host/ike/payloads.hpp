// SPDX-License-Identifier: Apache-2.0
// The bodies of the smaller payloads, in the field order of RFC 7296 3.4 to 3.13.
#pragma once

#include "base/secret.hpp"
#include "host/ike/codes.hpp"
#include "host/ipsec/sa.hpp"

namespace sallyport::ike {

// 3.4
struct KePayload {
  DhGroup group = DhGroup::kNone;
  Buffer public_value;

  static Result<KePayload> parse(Bytes body);
  [[nodiscard]] Buffer serialise() const;
};

// 3.8
struct AuthPayload {
  std::uint8_t method = kAuthSharedKey;
  Buffer data;

  static Result<AuthPayload> parse(Bytes body);
  [[nodiscard]] Buffer serialise() const;
};

// 3.9: the nonce is the whole body; what is refused is its size.
Result<Buffer> parse_nonce(Bytes body);

// 3.10
struct NotifyPayload {
  Protocol protocol = Protocol::kNone;
  Buffer spi;
  NotifyType type{};
  Buffer data;

  static Result<NotifyPayload> parse(Bytes body);
  [[nodiscard]] Buffer serialise() const;
};

// 3.11: for the IKE SA the protocol is kIke and there are no SPIs; else those of ESP or AH as their receiver, the
// sender of this payload, knows them.
struct DeletePayload {
  Protocol protocol = Protocol::kEsp;
  std::vector<Spi> spis;

  static Result<DeletePayload> parse(Bytes body);
  [[nodiscard]] Buffer serialise() const;
};

// 3.13. Selectors of a type we do not know are left out, which narrows.
Result<TrafficSelectors> parse_ts(Bytes body);
[[nodiscard]] Buffer serialise_ts(const TrafficSelectors& selectors);

}  // namespace sallyport::ike
