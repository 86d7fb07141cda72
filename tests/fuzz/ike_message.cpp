// SPDX-License-Identifier: Apache-2.0
// One datagram: header, chain, and every payload that has a parser. What was understood is written and read again.
#include "host/ike/identity.hpp"
#include "host/ike/message.hpp"
#include "host/ike/message_rules.hpp"
#include "host/ike/payloads.hpp"
#include "host/ike/sa_payload.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

using namespace ike;

template <class T>
void comes_again(Bytes body) {
  const auto once = T::parse(body);
  if (!once) return;
  const Buffer written = once->serialise();
  const auto twice = T::parse(written);
  must(twice.has_value(), "what we write we can read");
  must(twice->serialise() == written, "what is read again is the same");
}

void look_at(const Payload& payload) {
  switch (payload.type) {
    case PayloadType::kSa:
      return comes_again<SaPayload>(payload.body);
    case PayloadType::kKe:
      return comes_again<KePayload>(payload.body);
    case PayloadType::kIdI:
    case PayloadType::kIdR:
      if (const auto id = Identity::parse_payload(payload.body)) {
        must(Identity::parse_payload(id->payload()).value() == *id, "an identity comes again");
        (void)id->to_string();
      }
      return;
    case PayloadType::kAuth:
      return comes_again<AuthPayload>(payload.body);
    case PayloadType::kNonce:
      if (const auto nonce = parse_nonce(payload.body)) must(equal(*nonce, payload.body), "a nonce is all of its body");
      return;
    case PayloadType::kNotify:
      return comes_again<NotifyPayload>(payload.body);
    case PayloadType::kDelete:
      return comes_again<DeletePayload>(payload.body);
    case PayloadType::kTsI:
    case PayloadType::kTsR:
      if (const auto ts = parse_ts(payload.body); ts && !ts->empty()) {
        must(parse_ts(serialise_ts(*ts)).value() == *ts, "selectors come again");
      }
      return;
    default:
      return;
  }
}

Buffer message(ExchangeType exchange, const std::vector<std::pair<PayloadType, Buffer>>& payloads) {
  Message m;
  m.header.spi_i = 0x1122334455667788;
  m.header.exchange = exchange;
  m.header.from_initiator = true;
  for (const auto& [type, body] : payloads) m.add(type, body);
  return m.serialise();
}

}  // namespace

std::vector<Buffer> seeds() {
  const auto ike = parse_proposals(Protocol::kIke, "aes128gcm16-prfsha256-ecp256, aes256-sha256-modp2048").value();
  const auto esp = parse_proposals(Protocol::kEsp, "aes128gcm16-ecp256, aes256-sha256").value();
  const TrafficSelectors ts = {TrafficSelector::parse("10.1.0.0/24").value(),
                               TrafficSelector::parse("2001:db8::/32").value()};
  const auto ah = parse_proposals(Protocol::kAh, "sha256-sha1-esn").value();
  const Buffer spi = {1, 2, 3, 4};
  return {
      message(ExchangeType::kIkeSaInit,
              {{PayloadType::kSa, SaPayload::offer(ike, {}).serialise()},
               {PayloadType::kKe, KePayload{DhGroup::kEcp256, Buffer(64, 7)}.serialise()},
               {PayloadType::kNonce, Buffer(32, 9)},
               {PayloadType::kVendorId, Buffer(16, 5)},
               {PayloadType::kNotify,
                NotifyPayload{Protocol::kNone, {}, NotifyType::kNatDetectionSourceIp, Buffer(20, 3)}.serialise()}}),
      message(ExchangeType::kIkeAuth, {{PayloadType::kIdI, Identity::parse("gw.example.org").value().payload()},
                                       {PayloadType::kIdR, Identity::parse("192.0.2.1").value().payload()},
                                       {PayloadType::kAuth, AuthPayload{kAuthSharedKey, Buffer(32, 1)}.serialise()},
                                       {PayloadType::kSa, SaPayload::offer(esp, spi).serialise()},
                                       {PayloadType::kTsI, serialise_ts(ts)},
                                       {PayloadType::kTsR, serialise_ts(ts)}}),
      message(
          ExchangeType::kCreateChildSa,
          {{PayloadType::kNotify, NotifyPayload{Protocol::kAh, spi, NotifyType::kRekeySa, {}}.serialise()},
           {PayloadType::kNotify, NotifyPayload{Protocol::kNone, {}, NotifyType::kUseTransportMode, {}}.serialise()},
           {PayloadType::kSa, SaPayload::offer(ah, spi).serialise()},
           {PayloadType::kNonce, Buffer(32, 9)},
           {PayloadType::kTsI, serialise_ts(ts)},
           {PayloadType::kTsR, serialise_ts(ts)}}),
      message(ExchangeType::kInformational,
              {{PayloadType::kDelete, DeletePayload{Protocol::kAh, {Spi{0x1001}}}.serialise()},
               {PayloadType::kDelete, DeletePayload{Protocol::kEsp, {Spi{0x1001}, Spi{0x1002}}}.serialise()},
               {PayloadType::kDelete, DeletePayload{Protocol::kIke, {}}.serialise()}}),
      message(ExchangeType::kInformational, {{PayloadType::kSk, Buffer(60, 2)}}),
  };
}

void run(Bytes input) {
  const auto parsed = Message::parse(input);
  if (!parsed) return;
  for (const bool response : {false, true}) (void)check_rules(parsed->header.exchange, response, parsed->payloads);
  for (const Payload& payload : parsed->payloads) look_at(payload);
  if (parsed->find(PayloadType::kSk) != nullptr) return;  // its Next Payload is not in the clear message's hands
  const Buffer written = parsed->serialise();
  const auto again = Message::parse(written);
  must(again.has_value() && again->serialise() == written, "a message comes again");
}

}  // namespace sallyport::fuzz
