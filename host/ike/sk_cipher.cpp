// SPDX-License-Identifier: Apache-2.0
#include "host/ike/sk_cipher.hpp"

#include <openssl/evp.h>

namespace sallyport::ike {
namespace {

constexpr std::size_t kGcmIv = 8;    // RFC 5282 3
constexpr std::size_t kGcmSalt = 4;  // RFC 5282 4
constexpr std::size_t kGcmIcv = 16;
constexpr std::size_t kMostBlock = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

void must(bool done) {
  if (!done) std::abort();
}

const EVP_CIPHER* cipher_of(Encryption encryption, std::size_t key_size) {
  if (encryption == Encryption::kDes3Cbc) return EVP_des_ede3_cbc();
  const bool gcm = encryption == Encryption::kAesGcm16;
  switch (key_size) {
    case 16:
      return gcm ? EVP_aes_128_gcm() : EVP_aes_128_cbc();
    case 24:
      return gcm ? EVP_aes_192_gcm() : EVP_aes_192_cbc();
    case 32:
      return gcm ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
    default:
      std::abort();  // a proposal with another key length was never chosen
  }
}

Cipher start(Encryption encryption, const Secret& key, Bytes nonce, bool encrypt) {
  Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  must(cipher && EVP_CipherInit_ex2(cipher.get(), cipher_of(encryption, key.size()), key.reveal().data(), nonce.data(),
                                    encrypt ? 1 : 0, nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(cipher.get(), 0);
  return cipher;
}

void update(const Cipher& cipher, std::uint8_t* out, Bytes in) {
  int size = 0;
  must(EVP_CipherUpdate(cipher.get(), out, &size, in.data(), static_cast<int>(in.size())) == 1);
}

bool finish(const Cipher& cipher) {
  std::uint8_t nothing[kMostBlock];
  int size = 0;
  return EVP_CipherFinal_ex(cipher.get(), nothing, &size) == 1;
}

Buffer nonce_of(const Secret& salt, Bytes iv) {
  Buffer nonce(salt.reveal().begin(), salt.reveal().end());
  nonce.insert(nonce.end(), iv.begin(), iv.end());
  return nonce;
}

}  // namespace

SkCipher::SkCipher(const Proposal& proposal, Secret encryption_key, Secret integrity_key, const RandomSource& random)
    : encryption_(proposal.encryption()),
      integrity_(proposal.integrity()),
      integrity_key_(std::move(integrity_key)),
      random_(random),
      next_iv_(random_u64(random)) {
  const Bytes key = encryption_key.reveal();
  const std::size_t salt = is_aead(encryption_) ? kGcmSalt : 0;
  key_ = Secret(key.first(key.size() - salt));
  salt_ = Secret(key.last(salt));
}

std::size_t SkCipher::block_size() const { return encryption_ == Encryption::kDes3Cbc ? 8 : 16; }
std::size_t SkCipher::iv_size() const { return is_aead(encryption_) ? kGcmIv : block_size(); }

Buffer SkCipher::seal(const Message& message) {
  // Plaintext: the payloads, Padding, Pad Length. AES-GCM needs no padding, CBC fills its last block.
  ByteWriter inside;
  write_chain(inside, message.payloads);
  const std::size_t pad = is_aead(encryption_) ? 0 : block_size() - 1 - inside.size() % block_size();
  inside.zeros(pad).u8(static_cast<std::uint8_t>(pad));
  Buffer clear = inside.take();
  const Secret plain = Secret::consume(clear);
  const std::size_t icv = is_aead(encryption_) ? kGcmIcv : icv_size(integrity_);
  const std::size_t body = iv_size() + plain.size() + icv;

  Header header = message.header;
  header.next_payload = PayloadType::kSk;
  header.length = static_cast<std::uint32_t>(kHeaderSize + kPayloadHeaderSize + body);
  ByteWriter head;
  header.write(head);
  head.u8(static_cast<std::uint8_t>(message.payloads.empty() ? PayloadType::kNone : message.payloads.front().type));
  head.u8(0).u16(static_cast<std::uint16_t>(kPayloadHeaderSize + body));
  return is_aead(encryption_) ? seal_gcm(std::move(head), plain) : seal_cbc(std::move(head), plain);
}

// RFC 5282 5.1: the associated data are the header and the SK payload's own header.
Buffer SkCipher::seal_gcm(ByteWriter head, const Secret& plain) {
  ByteWriter iv;
  iv.u64(next_iv_++);
  const Cipher cipher = start(encryption_, key_, nonce_of(salt_, iv.view()), true);
  update(cipher, nullptr, head.view());
  Buffer sealed(plain.size());
  update(cipher, sealed.data(), plain.reveal());
  Buffer icv(kGcmIcv);
  must(finish(cipher) && EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kGcmIcv, icv.data()) == 1);
  head.bytes(iv.view()).bytes(sealed).bytes(icv);
  return head.take();
}

// RFC 7296 3.14: the ICV is computed over the encrypted message, starting with the fixed IKE header.
Buffer SkCipher::seal_cbc(ByteWriter head, const Secret& plain) {
  const Buffer iv = random_bytes(random_, block_size());  // unpredictable
  const Cipher cipher = start(encryption_, key_, iv, true);
  Buffer sealed(plain.size());
  update(cipher, sealed.data(), plain.reveal());
  must(finish(cipher));
  head.bytes(iv).bytes(sealed);
  const Buffer icv = hmac_icv(integrity_, integrity_key_.reveal(), head.view());
  head.bytes(icv);
  return head.take();
}

Result<std::vector<Payload>> SkCipher::open(const Message& message, Bytes datagram) const {
  if (message.payloads.size() != 1 || message.payloads.front().type != PayloadType::kSk) {
    return Error{Errc::kInvalid, "a message that is not one SK payload"};
  }
  const Bytes body = message.payloads.front().body;
  const auto plain = is_aead(encryption_) ? open_gcm(datagram, body) : open_cbc(datagram, body);
  if (!plain) return plain.error();
  const Bytes inside = plain->reveal();
  const std::size_t padding = inside.empty() ? 0 : inside.back() + std::size_t{1};  // with Pad Length itself
  if (padding == 0 || padding > inside.size()) return Error{Errc::kInvalid, "SK payload: more padding than content"};
  return parse_chain(message.first_inside, inside.first(inside.size() - padding));
}

Result<Secret> SkCipher::open_gcm(Bytes datagram, Bytes body) const {
  if (body.size() < kGcmIv + kGcmIcv) return Error{Errc::kAuthFailed, "SK payload too short"};
  const Bytes iv = body.first(kGcmIv);
  const Bytes sealed = body.subspan(kGcmIv, body.size() - kGcmIv - kGcmIcv);
  Buffer icv(body.end() - kGcmIcv, body.end());
  const Cipher cipher = start(encryption_, key_, nonce_of(salt_, iv), false);
  must(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kGcmIcv, icv.data()) == 1);
  update(cipher, nullptr, datagram.first(kHeaderSize + kPayloadHeaderSize));
  Secret plain(sealed.size());
  update(cipher, plain.bytes().data(), sealed);
  if (!finish(cipher)) return Error{Errc::kAuthFailed, "SK payload: wrong ICV"};
  return plain;
}

Result<Secret> SkCipher::open_cbc(Bytes datagram, Bytes body) const {
  const std::size_t block = block_size();
  const std::size_t icv = icv_size(integrity_);
  if (body.size() < block + block + icv || (body.size() - icv) % block != 0) {
    return Error{Errc::kAuthFailed, "SK payload: not whole blocks"};
  }
  const Buffer expected = hmac_icv(integrity_, integrity_key_.reveal(), datagram.first(datagram.size() - icv));
  if (!equal_constant_time(expected, body.last(icv))) return Error{Errc::kAuthFailed, "SK payload: wrong ICV"};
  const Bytes sealed = body.subspan(block, body.size() - block - icv);
  const Cipher cipher = start(encryption_, key_, body.first(block), false);
  Secret plain(sealed.size());
  update(cipher, plain.bytes().data(), sealed);
  must(finish(cipher));
  return plain;
}

}  // namespace sallyport::ike
