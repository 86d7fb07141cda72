// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/card_proof.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

namespace sallyport::users {
namespace {

constexpr int kLeastRsaBits = 2048;      // NIST SP 800-131A
constexpr std::size_t kCoordinate = 32;  // of P-256

template <class T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* object) const { kFree(object); }
};
template <class T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, Freed<T, kFree>>;

// r and s of 32 bytes each, as OpenSSL wants them (RFC 3279 2.2.3); empty when they cannot be.
Buffer der_signature(Bytes raw) {
  if (raw.size() != 2 * kCoordinate) return {};
  const Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(raw.data(), kCoordinate, nullptr),
                 BN_bin2bn(raw.data() + kCoordinate, kCoordinate, nullptr));
  Buffer der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)));
  std::uint8_t* at = der.data();
  i2d_ECDSA_SIG(signature.get(), &at);
  return der;
}

}  // namespace

CardDigest digest_of(const CardProof& proof) {
  ByteWriter w;
  for (const std::string& field :
       {std::string("Sallyport smart card 1"), proof.gateway_key, proof.attempt, proof.number, proof.nonce}) {
    w.u32(static_cast<std::uint32_t>(field.size())).bytes(as_bytes(field));
  }
  CardDigest digest{};
  SHA256(w.view().data(), w.size(), digest.data());
  return digest;
}

Result<CardKey> CardKey::checked(EVP_PKEY* raw) {
  if (raw == nullptr) return Error{Errc::kInvalid, "no public key, and no certificate that holds one"};
  std::shared_ptr<EVP_PKEY> key(raw, EVP_PKEY_free);
  const int bits = EVP_PKEY_get_bits(raw);
  std::array<char, 32> group{};
  const bool rsa = EVP_PKEY_is_a(raw, "RSA") == 1 && bits >= kLeastRsaBits;
  const bool p256 = EVP_PKEY_is_a(raw, "EC") == 1 &&
                    EVP_PKEY_get_group_name(raw, group.data(), group.size(), nullptr) == 1 &&
                    std::string_view(group.data()) == "prime256v1";
  if (!rsa && !p256) {
    return Error{Errc::kUnsupported,
                 "a card's key must be RSA of at least " + std::to_string(kLeastRsaBits) + " bits, or EC on P-256"};
  }
  return CardKey(std::move(key));
}

Result<CardKey> CardKey::parse(Bytes der) {
  const std::uint8_t* at = der.data();
  return checked(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
}

Result<CardKey> CardKey::parse_pem(const std::string& pem) {
  const Owned<BIO, BIO_free_all> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (EVP_PKEY* key = PEM_read_bio_PUBKEY(text.get(), nullptr, nullptr, nullptr); key != nullptr) return checked(key);
  (void)BIO_reset(text.get());
  const Owned<X509, X509_free> certificate(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  return checked(certificate == nullptr ? nullptr : X509_get_pubkey(certificate.get()));
}

Buffer CardKey::der() const {
  Buffer out(static_cast<std::size_t>(i2d_PUBKEY(key_.get(), nullptr)));
  std::uint8_t* at = out.data();
  i2d_PUBKEY(key_.get(), &at);
  return out;
}

bool CardKey::verifies(const CardDigest& digest, Bytes signature) const {
  const bool rsa = EVP_PKEY_is_a(key_.get(), "RSA") == 1;
  const Buffer given = rsa ? Buffer(signature.begin(), signature.end()) : der_signature(signature);
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  if (EVP_PKEY_verify_init(context.get()) != 1 || EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) != 1) {
    return false;
  }
  if (rsa && (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_PKEY_verify(context.get(), given.data(), given.size(), digest.data(), digest.size()) == 1;
}

}  // namespace sallyport::users
