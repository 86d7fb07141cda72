// SPDX-License-Identifier: Apache-2.0
#include "host/ike/crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include <algorithm>

namespace sallyport::ike {
namespace {

struct Hash {
  const char* name;
  std::size_t size;
};

Hash hash_of(Prf prf) {
  switch (prf) {
    case Prf::kHmacSha1:
      return {"SHA1", 20};
    case Prf::kHmacSha256:
      return {"SHA256", 32};
    case Prf::kHmacSha384:
      return {"SHA384", 48};
    case Prf::kHmacSha512:
      return {"SHA512", 64};
    case Prf::kNone:
      break;
  }
  std::abort();  // a proposal with a PRF we do not have was never chosen
}

// A library call that fails only when memory or the library itself is broken.
void must(bool done) {
  if (!done) std::abort();
}

Buffer hmac(const Hash& hash, Bytes key, Bytes data) {
  Buffer out(hash.size);
  std::size_t size = 0;
  must(EVP_Q_mac(nullptr, "HMAC", nullptr, hash.name, nullptr, key.data(), key.size(), data.data(), data.size(),
                 out.data(), out.size(), &size) != nullptr);
  return out;
}

Buffer digest(const char* name, Bytes data) {
  Buffer out(EVP_MAX_MD_SIZE);
  std::size_t size = 0;
  must(EVP_Q_digest(nullptr, name, nullptr, data.data(), data.size(), out.data(), &size) == 1);
  out.resize(size);
  return out;
}

// How OpenSSL names a group, and the octets of a public value (RFC 7296 3.4, RFC 5903 7, RFC 8031 3.1).
enum class Kind { kModp, kEcp, kMontgomery };
struct Group {
  DhGroup id;
  Kind kind;
  const char* type;
  const char* name;
  std::size_t public_size;
  std::size_t secret_size;
};
constexpr Group kGroups[] = {
    {DhGroup::kModp1024, Kind::kModp, "DH", nullptr, 128, 128},
    {DhGroup::kModp2048, Kind::kModp, "DH", "modp_2048", 256, 256},
    {DhGroup::kModp3072, Kind::kModp, "DH", "modp_3072", 384, 384},
    {DhGroup::kModp4096, Kind::kModp, "DH", "modp_4096", 512, 512},
    {DhGroup::kEcp256, Kind::kEcp, "EC", "P-256", 64, 32},
    {DhGroup::kEcp384, Kind::kEcp, "EC", "P-384", 96, 48},
    {DhGroup::kEcp521, Kind::kEcp, "EC", "P-521", 132, 66},
    {DhGroup::kCurve25519, Kind::kMontgomery, "X25519", nullptr, 32, 32},
};

const Group* find_group(DhGroup id) {
  const auto* found = std::ranges::find(kGroups, id, &Group::id);
  return found == std::end(kGroups) ? nullptr : found;
}

using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;

Number number(Bytes big_endian) {
  return {BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr), BN_clear_free};
}

using Build = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;

// OpenSSL has names for all groups but the smallest.
struct GroupNumbers {
  Number prime{nullptr, BN_clear_free};
  Number generator{nullptr, BN_clear_free};
};

GroupNumbers push_group(const Group& group, const Build& build) {
  GroupNumbers numbers;
  if (group.name != nullptr) {
    OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, group.name, 0);
    return numbers;
  }
  numbers.prime.reset(BN_get_rfc2409_prime_1024(nullptr));
  numbers.generator.reset(BN_new());
  must(numbers.prime != nullptr && numbers.generator != nullptr && BN_set_word(numbers.generator.get(), 2) == 1);
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_FFC_P, numbers.prime.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_FFC_G, numbers.generator.get());
  return numbers;  // alive until the parameters are made
}

// What was pushed, as a key or as a group's parameters; null when OpenSSL refuses.
Pkey build_key(const Group& group, const Build& build, int selection) {
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(OSSL_PARAM_BLD_to_param(build.get()),
                                                                           OSSL_PARAM_free);
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, group.type, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (!context || !parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1) {
    return {nullptr, EVP_PKEY_free};
  }
  return {key, EVP_PKEY_free};
}

constexpr std::uint8_t kUncompressed = 4;  // SEC 1 2.3.3: in front of x | y, which RFC 5903 leaves out

// A key from its public value, and its private one where we have it; null when OpenSSL refuses.
Pkey import_key(const Group& group, Bytes public_value, Bytes private_value) {
  if (group.kind == Kind::kMontgomery) {
    if (private_value.empty()) {
      return {EVP_PKEY_new_raw_public_key_ex(nullptr, group.type, nullptr, public_value.data(), public_value.size()),
              EVP_PKEY_free};
    }
    return {EVP_PKEY_new_raw_private_key_ex(nullptr, group.type, nullptr, private_value.data(), private_value.size()),
            EVP_PKEY_free};
  }
  const Build build(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  const GroupNumbers numbers = push_group(group, build);
  Buffer point = {kUncompressed};
  point.insert(point.end(), public_value.begin(), public_value.end());
  const Number y = number(public_value);
  const Number x = number(private_value);
  if (group.kind == Kind::kEcp) {
    OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  } else {
    OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PUB_KEY, y.get());
  }
  if (!private_value.empty()) OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, x.get());
  return build_key(group, build, EVP_PKEY_KEYPAIR);
}

Pkey generate_key(const Group& group) {
  if (group.kind == Kind::kEcp) return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group.name), EVP_PKEY_free};
  if (group.kind == Kind::kMontgomery) return {EVP_PKEY_Q_keygen(nullptr, nullptr, group.type), EVP_PKEY_free};
  const Build build(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  const GroupNumbers numbers = push_group(group, build);
  const Pkey parameters = build_key(group, build, EVP_PKEY_KEY_PARAMETERS);
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, parameters.get(), nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  must(context && EVP_PKEY_keygen_init(context.get()) == 1 && EVP_PKEY_generate(context.get(), &key) == 1);
  return {key, EVP_PKEY_free};
}

Buffer export_public(const Group& group, EVP_PKEY* key) {
  Buffer out(group.public_size + 1);
  std::size_t size = 0;
  if (group.kind == Kind::kModp) {
    BIGNUM* y = nullptr;
    must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PUB_KEY, &y) == 1);
    const Number owner(y, BN_clear_free);
    must(BN_bn2binpad(y, out.data() + 1, static_cast<int>(group.public_size)) > 0);
  } else if (group.kind == Kind::kEcp) {
    must(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out.data(), out.size(), &size) == 1 &&
         size == out.size() && out[0] == kUncompressed);
  } else {
    must(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out.data() + 1, group.public_size, &size) == 1);
  }
  out.erase(out.begin());
  return out;
}

}  // namespace

RandomSource system_random() {
  return [](std::span<std::uint8_t> out) { must(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1); };
}

Buffer random_bytes(const RandomSource& random, std::size_t size) {
  Buffer out(size);
  random(out);
  return out;
}

std::uint64_t random_u64(const RandomSource& random) { return ByteReader(random_bytes(random, 8)).u64(); }

std::size_t prf_size(Prf prf) { return hash_of(prf).size; }

Secret prf(Prf prf, Bytes key, Bytes data) {
  Buffer out = hmac(hash_of(prf), key, data);
  return Secret::consume(out);
}

Secret prf_plus(Prf function, Bytes key, Bytes seed, std::size_t size) {
  must(size <= 255 * prf_size(function));
  Secret out(size);
  Secret block;
  for (std::size_t done = 0, counter = 1; done < size; ++counter) {
    Buffer data;
    data.reserve(block.size() + seed.size() + 1);  // one that grows leaves a copy behind, which nobody wipes
    data.insert(data.end(), block.reveal().begin(), block.reveal().end());
    data.insert(data.end(), seed.begin(), seed.end());
    data.push_back(static_cast<std::uint8_t>(counter));
    block = prf(function, key, data);
    wipe(data);
    const std::size_t part = std::min(size - done, block.size());
    std::ranges::copy(block.reveal().first(part), out.bytes().begin() + static_cast<std::ptrdiff_t>(done));
    done += part;
  }
  return out;
}

std::size_t icv_size(Integrity integrity) {
  return integrity == Integrity::kHmacSha1_96 ? 12 : key_size(integrity) / 2;  // RFC 4868 2.1.2: half of the output
}

Buffer hmac_icv(Integrity integrity, Bytes key, Bytes data) {
  Buffer icv = hmac(hash_of(prf_of(integrity)), key, data);
  icv.resize(icv_size(integrity));
  return icv;
}

Buffer sha1(Bytes data) { return digest("SHA1", data); }
Buffer sha256(Bytes data) { return digest("SHA256", data); }

void KeyExchange::Free::operator()(void* key) const { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); }

Result<KeyExchange> KeyExchange::generate(DhGroup id) {
  const Group* group = find_group(id);
  if (group == nullptr) return Error{Errc::kUnsupported, "key exchange group " + std::to_string(static_cast<int>(id))};
  Pkey key = generate_key(*group);
  must(key != nullptr);
  KeyExchange ke(id, key.release());
  ke.public_value_ = export_public(*group, static_cast<EVP_PKEY*>(ke.key_.get()));
  return ke;
}

Result<KeyExchange> KeyExchange::from_private(DhGroup id, Bytes private_value, Bytes public_value) {
  const Group* group = find_group(id);
  if (group == nullptr) return Error{Errc::kUnsupported, "key exchange group " + std::to_string(static_cast<int>(id))};
  Pkey key = import_key(*group, public_value, private_value);
  if (!key) return Error{Errc::kInvalid, "not a private key of its group"};
  KeyExchange ke(id, key.release());
  ke.public_value_ = export_public(*group, static_cast<EVP_PKEY*>(ke.key_.get()));
  return ke;
}

Result<Secret> KeyExchange::shared_secret(Bytes peer_public) const {
  const Error invalid{Errc::kInvalid, "KE payload: not a public value of its group"};
  const Group& group = *find_group(group_);
  if (peer_public.size() != group.public_size) return invalid;
  const Pkey peer = import_key(group, peer_public, {});
  if (!peer) return invalid;
  if (group.kind != Kind::kMontgomery) {  // any 32 bytes are a point of Curve25519
    const PkeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, peer.get(), nullptr), EVP_PKEY_CTX_free);
    if (!check || EVP_PKEY_public_check(check.get()) != 1) return invalid;
  }
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, static_cast<EVP_PKEY*>(key_.get()), nullptr),
                            EVP_PKEY_CTX_free);
  if (!context || EVP_PKEY_derive_init(context.get()) != 1) return invalid;
  if (group.kind == Kind::kModp) {
    unsigned pad = 1;  // RFC 7296 2.14: "represented as a string of octets in big endian order padded with zeros"
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, &pad),
                                     OSSL_PARAM_construct_end()};
    must(EVP_PKEY_CTX_set_params(context.get(), parameters) == 1);
  }
  Secret secret(group.secret_size);
  std::size_t size = secret.size();
  if (EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), secret.bytes().data(), &size) != 1 || size != secret.size()) {
    return invalid;
  }
  if (secret == Secret(group.secret_size)) return invalid;  // all zero
  return secret;
}

}  // namespace sallyport::ike
