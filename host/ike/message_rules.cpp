// SPDX-License-Identifier: Apache-2.0
#include "host/ike/message_rules.hpp"

#include <algorithm>

#include "host/ike/payloads.hpp"

namespace sallyport::ike {
namespace {

constexpr unsigned kMany = 32;  // ours: nobody needs more notifications or vendor IDs in a message

struct Rule {
  ExchangeType exchange;
  bool response;
  PayloadType payload;
  unsigned least;
  unsigned most;
};

constexpr auto kInit = ExchangeType::kIkeSaInit;
constexpr auto kAuthExchange = ExchangeType::kIkeAuth;
constexpr auto kCreate = ExchangeType::kCreateChildSa;
constexpr auto kInform = ExchangeType::kInformational;

// AUTH may be missing from a request: that is a wish for EAP (2.16), which is refused as such and not as bad syntax.
// In CREATE_CHILD_SA, KE stands for PFS or a rekeyed IKE SA, and TSi and TSr for a CHILD SA.
constexpr Rule kRules[] = {
    {kInit, false, PayloadType::kSa, 1, 1},
    {kInit, false, PayloadType::kKe, 1, 1},
    {kInit, false, PayloadType::kNonce, 1, 1},
    {kInit, false, PayloadType::kNotify, 0, kMany},
    {kInit, false, PayloadType::kVendorId, 0, kMany},

    {kInit, true, PayloadType::kSa, 1, 1},
    {kInit, true, PayloadType::kKe, 1, 1},
    {kInit, true, PayloadType::kNonce, 1, 1},
    {kInit, true, PayloadType::kNotify, 0, kMany},
    {kInit, true, PayloadType::kVendorId, 0, kMany},

    {kAuthExchange, false, PayloadType::kIdI, 1, 1},
    {kAuthExchange, false, PayloadType::kIdR, 0, 1},
    {kAuthExchange, false, PayloadType::kAuth, 0, 1},
    {kAuthExchange, false, PayloadType::kSa, 1, 1},
    {kAuthExchange, false, PayloadType::kTsI, 1, 1},
    {kAuthExchange, false, PayloadType::kTsR, 1, 1},
    {kAuthExchange, false, PayloadType::kNotify, 0, kMany},

    {kAuthExchange, true, PayloadType::kIdR, 1, 1},
    {kAuthExchange, true, PayloadType::kAuth, 1, 1},
    {kAuthExchange, true, PayloadType::kSa, 0, 1},
    {kAuthExchange, true, PayloadType::kTsI, 0, 1},
    {kAuthExchange, true, PayloadType::kTsR, 0, 1},
    {kAuthExchange, true, PayloadType::kNotify, 0, kMany},

    {kCreate, false, PayloadType::kSa, 1, 1},
    {kCreate, false, PayloadType::kNonce, 1, 1},
    {kCreate, false, PayloadType::kKe, 0, 1},
    {kCreate, false, PayloadType::kTsI, 0, 1},
    {kCreate, false, PayloadType::kTsR, 0, 1},
    {kCreate, false, PayloadType::kNotify, 0, kMany},

    {kCreate, true, PayloadType::kSa, 1, 1},
    {kCreate, true, PayloadType::kNonce, 1, 1},
    {kCreate, true, PayloadType::kKe, 0, 1},
    {kCreate, true, PayloadType::kTsI, 0, 1},
    {kCreate, true, PayloadType::kTsR, 0, 1},
    {kCreate, true, PayloadType::kNotify, 0, kMany},

    {kInform, false, PayloadType::kNotify, 0, kMany},
    {kInform, false, PayloadType::kDelete, 0, kMany},
    {kInform, true, PayloadType::kNotify, 0, kMany},
    {kInform, true, PayloadType::kDelete, 0, kMany},
};

bool stands_for_the_rest(const Payload& payload) {
  if (payload.type != PayloadType::kNotify) return false;
  const auto notify = NotifyPayload::parse(payload.body);
  return notify && (is_error(notify->type) || notify->type == NotifyType::kCookie);
}

}  // namespace

std::optional<Violation> check_rules(ExchangeType exchange, bool response, const std::vector<Payload>& payloads) {
  for (const auto& payload : payloads) {
    if (payload.critical && !is_known(payload.type)) {
      return Violation{NotifyType::kUnsupportedCriticalPayload, static_cast<std::uint8_t>(payload.type)};
    }
  }
  const bool complete = !(response && std::ranges::any_of(payloads, stands_for_the_rest));
  for (const auto& rule : kRules) {
    if (rule.exchange != exchange || rule.response != response) continue;
    const auto count = static_cast<unsigned>(std::ranges::count(payloads, rule.payload, &Payload::type));
    if (count > rule.most || (complete && count < rule.least)) {
      return Violation{NotifyType::kInvalidSyntax, static_cast<std::uint8_t>(rule.payload)};
    }
  }
  return std::nullopt;
}

bool must_be_encrypted(ExchangeType exchange) { return exchange != ExchangeType::kIkeSaInit; }

}  // namespace sallyport::ike
