// SPDX-License-Identifier: Apache-2.0
// What a responder decided about a CHILD SA that it was asked for.
#pragma once

#include "host/ike/ike_sa.hpp"

namespace sallyport::ike {

struct IkeSa::ChildAnswer {
  ChildConfig words;             // it was chosen by
  ChildSa child;                 // with its SPIs, selectors and the chosen proposal
  std::uint8_t number = 1;       // of the proposal that was chosen
  std::optional<Secret> shared;  // g^ir, when there is PFS
  Buffer public_value;           // ours, then
};

// [N(USE_TRANSPORT_MODE),] SA, TSi and TSr of the response.
void add_answer(std::vector<Payload>& response, const ChildSa& child, std::uint8_t number);

}  // namespace sallyport::ike
