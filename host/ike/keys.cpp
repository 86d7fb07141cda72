// SPDX-License-Identifier: Apache-2.0
#include "host/ike/keys.hpp"

namespace sallyport::ike {
namespace {

// Octets of the cipher's key, as a proposal chose it; its salt comes behind (RFC 5282 7.1).
std::size_t cipher_key_size(const Proposal& proposal) { return key_size(proposal.encryption(), proposal.key_bits()); }

// Hands out a key stream piece by piece.
class Pieces {
 public:
  explicit Pieces(const Secret& stream) : reader_(stream.reveal()) {}
  Secret take(std::size_t size) { return Secret(reader_.take(size)); }

 private:
  ByteReader reader_;
};

// In one allocation: one that grows leaves a copy behind, which nobody wipes.
Buffer join(std::initializer_list<Bytes> parts) {
  std::size_t size = 0;
  for (const Bytes part : parts) size += part.size();
  Buffer whole;
  whole.reserve(size);
  for (const Bytes part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

// {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)
IkeKeys expand(const Proposal& proposal, const Secret& skeyseed, const KeyContext& context) {
  ByteWriter seed;
  seed.bytes(context.nonce_i).bytes(context.nonce_r).u64(context.spi_i).u64(context.spi_r);
  const Prf prf = proposal.prf();
  const std::size_t prf_key = prf_size(prf);
  const std::size_t integrity_key = key_size(proposal.integrity());
  const std::size_t cipher_key = cipher_key_size(proposal) + salt_size(proposal.encryption());
  const Secret stream = prf_plus(prf, skeyseed.reveal(), seed.view(), 3 * prf_key + 2 * integrity_key + 2 * cipher_key);
  Pieces pieces(stream);
  IkeKeys keys;
  keys.d = pieces.take(prf_key);
  keys.ai = pieces.take(integrity_key);
  keys.ar = pieces.take(integrity_key);
  keys.ei = pieces.take(cipher_key);
  keys.er = pieces.take(cipher_key);
  keys.pi = pieces.take(prf_key);
  keys.pr = pieces.take(prf_key);
  return keys;
}

}  // namespace

IkeKeys derive_ike_keys(const Proposal& proposal, const Secret& shared, const KeyContext& context) {
  const Buffer nonces = join({context.nonce_i, context.nonce_r});
  return expand(proposal, prf(proposal.prf(), nonces, shared.reveal()), context);
}

IkeKeys rekey_ike_keys(Prf old_prf, const Secret& old_d, const Proposal& proposal, const Secret& shared,
                       const KeyContext& context) {
  Buffer seed = join({shared.reveal(), context.nonce_i, context.nonce_r});
  const Secret data = Secret::consume(seed);
  return expand(proposal, prf(old_prf, old_d.reveal(), data.reveal()), context);
}

ChildKeys derive_child_keys(Prf prf, const Secret& d, const Proposal& proposal, const Secret* shared, Bytes nonce_i,
                            Bytes nonce_r) {
  Buffer joined = join({shared != nullptr ? shared->reveal() : Bytes(), nonce_i, nonce_r});
  const Secret seed = Secret::consume(joined);
  const std::size_t cipher_key = cipher_key_size(proposal);
  const std::size_t salt = salt_size(proposal.encryption());
  const std::size_t integrity_key = key_size(proposal.integrity());
  const Secret stream = prf_plus(prf, d.reveal(), seed.reveal(), 2 * (cipher_key + salt + integrity_key));
  Pieces pieces(stream);
  ChildKeys keys;
  for (SaKeys* direction : {&keys.initiator_to_responder, &keys.responder_to_initiator}) {
    direction->encryption = pieces.take(cipher_key);
    direction->salt = pieces.take(salt);
    direction->integrity = pieces.take(integrity_key);
  }
  return keys;
}

Secret psk_auth(Prf function, const Secret& psk, Bytes message, Bytes nonce, const Secret& sk_p, Bytes id_payload) {
  const Secret key = prf(function, psk.reveal(), as_bytes("Key Pad for IKEv2"));
  const Secret maced_id = prf(function, sk_p.reveal(), id_payload);
  return prf(function, key.reveal(), join({message, nonce, maced_id.reveal()}));
}

}  // namespace sallyport::ike
