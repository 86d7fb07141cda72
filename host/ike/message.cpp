// SPDX-License-Identifier: Apache-2.0
#include "host/ike/message.hpp"

namespace sallyport::ike {
namespace {

constexpr std::uint8_t kVersion = 0x20;  // major 2, minor 0
constexpr std::uint8_t kFlagInitiator = 0x08;
constexpr std::uint8_t kFlagResponse = 0x20;
constexpr std::uint8_t kCritical = 0x80;

PayloadType type_at(const std::vector<Payload>& payloads, std::size_t i) {
  return i < payloads.size() ? payloads[i].type : PayloadType::kNone;
}

}  // namespace

// RFC 7296 3.1: IKE SA Initiator's SPI, Responder's SPI, Next Payload, versions, Exchange Type, Flags, Message ID,
// Length.
Result<Header> Header::parse(Bytes datagram) {
  ByteReader r(datagram);
  Header header;
  header.spi_i = r.u64();
  header.spi_r = r.u64();
  header.next_payload = PayloadType{r.u8()};
  const std::uint8_t version = r.u8();
  header.exchange = ExchangeType{r.u8()};
  const std::uint8_t flags = r.u8();
  header.from_initiator = (flags & kFlagInitiator) != 0;
  header.response = (flags & kFlagResponse) != 0;
  header.message_id = r.u32();
  header.length = r.u32();
  if (!r.ok()) return Error{Errc::kTruncated, "IKE header"};
  if (version >> 4 != kVersion >> 4) return Error{Errc::kUnsupported, "IKE version " + std::to_string(version >> 4)};
  if (header.length != datagram.size()) return Error{Errc::kInvalid, "IKE header: the length is not the datagram's"};
  return header;
}

void Header::write(ByteWriter& w) const {
  w.u64(spi_i).u64(spi_r).u8(static_cast<std::uint8_t>(next_payload)).u8(kVersion);
  w.u8(static_cast<std::uint8_t>(exchange));
  w.u8(static_cast<std::uint8_t>((from_initiator ? kFlagInitiator : 0) | (response ? kFlagResponse : 0)));
  w.u32(message_id).u32(length);
}

Result<Message> Message::parse(Bytes datagram) {
  auto header = Header::parse(datagram);
  if (!header) return header.error();
  Message message;
  message.header = *header;
  auto payloads = parse_chain(header->next_payload, datagram.subspan(kHeaderSize), &message.first_inside);
  if (!payloads) return payloads.error();
  message.payloads = std::move(*payloads);
  return message;
}

Buffer Message::serialise() const {
  Header whole = header;
  whole.next_payload = type_at(payloads, 0);
  ByteWriter w;
  whole.write(w);
  write_chain(w, payloads);
  w.patch_u32(kHeaderSize - 4, static_cast<std::uint32_t>(w.size()));
  return w.take();
}

const Payload* Message::find(PayloadType type) const {
  for (const auto& payload : payloads) {
    if (payload.type == type) return &payload;
  }
  return nullptr;
}

// RFC 7296 3.2: Next Payload, C and RESERVED, Payload Length.
Result<std::vector<Payload>> parse_chain(PayloadType first, Bytes chain, PayloadType* first_inside) {
  std::vector<Payload> payloads;
  ByteReader r(chain);
  for (PayloadType type = first; type != PayloadType::kNone;) {
    const PayloadType next{r.u8()};
    const bool critical = (r.u8() & kCritical) != 0;
    const std::uint16_t length = r.u16();
    if (!r.ok() || length < kPayloadHeaderSize || length - kPayloadHeaderSize > r.left()) {
      return Error{Errc::kTruncated, "payload " + std::to_string(static_cast<unsigned>(type))};
    }
    const Bytes body = r.take(length - kPayloadHeaderSize);
    payloads.push_back({type, critical, Buffer(body.begin(), body.end())});
    if (type == PayloadType::kSk) {
      if (first_inside == nullptr) return Error{Errc::kInvalid, "an SK payload within an SK payload"};
      *first_inside = next;
      break;
    }
    type = next;
  }
  if (r.left() != 0) return Error{Errc::kInvalid, "bytes behind the last payload"};
  return payloads;
}

void write_chain(ByteWriter& w, const std::vector<Payload>& payloads) {
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const auto& payload = payloads[i];
    w.u8(static_cast<std::uint8_t>(type_at(payloads, i + 1))).u8(payload.critical ? kCritical : 0);
    w.u16(static_cast<std::uint16_t>(kPayloadHeaderSize + payload.body.size())).bytes(payload.body);
  }
}

}  // namespace sallyport::ike
