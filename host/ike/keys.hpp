// SPDX-License-Identifier: Apache-2.0
// RFC 7296 2.13 to 2.18: from a key exchange and nonces to the keys of an IKE SA, of its CHILD SAs, and the proof of
// knowing the pre-shared key.
#pragma once

#include "host/ike/crypto.hpp"
#include "host/ipsec/proposal.hpp"
#include "host/ipsec/sa.hpp"

namespace sallyport::ike {

// 2.14. SK_ei and SK_er of AES-GCM end in the four bytes of salt (RFC 5282 7.1); SK_ai and SK_ar are then empty.
struct IkeKeys {
  Secret d;
  Secret ai, ar;
  Secret ei, er;
  Secret pi, pr;
};

// Nonces without headers; SPIs as they stand in the header.
struct KeyContext {
  Buffer nonce_i;
  Buffer nonce_r;
  std::uint64_t spi_i = 0;
  std::uint64_t spi_r = 0;
};

// 2.14: SKEYSEED = prf(Ni | Nr, g^ir).
[[nodiscard]] IkeKeys derive_ike_keys(const Proposal& proposal, const Secret& shared, const KeyContext& context);
// 2.18: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the PRF of the old IKE SA.
[[nodiscard]] IkeKeys rekey_ike_keys(Prf old_prf, const Secret& old_d, const Proposal& proposal, const Secret& shared,
                                     const KeyContext& context);

// 2.17: KEYMAT = prf+(SK_d, [g^ir (new) |] Ni | Nr); the initiator's direction comes first, cipher before integrity.
struct ChildKeys {
  SaKeys initiator_to_responder;
  SaKeys responder_to_initiator;
};
[[nodiscard]] ChildKeys derive_child_keys(Prf prf, const Secret& d, const Proposal& proposal, const Secret* shared,
                                          Bytes nonce_i, Bytes nonce_r);

// 2.15: AUTH = prf(prf(Shared Secret, "Key Pad for IKEv2"), message | nonce | prf(SK_p, RestOfIDPayload)), where
// message is the sender's own IKE_SA_INIT message and nonce the other side's.
[[nodiscard]] Secret psk_auth(Prf prf, const Secret& psk, Bytes message, Bytes nonce, const Secret& sk_p,
                              Bytes id_payload);

}  // namespace sallyport::ike
