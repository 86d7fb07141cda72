// SPDX-License-Identifier: Apache-2.0
// RFC 7296 3.1 and 3.2: an IKE message is a header and a chain of payloads.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "host/ike/codes.hpp"

namespace sallyport::ike {

inline constexpr std::size_t kHeaderSize = 28;
inline constexpr std::size_t kPayloadHeaderSize = 4;

struct Header {
  std::uint64_t spi_i = 0;  // of the IKE SA's original initiator
  std::uint64_t spi_r = 0;
  PayloadType next_payload = PayloadType::kNone;
  ExchangeType exchange = ExchangeType::kIkeSaInit;
  bool from_initiator = false;  // flag I: the original initiator of the IKE SA sent it
  bool response = false;        // flag R
  std::uint32_t message_id = 0;
  std::uint32_t length = 0;  // of the whole message

  // Refuses another major version than 2 and a length that is not that of the datagram.
  static Result<Header> parse(Bytes datagram);
  void write(ByteWriter& w) const;
};

// One payload after its generic header.
struct Payload {
  PayloadType type = PayloadType::kNone;
  bool critical = false;
  Buffer body;
};

struct Message {
  Header header;
  std::vector<Payload> payloads;                  // an SK payload is last, and its body starts with the IV
  PayloadType first_inside = PayloadType::kNone;  // SK only: what it holds (its Next Payload field)

  static Result<Message> parse(Bytes datagram);
  [[nodiscard]] Buffer serialise() const;  // in the clear; sets next payload and length of the header

  [[nodiscard]] const Payload* find(PayloadType type) const;  // the first one, or null
  void add(PayloadType type, Buffer body) { payloads.push_back({type, false, std::move(body)}); }
};

// A chain of payloads: all of the bytes, or nothing. An SK payload ends it and puts its Next Payload into first_inside.
Result<std::vector<Payload>> parse_chain(PayloadType first, Bytes chain, PayloadType* first_inside = nullptr);
void write_chain(ByteWriter& w, const std::vector<Payload>& payloads);

}  // namespace sallyport::ike
