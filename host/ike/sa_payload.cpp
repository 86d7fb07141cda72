// SPDX-License-Identifier: Apache-2.0
#include "host/ike/sa_payload.hpp"

namespace sallyport::ike {
namespace {

// RFC 7296 3.3.1 and 3.3.2: "last" or "more" in the first octet of a substructure.
constexpr std::uint8_t kLast = 0;
constexpr std::uint8_t kMoreProposals = 2;
constexpr std::uint8_t kMoreTransforms = 3;
constexpr std::size_t kSubstructureHeader = 8;

// RFC 7296 3.3.5: the one attribute, in TV form.
constexpr std::uint16_t kKeyLengthTv = 0x8000 | 14;
constexpr std::uint16_t kTvBit = 0x8000;

// "An implementation ... MUST reject a transform with an attribute it does not understand": no key has this length, so
// a transform marked with it meets none of ours.
constexpr std::uint16_t kNoSuchKeyLength = 0xffff;

void read_attributes(ByteReader& r, Transform& transform) {
  bool understood = true;
  while (r.ok() && r.left() != 0) {
    const std::uint16_t type = r.u16();
    const std::uint16_t value = r.u16();
    if ((type & kTvBit) == 0) r.skip(value);
    if (type == kKeyLengthTv) {
      transform.key_bits = value;
    } else {
      understood = false;
    }
  }
  if (!understood) transform.key_bits = kNoSuchKeyLength;
}

// Last Substruc, RESERVED, Transform Length, Transform Type, RESERVED, Transform ID, Attributes.
Result<Transform> read_transform(ByteReader& r, bool last) {
  const std::uint8_t more = r.u8();
  r.skip(1);
  const std::size_t length = r.u16();
  Transform transform;
  transform.type = TransformType{r.u8()};
  r.skip(1);
  transform.id = r.u16();
  if (!r.ok() || length < kSubstructureHeader) return Error{Errc::kTruncated, "transform"};
  if (more != (last ? kLast : kMoreTransforms)) return Error{Errc::kInvalid, "transform: contradicts the count"};
  ByteReader attributes(r.take(length - kSubstructureHeader));
  read_attributes(attributes, transform);
  if (!r.ok() || !attributes.ok()) return Error{Errc::kTruncated, "transform"};
  return transform;
}

// Last Substruc, RESERVED, Proposal Length, Proposal Num, Protocol ID, SPI Size, Num Transforms, SPI, Transforms.
Result<NumberedProposal> read_proposal(ByteReader& r) {
  const std::size_t start = r.left();
  const std::uint8_t more = r.u8();
  r.skip(1);
  const std::size_t length = r.u16();
  NumberedProposal one;
  one.number = r.u8();
  one.proposal.protocol = Protocol{r.u8()};
  const std::size_t spi_size = r.u8();
  const unsigned transforms = r.u8();
  if (!r.ok() || length < kSubstructureHeader || length > start) return Error{Errc::kTruncated, "proposal"};
  if (more != (length == start ? kLast : kMoreProposals)) return Error{Errc::kInvalid, "proposal: not where it says"};
  ByteReader body(r.take(length - kSubstructureHeader));
  const Bytes spi = body.take(spi_size);
  if (!body.ok()) return Error{Errc::kTruncated, "proposal"};
  one.spi.assign(spi.begin(), spi.end());
  for (unsigned i = 1; i <= transforms; ++i) {
    auto transform = read_transform(body, i == transforms);
    if (!transform) return transform.error();
    one.proposal.transforms.push_back(*transform);
  }
  if (body.left() != 0) return Error{Errc::kInvalid, "proposal: bytes behind its last transform"};
  return one;
}

void write_transform(ByteWriter& w, const Transform& transform, bool last) {
  const bool sized = transform.key_bits != 0;
  w.u8(last ? kLast : kMoreTransforms).u8(0).u16(sized ? kSubstructureHeader + 4 : kSubstructureHeader);
  w.u8(static_cast<std::uint8_t>(transform.type)).u8(0).u16(transform.id);
  if (sized) w.u16(kKeyLengthTv).u16(transform.key_bits);
}

}  // namespace

Result<SaPayload> SaPayload::parse(Bytes body) {
  SaPayload sa;
  ByteReader r(body);
  while (r.left() != 0) {
    auto proposal = read_proposal(r);
    if (!proposal) return proposal.error();
    sa.proposals.push_back(std::move(*proposal));
  }
  if (sa.proposals.empty()) return Error{Errc::kInvalid, "SA payload without a proposal"};
  return sa;
}

Buffer SaPayload::serialise() const {
  ByteWriter w;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const auto& [number, spi, proposal] = proposals[i];
    const auto& transforms = proposal.transforms;
    const std::size_t start = w.size();
    w.u8(i + 1 == proposals.size() ? kLast : kMoreProposals).u8(0).u16(0).u8(number);
    w.u8(static_cast<std::uint8_t>(proposal.protocol)).u8(static_cast<std::uint8_t>(spi.size()));
    w.u8(static_cast<std::uint8_t>(transforms.size())).bytes(spi);
    for (std::size_t t = 0; t < transforms.size(); ++t) write_transform(w, transforms[t], t + 1 == transforms.size());
    w.patch_u16(start + 2, static_cast<std::uint16_t>(w.size() - start));
  }
  return w.take();
}

SaPayload SaPayload::offer(const Proposals& proposals, Bytes spi) {
  SaPayload sa;
  for (const auto& proposal : proposals) {
    const auto number = static_cast<std::uint8_t>(sa.proposals.size() + 1);
    sa.proposals.push_back({number, Buffer(spi.begin(), spi.end()), proposal});
  }
  return sa;
}

Proposals SaPayload::plain() const {
  Proposals list;
  for (const auto& one : proposals) list.push_back(one.proposal);
  return list;
}

}  // namespace sallyport::ike
