// SPDX-License-Identifier: Apache-2.0
#include "host/ike/crypto.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include "host/ike/keys.hpp"

namespace sallyport::ike {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value(); }
std::string show(const Secret& secret) { return to_hex(secret.reveal()); }

// RFC 2202 (SHA-1) and RFC 4231 (SHA-2), test case 2.
TEST(Prf, MatchesTheVectorsOfTheRfcs) {
  const Bytes key = as_bytes("Jefe");
  const Bytes data = as_bytes("what do ya want for nothing?");
  EXPECT_EQ(show(prf(Prf::kHmacSha1, key, data)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(show(prf(Prf::kHmacSha256, key, data)), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(show(prf(Prf::kHmacSha384, key, data)),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
  EXPECT_EQ(show(prf(Prf::kHmacSha512, key, data)),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

// RFC 4868 2.7.1: test case PRF-2's truncations; RFC 2404: 96 bits.
TEST(HmacIcv, IsTheFirstPartOfTheHmac) {
  const Bytes key = as_bytes("Jefe");
  const Bytes data = as_bytes("what do ya want for nothing?");
  EXPECT_EQ(to_hex(hmac_icv(Integrity::kHmacSha1_96, key, data)), "effcdf6ae5eb2fa2d27416d5");
  EXPECT_EQ(to_hex(hmac_icv(Integrity::kHmacSha256_128, key, data)), "5bdcc146bf60754e6a042426089575c7");
  EXPECT_EQ(hmac_icv(Integrity::kHmacSha384_192, key, data).size(), 24u);
  EXPECT_EQ(hmac_icv(Integrity::kHmacSha512_256, key, data).size(), 32u);
}

// RFC 7296 2.13, written out.
TEST(PrfPlus, IsAChainOfBlocks) {
  const Buffer key = hex("00112233445566778899aabbccddeeff");
  const Buffer seed = hex("5eed");
  const auto block = [&](const Buffer& before, std::uint8_t counter) {
    Buffer data = before;
    data.insert(data.end(), seed.begin(), seed.end());
    data.push_back(counter);
    const Secret t = prf(Prf::kHmacSha256, key, data);
    return Buffer(t.reveal().begin(), t.reveal().end());
  };
  const Buffer t1 = block({}, 1);
  const Buffer t2 = block(t1, 2);
  const Buffer t3 = block(t2, 3);
  EXPECT_EQ(show(prf_plus(Prf::kHmacSha256, key, seed, 70)), (to_hex(t1) + to_hex(t2) + to_hex(t3)).substr(0, 140));
  EXPECT_EQ(prf_plus(Prf::kHmacSha256, key, seed, 255 * 32).size(), 255u * 32);
}

struct Exchange {
  DhGroup group;
  const char* private_i;
  const char* public_i;
  const char* private_r;
  const char* public_r;
  const char* shared;
};

// RFC 5903 8.1 and 8.2; RFC 7748 6.1.
const Exchange kExchanges[] = {
    {DhGroup::kEcp256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
     "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
     "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
     "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
     "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
     "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
     "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
    {DhGroup::kEcp384,
     "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
     "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa"
     "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
     "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
     "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
     "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
     "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746"},
    {DhGroup::kCurve25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
     "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
     "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
     "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
     "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
};

TEST(KeyExchange, MatchesTheVectorsOfTheRfcs) {
  for (const auto& v : kExchanges) {
    SCOPED_TRACE(static_cast<int>(v.group));
    const auto i = KeyExchange::from_private(v.group, hex(v.private_i), hex(v.public_i));
    const auto r = KeyExchange::from_private(v.group, hex(v.private_r), hex(v.public_r));
    ASSERT_TRUE(i && r);
    EXPECT_EQ(to_hex(i->public_value()), v.public_i);
    EXPECT_EQ(to_hex(r->public_value()), v.public_r);
    EXPECT_EQ(show(*i->shared_secret(hex(v.public_r))), v.shared);
    EXPECT_EQ(show(*r->shared_secret(hex(v.public_i))), v.shared);
  }
}

// RFC 2409 6.2 and RFC 3526: the primes of the groups; plain modular exponentiation is the oracle.
void expect_modular_exponentiation(DhGroup group, BIGNUM* prime, int octets) {
  using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
  const Number p(prime, BN_free);
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), BN_CTX_free);
  const auto power = [&](const BIGNUM* base, const Buffer& exponent) {
    const Number x(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr), BN_free);
    Number y(BN_new(), BN_free);
    EXPECT_EQ(BN_mod_exp(y.get(), base, x.get(), p.get(), context.get()), 1);
    return y;
  };
  const auto padded = [&](const BIGNUM* n) {
    Buffer out(static_cast<std::size_t>(octets));
    EXPECT_EQ(BN_bn2binpad(n, out.data(), octets), octets);
    return out;
  };
  const Number two(BN_new(), BN_free);
  BN_set_word(two.get(), 2);
  const Buffer private_i = hex("17" + std::string(62, '3'));
  const Buffer private_r = hex("29" + std::string(62, '5'));
  const Number public_i = power(two.get(), private_i);
  const Number public_r = power(two.get(), private_r);
  const auto i = KeyExchange::from_private(group, private_i, padded(public_i.get()));
  ASSERT_TRUE(i);
  EXPECT_EQ(show(*i->shared_secret(padded(public_r.get()))), to_hex(padded(power(public_i.get(), private_r).get())));
}

TEST(KeyExchange, OfModpGroupsIsModularExponentiation) {
  expect_modular_exponentiation(DhGroup::kModp1024, BN_get_rfc2409_prime_1024(nullptr), 128);
  expect_modular_exponentiation(DhGroup::kModp2048, BN_get_rfc3526_prime_2048(nullptr), 256);
  expect_modular_exponentiation(DhGroup::kModp3072, BN_get_rfc3526_prime_3072(nullptr), 384);
  expect_modular_exponentiation(DhGroup::kModp4096, BN_get_rfc3526_prime_4096(nullptr), 512);
}

constexpr DhGroup kGroups[] = {DhGroup::kModp1024, DhGroup::kModp2048, DhGroup::kModp3072, DhGroup::kModp4096,
                               DhGroup::kEcp256,   DhGroup::kEcp384,   DhGroup::kEcp521,   DhGroup::kCurve25519};

TEST(KeyExchange, BothSidesComeToTheSameSecret) {
  for (const DhGroup group : kGroups) {
    const auto a = KeyExchange::generate(group).value();
    const auto b = KeyExchange::generate(group).value();
    EXPECT_NE(a.public_value(), b.public_value());
    EXPECT_TRUE(*a.shared_secret(b.public_value()) == *b.shared_secret(a.public_value()));
  }
  EXPECT_EQ(KeyExchange::generate(DhGroup{1}).error().code, Errc::kUnsupported);
}

TEST(KeyExchange, RefusesWhatIsNoElementOfTheGroup) {
  for (const DhGroup group : kGroups) {
    const auto ours = KeyExchange::generate(group).value();
    const std::size_t size = ours.public_value().size();
    EXPECT_FALSE(ours.shared_secret(Buffer(size)));  // zero; for group 31 a point of small order
    EXPECT_FALSE(ours.shared_secret(Buffer(size - 1, 1)));
    EXPECT_FALSE(ours.shared_secret({}));
  }
  const auto modp = KeyExchange::generate(DhGroup::kModp2048).value();
  Buffer one(256);
  one.back() = 1;
  EXPECT_FALSE(modp.shared_secret(one));
  EXPECT_FALSE(modp.shared_secret(Buffer(256, 0xff)));  // beyond p
  const auto ecp = KeyExchange::generate(DhGroup::kEcp256).value();
  Buffer off_the_curve = ecp.public_value();
  off_the_curve.back() ^= 1;
  EXPECT_FALSE(ecp.shared_secret(off_the_curve));
}

// RFC 7296 2.14, written out by hand for an AEAD proposal (no SK_a, salts at the end of SK_e).
TEST(IkeKeys, AreCutFromOneStreamInTheOrderOfTheRfc) {
  const auto proposal = Proposal::parse(Protocol::kIke, "aes128gcm16-prfsha256-ecp256").value();
  const Secret shared(hex("aabbcc"));
  const KeyContext context{hex("11111111111111111111111111111111"), hex("22222222222222222222222222222222"), 3, 4};
  const IkeKeys keys = derive_ike_keys(proposal, shared, context);
  const Buffer nonces = hex("1111111111111111111111111111111122222222222222222222222222222222");
  Buffer seed = nonces;
  for (const std::uint8_t spi : {3, 4}) {
    seed.insert(seed.end(), 7, 0);
    seed.push_back(spi);
  }
  const Secret skeyseed = prf(Prf::kHmacSha256, nonces, shared.reveal());
  const std::string stream = show(prf_plus(Prf::kHmacSha256, skeyseed.reveal(), seed, 3 * 32 + 2 * 20));
  EXPECT_EQ(show(keys.d) + show(keys.ei) + show(keys.er) + show(keys.pi) + show(keys.pr), stream);
  EXPECT_EQ(keys.ei.size(), 20u);
  EXPECT_TRUE(keys.ai.empty() && keys.ar.empty());
}

// RFC 7296 2.17, with the sizes of RFC 3686 5.1, RFC 4543 5.1, RFC 2403 to 2405, RFC 2451.
TEST(ChildKeys, AreAsLongAsTheirAlgorithmsAsk) {
  struct {
    const char* proposal;
    std::size_t encryption, salt, integrity;
  } const kSizes[] = {{"aes128gcm16", 16, 4, 0}, {"aes256gmac", 32, 4, 0},     {"aes192ctr-sha384", 24, 4, 48},
                      {"null-sha1", 0, 0, 20},   {"aes256-sha512", 32, 0, 64}, {"des-md5", 8, 0, 16},
                      {"3des-sha256", 24, 0, 32}};
  for (const auto& s : kSizes) {
    const auto proposal = Proposal::parse(Protocol::kEsp, s.proposal).value();
    const auto keys = derive_child_keys(Prf::kHmacSha256, Secret(hex("0011")), proposal, nullptr, Buffer(32, 1), {});
    for (const SaKeys* k : {&keys.initiator_to_responder, &keys.responder_to_initiator}) {
      EXPECT_EQ(k->encryption.size(), s.encryption) << s.proposal;
      EXPECT_EQ(k->salt.size(), s.salt) << s.proposal;
      EXPECT_EQ(k->integrity.size(), s.integrity) << s.proposal;
    }
  }
}

// AH has no cipher, so there is one key a direction, the initiator's first.
TEST(ChildKeys, OfAhAreForIntegrityOnly) {
  const Secret d(hex("0011"));
  const Buffer nonces(64, 1);
  for (const auto& [word, size] : {std::pair{"md5", 16}, {"sha1", 20}, {"sha256-esn", 32}, {"sha512", 64}}) {
    const auto proposal = Proposal::parse(Protocol::kAh, word).value();
    const auto keys =
        derive_child_keys(Prf::kHmacSha256, d, proposal, nullptr, Bytes(nonces).first(32), Bytes(nonces).last(32));
    const auto& i = keys.initiator_to_responder;
    const auto& r = keys.responder_to_initiator;
    EXPECT_TRUE(i.encryption.empty() && i.salt.empty() && r.encryption.empty() && r.salt.empty());
    EXPECT_EQ(show(i.integrity) + show(r.integrity),
              show(prf_plus(Prf::kHmacSha256, d.reveal(), nonces, 2 * static_cast<std::size_t>(size))));
  }
}

TEST(ChildKeys, DependOnTheSecretOfTheExchangeWhenThereIsOne) {
  const auto proposal = Proposal::parse(Protocol::kEsp, "aes256-sha256").value();
  const Secret d(hex("0011"));
  const Buffer ni(32, 1);
  const Buffer nr(32, 2);
  const ChildKeys without = derive_child_keys(Prf::kHmacSha256, d, proposal, nullptr, ni, nr);
  Buffer seed = ni;
  seed.insert(seed.end(), nr.begin(), nr.end());
  const auto& i = without.initiator_to_responder;
  const auto& r = without.responder_to_initiator;
  EXPECT_EQ(show(i.encryption) + show(i.integrity) + show(r.encryption) + show(r.integrity),
            show(prf_plus(Prf::kHmacSha256, d.reveal(), seed, 128)));
  EXPECT_TRUE(i.salt.empty());
  const Secret shared(hex("aa"));
  EXPECT_FALSE(derive_child_keys(Prf::kHmacSha256, d, proposal, &shared, ni, nr).initiator_to_responder.encryption ==
               i.encryption);
}

}  // namespace
}  // namespace sallyport::ike
