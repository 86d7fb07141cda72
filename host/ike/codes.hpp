// SPDX-License-Identifier: Apache-2.0
// The numbers of RFC 7296, as IANA's "IKEv2 Parameters" keeps them.
#pragma once

#include <cstdint>
#include <string>

namespace sallyport::ike {

inline constexpr std::uint16_t kIkePort = 500;
inline constexpr std::uint16_t kNatPort = 4500;  // RFC 7296 2.23

enum class ExchangeType : std::uint8_t {
  kIkeSaInit = 34,
  kIkeAuth = 35,
  kCreateChildSa = 36,
  kInformational = 37,
};

enum class PayloadType : std::uint8_t {
  kNone = 0,
  kSa = 33,
  kKe = 34,
  kIdI = 35,
  kIdR = 36,
  kCert = 37,
  kCertReq = 38,
  kAuth = 39,
  kNonce = 40,
  kNotify = 41,
  kDelete = 42,
  kVendorId = 43,
  kTsI = 44,
  kTsR = 45,
  kSk = 46,
  kCp = 47,
  kEap = 48,
};

// RFC 7296 3.2: the critical bit is ignored for the payload types that the RFC defines.
[[nodiscard]] constexpr bool is_known(PayloadType type) {
  return type >= PayloadType::kSa && type <= PayloadType::kEap;
}

// RFC 7296 3.10.1. Types below 16384 are errors.
enum class NotifyType : std::uint16_t {
  kUnsupportedCriticalPayload = 1,
  kInvalidIkeSpi = 4,
  kInvalidSyntax = 7,
  kInvalidMessageId = 9,
  kInvalidSpi = 11,
  kNoProposalChosen = 14,
  kInvalidKePayload = 17,
  kAuthenticationFailed = 24,
  kNoAdditionalSas = 35,
  kFailedCpRequired = 37,
  kTsUnacceptable = 38,
  kTemporaryFailure = 43,
  kChildSaNotFound = 44,
  kInitialContact = 16384,
  kNatDetectionSourceIp = 16388,
  kNatDetectionDestinationIp = 16389,
  kCookie = 16390,
  kUseTransportMode = 16391,
  kRekeySa = 16393,
};
[[nodiscard]] constexpr bool is_error(NotifyType type) { return static_cast<std::uint16_t>(type) < 16384; }
[[nodiscard]] std::string to_string(NotifyType type);  // the RFC's name: "NO_PROPOSAL_CHOSEN", or its number

// RFC 7296 3.8.
inline constexpr std::uint8_t kAuthSharedKey = 2;

// RFC 7296 3.9: "the size of the Nonce Data MUST be between 16 and 256 octets, inclusive."
inline constexpr std::size_t kLeastNonce = 16;
inline constexpr std::size_t kMostNonce = 256;

}  // namespace sallyport::ike
