// SPDX-License-Identifier: Apache-2.0
#include "driver/software/esp_peer.hpp"

#include <openssl/evp.h>
#include <openssl/provider.h>

#include <algorithm>
#include <stdexcept>

#include "hw/layout/tables.hpp"

namespace sallyport::driver::bench {
namespace {

using layout::Cipher;
using layout::Integrity;

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL refuses the test's ") + what);
}

// A library context of its own: single DES lives in the legacy provider, which the rest of the process need not see.
OSSL_LIB_CTX* context() {
  static OSSL_LIB_CTX* const made = [] {
    OSSL_LIB_CTX* fresh = OSSL_LIB_CTX_new();
    must(OSSL_PROVIDER_load(fresh, "default") != nullptr, "default provider");
    must(OSSL_PROVIDER_load(fresh, "legacy") != nullptr, "legacy provider");
    return fresh;
  }();
  return made;
}

struct Run {
  std::string cipher;
  bool encrypt;
  Bytes key, iv, aad, text, tag;  // tag: to be verified
};

// One run of EVP; for GCM, the tag follows what was enciphered. Nothing when a tag is wrong.
std::optional<Buffer> evp(const Run& run) {
  const bool gcm = run.cipher.ends_with("GCM");
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(context(), run.cipher.c_str(), nullptr);
  must(cipher != nullptr, run.cipher.c_str());
  EVP_CIPHER_CTX* c = EVP_CIPHER_CTX_new();
  Buffer out(run.text.size() + 16);
  int n = 0;
  int last = 0;
  must(EVP_CipherInit_ex2(c, cipher, run.key.data(), run.iv.data(), run.encrypt ? 1 : 0, nullptr) == 1, "key");
  EVP_CIPHER_CTX_set_padding(c, 0);
  if (!run.aad.empty()) {
    must(EVP_CipherUpdate(c, nullptr, &n, run.aad.data(), static_cast<int>(run.aad.size())) == 1, "AAD");
  }
  n = 0;
  if (!run.text.empty()) {
    must(EVP_CipherUpdate(c, out.data(), &n, run.text.data(), static_cast<int>(run.text.size())) == 1, "text");
  }
  Buffer tag(run.tag.begin(), run.tag.end());
  if (!tag.empty()) must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, tag.data()) == 1, "tag");
  const bool good = EVP_CipherFinal_ex(c, out.data() + n, &last) == 1;
  must(good || !tag.empty(), "last block");
  out.resize(run.text.size());
  if (gcm && run.encrypt) {
    tag.resize(16);
    must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag.data()) == 1, "tag");
    out.insert(out.end(), tag.begin(), tag.end());
  }
  EVP_CIPHER_CTX_free(c);
  EVP_CIPHER_free(cipher);
  if (!good) return std::nullopt;
  return out;
}

std::string name_of(const EspPeer& peer, const std::string& mode) {
  if (peer.cipher == Cipher::kDesCbc) return "DES-" + mode;
  if (peer.cipher == Cipher::kDes3Cbc) return "DES-EDE3-" + mode;
  return "AES-" + std::to_string(8 * peer.key.size()) + "-" + mode;
}

// The cipher itself, block by block.
Buffer ecb(const EspPeer& peer, bool encrypt, Bytes text) {
  return *evp({name_of(peer, "ECB"), encrypt, peer.key, {}, {}, text, {}});
}

void exclusive_or(Buffer& into, Bytes with) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] ^= with[i];
}

// SP 800-38A 6.2: C[i] = E(P[i] ^ C[i-1]), C[0] = IV.
Buffer cbc(const EspPeer& peer, bool encrypt, Bytes iv, Bytes text) {
  const std::size_t block = peer.block_bytes();
  Buffer out;
  Buffer before(iv.begin(), iv.end());
  for (std::size_t at = 0; at < text.size(); at += block) {
    Buffer in(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(at + block));
    Buffer made = in;
    if (encrypt) {
      exclusive_or(made, before);
      made = ecb(peer, true, made);
      before = made;
    } else {
      made = ecb(peer, false, in);
      exclusive_or(made, before);
      before = in;
    }
    out.insert(out.end(), made.begin(), made.end());
  }
  return out;
}

// RFC 3686 2.1: key stream from E(nonce, IV, 1), E(nonce, IV, 2), ...
Buffer ctr(const EspPeer& peer, Bytes iv, Bytes text) {
  ByteWriter blocks;
  for (std::uint32_t i = 1; blocks.size() < text.size(); ++i) blocks.bytes(peer.salt).bytes(iv).u32(i);
  Buffer out(text.begin(), text.end());
  exclusive_or(out, ecb(peer, true, blocks.view()));
  return out;
}

struct Hash {
  const char* name;
  std::size_t block;
  std::size_t key;  // RFC 2403, 2404, 4868
  std::size_t icv;
};
Hash hash_of(Integrity integrity) {
  switch (integrity) {
    case Integrity::kHmacMd5_96:
      return {"MD5", 64, 16, 12};
    case Integrity::kHmacSha1_96:
      return {"SHA1", 64, 20, 12};
    case Integrity::kHmacSha256_128:
      return {"SHA256", 64, 32, 16};
    case Integrity::kHmacSha384_192:
      return {"SHA384", 128, 48, 24};
    case Integrity::kHmacSha512_256:
      return {"SHA512", 128, 64, 32};
    case Integrity::kNone:
      break;
  }
  return {"", 0, 0, 0};
}

Buffer digest(const Hash& hash, Bytes message) {
  Buffer out(EVP_MAX_MD_SIZE);
  std::size_t length = 0;
  must(EVP_Q_digest(context(), hash.name, nullptr, message.data(), message.size(), out.data(), &length) == 1, "hash");
  out.resize(length);
  return out;
}

// RFC 2104: H(K ^ opad, H(K ^ ipad, text)), cut. No key here is longer than a block.
Buffer hmac(const Hash& hash, Bytes key, Bytes text) {
  const auto pad = [&](std::uint8_t with) {
    Buffer padded(key.begin(), key.end());
    padded.resize(hash.block);
    for (auto& byte : padded) byte ^= with;
    return padded;
  };
  const Buffer inner = digest(hash, ByteWriter().bytes(pad(0x36)).bytes(text).view());
  Buffer whole = digest(hash, ByteWriter().bytes(pad(0x5c)).bytes(inner).view());
  whole.resize(hash.icv);
  return whole;
}

Buffer hmac_of(const EspPeer& peer, Bytes packet, std::uint32_t seq_high) {
  ByteWriter w;
  w.bytes(packet);
  if (peer.esn) w.u32(seq_high);  // RFC 4303 2.2.1
  return hmac(hash_of(peer.integrity), peer.integrity_key, w.view());
}

// RFC 4106 5, RFC 4543 3.3.
ByteWriter aad_of(const EspPeer& peer, std::uint32_t spi, std::uint32_t seq_high, std::uint32_t seq_low) {
  ByteWriter w;
  w.u32(spi);
  if (peer.esn) w.u32(seq_high);
  w.u32(seq_low);
  return w;
}

Buffer nonce_of(const EspPeer& peer, Bytes iv) { return ByteWriter().bytes(peer.salt).bytes(iv).take(); }

bool is_aead(Cipher cipher) { return cipher == Cipher::kAesGcm || cipher == Cipher::kAesGmac; }

Buffer plain(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

Buffer random_like(std::size_t bytes, unsigned seed) {
  Buffer out;
  while (out.size() < bytes) out.push_back(static_cast<std::uint8_t>((seed = seed * 1103515245 + 12345) >> 16));
  return out;
}

}  // namespace

EspPeer EspPeer::with_keys(Cipher cipher, Integrity integrity, std::size_t aes_key_bytes, std::uint8_t mark) {
  EspPeer peer;
  peer.cipher = cipher;
  peer.integrity = integrity;
  const std::size_t key_bytes = cipher == Cipher::kNull      ? 0
                                : cipher == Cipher::kDesCbc  ? 8
                                : cipher == Cipher::kDes3Cbc ? 24
                                                             : aes_key_bytes;
  peer.key = random_like(key_bytes, mark);
  if (is_aead(cipher) || cipher == Cipher::kAesCtr) peer.salt = random_like(4, mark + 1000U);
  peer.integrity_key = random_like(hash_of(integrity).key, mark + 2000U);
  return peer;
}

std::string EspPeer::name() const {
  return std::string(layout::kCiphers[static_cast<unsigned>(cipher)].name) + " of " + std::to_string(8 * key.size()) +
         ", " + layout::kIntegrities[static_cast<unsigned>(integrity)].name + (esn ? ", ESN" : "");
}

std::size_t EspPeer::iv_bytes() const { return cipher == Cipher::kNull ? 0 : cipher == Cipher::kAesCbc ? 16 : 8; }

std::size_t EspPeer::block_bytes() const {
  if (cipher == Cipher::kAesCbc) return 16;
  return cipher == Cipher::kDesCbc || cipher == Cipher::kDes3Cbc ? 8 : 4;  // RFC 4303 2.4: 4 at least
}

std::size_t EspPeer::icv_bytes() const { return is_aead(cipher) ? 16 : hash_of(integrity).icv; }

Buffer EspPeer::with_trailer(Bytes inner, std::uint8_t next_header) const {
  ByteWriter w;
  w.bytes(inner);
  std::uint8_t padding = 0;
  while ((w.size() + 2) % block_bytes() != 0) w.u8(++padding);
  return w.u8(padding).u8(next_header).take();
}

Buffer EspPeer::seal(std::uint32_t spi, std::uint64_t seq, Bytes iv, Bytes plaintext) const {
  const auto high = static_cast<std::uint32_t>(seq >> 32);
  const auto low = static_cast<std::uint32_t>(seq);
  ByteWriter w;
  w.u32(spi).u32(low).bytes(iv);
  const Buffer aad = aad_of(*this, spi, high, low).take();
  switch (cipher) {
    case Cipher::kAesGcm:
      return w.bytes(*evp({name_of(*this, "GCM"), true, key, nonce_of(*this, iv), aad, plaintext, {}})).take();
    case Cipher::kAesGmac: {
      const Buffer all = ByteWriter().bytes(aad).bytes(iv).bytes(plaintext).take();
      w.bytes(plaintext);
      return w.bytes(*evp({name_of(*this, "GCM"), true, key, nonce_of(*this, iv), all, {}, {}})).take();
    }
    case Cipher::kNull:
      w.bytes(plaintext);
      break;
    case Cipher::kAesCtr:
      w.bytes(ctr(*this, iv, plaintext));
      break;
    default:
      w.bytes(cbc(*this, true, iv, plaintext));
  }
  return w.bytes(hmac_of(*this, w.view(), high)).take();
}

std::optional<Buffer> EspPeer::open(Bytes esp, std::uint32_t seq_high) const {
  if (esp.size() < 8 + iv_bytes() + icv_bytes()) return std::nullopt;
  ByteReader r(esp);
  const std::uint32_t spi = r.u32();
  const std::uint32_t seq_low = r.u32();
  const Bytes iv = r.take(iv_bytes());
  const Bytes text = r.take(r.left() - icv_bytes());
  const Bytes icv = r.rest();
  const Buffer aad = aad_of(*this, spi, seq_high, seq_low).take();
  if (cipher == Cipher::kAesGcm) {
    return evp({name_of(*this, "GCM"), false, key, nonce_of(*this, iv), aad, text, icv});
  }
  if (cipher == Cipher::kAesGmac) {
    const Buffer all = ByteWriter().bytes(aad).bytes(iv).bytes(text).take();
    if (!evp({name_of(*this, "GCM"), false, key, nonce_of(*this, iv), all, {}, icv})) return std::nullopt;
    return plain(text);
  }
  if (!equal(hmac_of(*this, esp.first(esp.size() - icv.size()), seq_high), icv)) return std::nullopt;
  if (cipher == Cipher::kNull) return plain(text);
  return cipher == Cipher::kAesCtr ? ctr(*this, iv, text) : cbc(*this, false, iv, text);
}

namespace {

// RFC 8200 4: where the byte lies that says what follows the header, which ends where `packet` does or before AH.
struct HeaderEnd {
  std::size_t says_next;
  std::size_t bytes;
};
HeaderEnd end_of_header(Bytes packet) {
  if (packet[0] >> 4 == 4) return {9, 4U * (packet[0] & 15U)};
  HeaderEnd end{6, 40};
  while (end.bytes < packet.size() && packet[end.says_next] != 51) {
    const bool fragment = packet[end.says_next] == 44;
    end.says_next = end.bytes;
    end.bytes += fragment ? 8 : 8U + 8U * packet[end.says_next + 1];
  }
  return end;
}

// RFC 4302 A.1: of each option the table says whether it is immutable. By class and number, all of them copied into
// fragments: 0/2 security, 0/5 extended security, 0/6 commercial security, 0/20 router alert, 0/21 sender directed
// multi-destination delivery.
bool is_immutable(std::uint8_t type) {
  const unsigned number = type & 31U;
  const bool copied_control = type >> 5 == 4;
  return copied_control && (number == 2 || number == 5 || number == 6 || number == 20 || number == 21);
}

void write_options(Bytes options, ByteWriter& w) {
  ByteReader r(options);
  while (r.left() != 0) {
    const std::uint8_t type = r.u8();
    if (type == 0) {
      w.u8(0).bytes(r.rest());
      return;
    }
    if (type == 1) {
      w.u8(1);
      continue;
    }
    const std::uint8_t length = r.u8();
    if (!r.ok() || length < 2 || length - 2U > r.left()) break;
    const Bytes data = r.take(length - 2U);
    if (is_immutable(type)) {
      w.u8(type).u8(length).bytes(data);
    } else {
      w.zeros(length);
    }
  }
}

// RFC 4302 A.2 and RFC 8200 4.2: the data of an option that may change on the way says so in its type.
void write_options_of_ipv6(Bytes options, ByteWriter& w) {
  ByteReader r(options);
  while (r.left() != 0) {
    const std::uint8_t type = r.u8();
    if (type == 0) {
      w.u8(0);
      continue;
    }
    const std::uint8_t length = r.u8();
    if (!r.ok() || length > r.left()) break;
    const Bytes data = r.take(length);
    w.u8(type).u8(length);
    if (type & 32U) {
      w.zeros(length);
    } else {
      w.bytes(data);
    }
  }
}

// From an option on whose length leads nowhere they write nothing, and nothing counts.
Buffer as_long_as(Bytes options, void (*write)(Bytes, ByteWriter&)) {
  ByteWriter w;
  write(options, w);
  Buffer written = w.take();
  written.resize(options.size());
  return written;
}

// RFC 4302 3.3.3.1: a packet with an AH as the ICV takes it, field by field. `ah` has zeros for its ICV.
Buffer immutable(Bytes header, Bytes ah, Bytes content) {
  const auto total = static_cast<std::uint16_t>(header.size() + ah.size() + content.size());
  ByteWriter w;
  if (header[0] >> 4 == 4) {
    w.u8(header[0]).u8(0).u16(total).bytes(header.subspan(4, 2)).u16(0);
    w.u8(0).u8(51).u16(0).bytes(header.subspan(12, 8)).bytes(as_long_as(header.subspan(20), write_options));
  } else {
    w.u32(6U << 28).u16(static_cast<std::uint16_t>(total - 40)).u8(header.size() == 40 ? 51 : header[6]).u8(0);
    w.bytes(header.subspan(8, 32));
    std::uint8_t kind = header[6];
    ByteReader r(header.subspan(40));
    while (r.left() != 0) {
      const std::uint8_t next = r.u8();
      const std::uint8_t length = r.u8();
      const Bytes body = r.take(kind == 44 ? 6 : 6U + 8U * length);
      w.u8(r.left() == 0 ? 51 : next).u8(length);
      const bool has_options = kind == 0 || kind == 60;
      w.bytes(has_options ? as_long_as(body, write_options_of_ipv6) : plain(body));
      kind = next;
    }
  }
  return w.bytes(ah).bytes(content).take();
}

// RFC 1071, of a header with zero where the sum belongs.
std::uint16_t checksum_of(Bytes header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < header.size(); i += 2) sum += std::uint32_t{header[i]} * 256 + header[i + 1];
  while (sum > 0xffff) sum = sum % 0x10000 + sum / 0x10000;
  return static_cast<std::uint16_t>(0xffff - sum);
}

}  // namespace

Buffer EspPeer::seal_ah(Bytes header, std::uint32_t spi, std::uint64_t seq, std::uint8_t next_header, Bytes content,
                        bool align8) const {
  const bool v4 = header[0] >> 4 == 4;
  std::size_t length = 12 + icv_bytes();
  while (length % (v4 && !align8 ? 4 : 8) != 0) ++length;
  ByteWriter ah;
  ah.u8(next_header).u8(static_cast<std::uint8_t>(length / 4 - 2)).u16(0).u32(spi);
  ah.u32(static_cast<std::uint32_t>(seq)).zeros(length - 12);
  const Buffer icv = hmac_of(*this, immutable(header, ah.view(), content), static_cast<std::uint32_t>(seq >> 32));
  Buffer made = ah.take();
  std::copy(icv.begin(), icv.end(), made.begin() + 12);

  Buffer front = plain(header);
  front[end_of_header(header).says_next] = 51;
  const std::size_t total = header.size() + made.size() + content.size();
  ByteWriter w;
  w.bytes(front);
  w.patch_u16(v4 ? 2 : 4, static_cast<std::uint16_t>(v4 ? total : total - 40));
  if (v4) {
    w.patch_u16(10, 0);
    w.patch_u16(10, checksum_of(w.view()));
  }
  return w.bytes(made).bytes(content).take();
}

std::optional<EspPeer::Opened> EspPeer::open_ah(Bytes packet, std::uint32_t seq_high) const {
  const std::size_t header_bytes = end_of_header(packet).bytes;
  const Bytes header = packet.first(header_bytes);
  ByteReader r(packet.subspan(header_bytes));
  const std::uint8_t next_header = r.u8();
  const std::size_t length = 4 * (std::size_t{r.u8()} + 2);
  if (length < 12 + icv_bytes() || length > packet.size() - header_bytes) return std::nullopt;
  Buffer ah = plain(packet.subspan(header_bytes, length));
  const Bytes content = packet.subspan(header_bytes + length);
  const Buffer icv = plain(Bytes(ah).subspan(12, icv_bytes()));
  std::fill_n(ah.begin() + 12, icv.size(), std::uint8_t{0});
  if (!equal(hmac_of(*this, immutable(header, ah, content), seq_high), icv)) return std::nullopt;
  return Opened{next_header, plain(content)};
}

Buffer EspPeer::iv_of_card(std::uint64_t seq) const {
  if (cipher == Cipher::kNull) return {};
  if (block_bytes() == 4) return ByteWriter().u64(seq).take();
  return ecb(*this, true, ByteWriter().zeros(iv_bytes() - 8).u64(seq).view());
}

layout::Row EspPeer::key_row() const {
  layout::Row row;
  std::copy(key.begin(), key.end(), row.bytes().begin());
  row.set(layout::sa_key::kSalt, ByteReader(salt).u32());
  row.set(layout::sa_key::kKeySize, key.size() == 32 ? 2 : key.size() == 24 ? 1 : 0);
  row.set(layout::sa_key::kIntegrity, static_cast<unsigned>(integrity));
  return row;
}

layout::Row EspPeer::integrity_key_row() const {
  layout::Row row;
  std::copy(integrity_key.begin(), integrity_key.end(), row.bytes().begin());
  return row;
}

std::vector<EspPeer> every_type() {
  std::vector<EspPeer> types;
  std::uint8_t mark = 0;
  for (const auto& [cipher, code, meaning] : layout::kCiphers) {
    const auto c = Cipher(code);
    const bool aes = c != Cipher::kNull && c != Cipher::kDesCbc && c != Cipher::kDes3Cbc;
    for (const std::size_t key_bytes : aes ? std::vector<std::size_t>{16, 24, 32} : std::vector<std::size_t>{0}) {
      for (const auto& [integrity, number, what] : layout::kIntegrities) {
        if ((Integrity(number) == Integrity::kNone) == is_aead(c)) {
          types.push_back(EspPeer::with_keys(c, Integrity(number), key_bytes, ++mark));
        }
      }
    }
  }
  return types;
}

std::vector<EspPeer> some_types() {
  return {EspPeer::with_keys(Cipher::kAesGcm, Integrity::kNone, 32, 101),
          EspPeer::with_keys(Cipher::kAesGmac, Integrity::kNone, 16, 102),
          EspPeer::with_keys(Cipher::kNull, Integrity::kHmacSha256_128, 0, 103),
          EspPeer::with_keys(Cipher::kAesCtr, Integrity::kHmacMd5_96, 24, 104),
          EspPeer::with_keys(Cipher::kAesCbc, Integrity::kHmacSha512_256, 32, 105),
          EspPeer::with_keys(Cipher::kDesCbc, Integrity::kHmacSha1_96, 0, 106),
          EspPeer::with_keys(Cipher::kDes3Cbc, Integrity::kHmacSha384_192, 0, 107)};
}

std::vector<EspPeer> ah_types() {
  std::vector<EspPeer> types;
  for (const EspPeer& type : every_type()) {
    if (type.cipher == Cipher::kNull) types.push_back(type);
  }
  return types;
}

}  // namespace sallyport::driver::bench
