// SPDX-License-Identifier: Apache-2.0
// What each message may contain, as a table (RFC 7296 1.2 to 1.4 and appendix C).
#pragma once

#include "host/ike/message.hpp"

namespace sallyport::ike {

struct Violation {
  NotifyType type{};       // kInvalidSyntax or kUnsupportedCriticalPayload
  std::uint8_t payload{};  // the type of the payload that is missing, too many or unknown
};

// Checks the payloads of a message: those in the clear for IKE_SA_INIT, those that SK held for all others. What the
// table does not mention and what is not critical is ignored, as 2.5 demands. A response that carries an error, or a
// demand for a cookie, may lack the rest.
[[nodiscard]] std::optional<Violation> check_rules(ExchangeType exchange, bool response,
                                                   const std::vector<Payload>& payloads);

// 3.14: everything but IKE_SA_INIT is one SK payload, and nothing beside it.
[[nodiscard]] bool must_be_encrypted(ExchangeType exchange);

}  // namespace sallyport::ike
