// SPDX-License-Identifier: Apache-2.0
// RFC 7296 3.3: the Security Association payload, proposals within it and transforms within those.
#pragma once

#include "base/bytes.hpp"
#include "host/ipsec/proposal.hpp"

namespace sallyport::ike {

struct NumberedProposal {
  std::uint8_t number = 1;  // in an answer: that of the proposal that was chosen
  Buffer spi;               // of the sender: 8 bytes for IKE (none in IKE_SA_INIT), 4 for ESP and AH
  Proposal proposal;
};

struct SaPayload {
  std::vector<NumberedProposal> proposals;

  static Result<SaPayload> parse(Bytes body);
  [[nodiscard]] Buffer serialise() const;

  // All of a list, numbered from 1, under one SPI.
  static SaPayload offer(const Proposals& proposals, Bytes spi);
  [[nodiscard]] Proposals plain() const;  // without numbers and SPIs, in the same order
};

}  // namespace sallyport::ike
