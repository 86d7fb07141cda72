// SPDX-License-Identifier: Apache-2.0
// Finding payloads and notifications in a message, and making the notifications that exchanges answer with.
#pragma once

#include "host/ike/message.hpp"
#include "host/ike/payloads.hpp"

namespace sallyport::ike {

[[nodiscard]] const Payload* find_payload(const std::vector<Payload>& payloads, PayloadType type);
[[nodiscard]] std::optional<NotifyPayload> find_notify(const std::vector<Payload>& payloads, NotifyType type);
[[nodiscard]] std::optional<NotifyPayload> find_error(const std::vector<Payload>& payloads);
[[nodiscard]] Payload make_notify(NotifyType type, Bytes data = {});
[[nodiscard]] NotifyPayload refusal(NotifyType type, Bytes data = {});
[[nodiscard]] Buffer spi_bytes(Spi spi);
[[nodiscard]] Buffer group_bytes(DhGroup group);
[[nodiscard]] Error error_of(const NotifyPayload& notify);  // what a peer's refusal means to our caller

}  // namespace sallyport::ike
