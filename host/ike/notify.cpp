// SPDX-License-Identifier: Apache-2.0
#include "host/ike/notify.hpp"

#include <algorithm>

namespace sallyport::ike {
namespace {

template <class Wanted>
std::optional<NotifyPayload> first_notify(const std::vector<Payload>& payloads, Wanted wanted) {
  for (const auto& payload : payloads) {
    if (payload.type != PayloadType::kNotify) continue;
    auto notify = NotifyPayload::parse(payload.body);
    if (notify && wanted(notify->type)) return std::move(*notify);
  }
  return std::nullopt;
}

}  // namespace

const Payload* find_payload(const std::vector<Payload>& payloads, PayloadType type) {
  const auto found = std::ranges::find(payloads, type, &Payload::type);
  return found == payloads.end() ? nullptr : &*found;
}

std::optional<NotifyPayload> find_notify(const std::vector<Payload>& payloads, NotifyType type) {
  return first_notify(payloads, [&](NotifyType found) { return found == type; });
}

std::optional<NotifyPayload> find_error(const std::vector<Payload>& payloads) {
  return first_notify(payloads, [](NotifyType found) { return is_error(found); });
}

NotifyPayload refusal(NotifyType type, Bytes data) {
  NotifyPayload notify;
  notify.type = type;
  notify.data.assign(data.begin(), data.end());
  return notify;
}

Payload make_notify(NotifyType type, Bytes data) {
  return {PayloadType::kNotify, false, refusal(type, data).serialise()};
}

Buffer spi_bytes(Spi spi) {
  ByteWriter w;
  w.u32(static_cast<std::uint32_t>(spi));
  return w.take();
}

Buffer group_bytes(DhGroup group) {
  ByteWriter w;
  w.u16(static_cast<std::uint16_t>(group));
  return w.take();
}

Error error_of(const NotifyPayload& notify) {
  const std::string said = "the peer says " + to_string(notify.type);
  switch (notify.type) {
    case NotifyType::kAuthenticationFailed:
      return {Errc::kAuthFailed, said + ": secrets or identities differ"};
    case NotifyType::kNoProposalChosen:
      return {Errc::kUnsupported, said + ": no proposal of ours is among its own"};
    case NotifyType::kTsUnacceptable:
      return {Errc::kUnsupported, said + ": it has no child with these traffic selectors"};
    case NotifyType::kInvalidKePayload:
    case NotifyType::kUnsupportedCriticalPayload:
      return {Errc::kUnsupported, said};
    case NotifyType::kTemporaryFailure:
      return {Errc::kBusy, said};
    case NotifyType::kNoAdditionalSas:
      return {Errc::kFull, said};
    case NotifyType::kChildSaNotFound:
      return {Errc::kNotFound, said};
    default:
      return {Errc::kInvalid, said};
  }
}

}  // namespace sallyport::ike
