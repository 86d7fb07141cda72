// SPDX-License-Identifier: Apache-2.0
// RADIUS messages (RFC 2865, RFC 5176), each with a Message-Authenticator (RFC 3579 3.2) that both sides demand:
// without it, who stands between can turn a refusal into an acceptance (CVE-2024-3596).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/secret.hpp"

namespace sallyport::users::radius {

enum class Code : std::uint8_t {
  kAccessRequest = 1,
  kAccessAccept = 2,
  kAccessReject = 3,
  kAccessChallenge = 11,
  kDisconnectRequest = 40,
  kDisconnectAck = 41,
  kDisconnectNak = 42,
  kCoaRequest = 43,
  kCoaNak = 45,
};

// IANA, RADIUS Attribute Types.
enum class Type : std::uint8_t {
  kUserName = 1,
  kUserPassword = 2,
  kNasIpAddress = 4,
  kServiceType = 6,
  kFramedIpAddress = 8,
  kFilterId = 11,
  kSessionTimeout = 27,
  kCallingStationId = 31,
  kNasIdentifier = 32,
  kProxyState = 33,
  kAcctSessionId = 44,
  kEventTimestamp = 55,
  kNasPortType = 61,
  kMessageAuthenticator = 80,
  kNasIpv6Address = 95,
  kErrorCause = 101,
  kFramedIpv6Address = 168,
};

struct Attribute {
  Type type;
  Buffer value;

  friend bool operator==(const Attribute&, const Attribute&) = default;
};

using Authenticator = std::array<std::uint8_t, 16>;

struct Message {
  Code code{};
  std::uint8_t identifier = 0;
  Authenticator authenticator{};
  std::vector<Attribute> attributes{};

  // What is behind the length it names is padding (RFC 2865 3). kTruncated, kInvalid.
  static Result<Message> parse(Bytes datagram);
  [[nodiscard]] Buffer serialise() const;

  void add(Type type, Bytes value) { attributes.push_back({type, {value.begin(), value.end()}}); }
  void add(Type type, std::uint32_t value);
  [[nodiscard]] const Buffer* find(Type type) const;  // the first
  [[nodiscard]] std::optional<std::uint32_t> number(Type type) const;
  [[nodiscard]] std::optional<std::string> text(Type type) const;
};

// RFC 2865 5.2. At most 128 bytes.
[[nodiscard]] Result<Buffer> hidden_password(const Secret& password, const Secret& secret,
                                             const Authenticator& authenticator);

// Ready to be sent, with a Message-Authenticator in front. Of a Disconnect-Request the authenticator is computed (RFC
// 5176 2.3); of an Access-Request it is random and the caller's.
[[nodiscard]] Buffer sealed_request(Message message, const Secret& secret);
[[nodiscard]] Buffer sealed_reply(Message message, const Authenticator& request, const Secret& secret);

// Parsed, if it comes from somebody who knows the secret. kAuthFailed.
[[nodiscard]] Result<Message> opened_request(Bytes datagram, const Secret& secret);  // Disconnect- and CoA-Requests
[[nodiscard]] Result<Message> opened_reply(Bytes datagram, const Authenticator& request, const Secret& secret);

}  // namespace sallyport::users::radius
