// SPDX-License-Identifier: Apache-2.0
// The gateway's half, before keys in memory; with a card, in host/login.
#include "host/users/authenticators/smart_card_authenticator.hpp"

#include <gmock/gmock.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "host/users/test_login.hpp"

namespace sallyport::users {
namespace {

using testing::HasSubstr;

// A card without a card: its key, and how PKCS#11 signs with it.
class KeyPair {
 public:
  explicit KeyPair(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
  static KeyPair ec(const char* curve) { return KeyPair(EVP_EC_gen(curve)); }
  static KeyPair rsa(unsigned bits) { return KeyPair(EVP_RSA_gen(bits)); }

  [[nodiscard]] std::string pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(out, key_.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    std::string result(text, static_cast<std::size_t>(size));
    BIO_free(out);
    return result;
  }
  [[nodiscard]] CardKey card_key() const { return CardKey::parse_pem(pem()).value(); }

  [[nodiscard]] Buffer sign(const CardDigest& digest, int padding = RSA_PKCS1_PSS_PADDING) const {
    const bool is_rsa = EVP_PKEY_is_a(key_.get(), "RSA") == 1;
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key_.get(), nullptr);
    EXPECT_EQ(EVP_PKEY_sign_init(context), 1);
    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
    if (is_rsa) EVP_PKEY_CTX_set_rsa_padding(context, padding);
    if (is_rsa && padding == RSA_PKCS1_PSS_PADDING) EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST);
    std::size_t size = 1024;
    Buffer out(size);
    EXPECT_EQ(EVP_PKEY_sign(context, out.data(), &size, digest.data(), digest.size()), 1);
    out.resize(size);
    EVP_PKEY_CTX_free(context);
    if (is_rsa) return out;
    const std::uint8_t* at = out.data();
    ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(out.size()));
    Buffer raw(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw.data() + 32, 32);
    ECDSA_SIG_free(signature);
    return raw;
  }

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

class SmartCardAuthenticatorTest : public LoginTest {
 protected:
  void give(const std::string& user, const std::string& number, const KeyPair& key) {
    directory_.with([&](Directory& d) { ASSERT_TRUE(enrol_card(d, "admin", user, number, key.card_key())); });
  }
  Result<Identity> show(const Claim& claim, const Challenge& challenge, const std::string& number, Bytes signature) {
    return card_.finish(claim, challenge, answer({{"number", number}, {"signature", to_hex(signature)}}));
  }
  static CardProof proof_of(const Claim& claim, const Challenge& challenge, const std::string& number) {
    return {claim.gateway_key, claim.attempt, number, challenge.at("nonce")};
  }

  const Claim claim_{"", {}, 0, "attempt-1", "0123abcd"};
  SmartCardAuthenticator card_{directory_};
};

TEST_F(SmartCardAuthenticatorTest, FindsTheUserByTheNumberOfACardThatSigns) {
  for (const KeyPair& key : {KeyPair::ec("P-256"), KeyPair::rsa(2048)}) {
    give("alice", "0042", key);
    const Challenge challenge = card_.begin(claim_).value();
    const auto signature = key.sign(digest_of(proof_of(claim_, challenge, "0042")));
    EXPECT_EQ(show(claim_, challenge, "0042", signature).value().user, "alice");
    Claim named = claim_;
    named.user = "alice";
    EXPECT_EQ(show(named, challenge, "0042", signature).value().user, "alice");
    named.user = "bob";
    EXPECT_EQ(show(named, challenge, "0042", signature).error().detail, "the card is another user's");
  }
}

TEST_F(SmartCardAuthenticatorTest, AsksSomethingElseEachTime) {
  EXPECT_NE(card_.begin(claim_).value().at("nonce"), card_.begin(claim_).value().at("nonce"));
}

TEST_F(SmartCardAuthenticatorTest, RefusesASignatureThatWasMadeForAnotherPlace) {
  const KeyPair key = KeyPair::ec("P-256");
  give("alice", "0042", key);
  give("bob", "0043", KeyPair::ec("P-256"));
  const Challenge challenge = card_.begin(claim_).value();
  const auto digest = [&](const std::function<void(CardProof&)>& change) {
    CardProof proof = proof_of(claim_, challenge, "0042");
    change(proof);
    return key.sign(digest_of(proof));
  };
  EXPECT_TRUE(show(claim_, challenge, "0042", digest([](CardProof&) {})));
  const Buffer elsewhere[] = {
      digest([](CardProof& p) { p.gateway_key = "0123abce"; }),
      digest([](CardProof& p) { p.attempt = "attempt-2"; }),
      digest([](CardProof& p) { p.number = "0043"; }),
      digest([this](CardProof& p) { p.nonce = card_.begin(claim_).value().at("nonce"); }),
      // The same characters, parted elsewhere.
      digest([](CardProof& p) { p.attempt = "attempt-10", p.number = "042"; }),
  };
  for (const Buffer& signature : elsewhere) {
    EXPECT_EQ(show(claim_, challenge, "0042", signature).error().detail, "the card's signature is wrong");
  }
  EXPECT_FALSE(show(claim_, challenge, "0043", digest([](CardProof& p) { p.number = "0043"; }))) << "another's card";
  EXPECT_EQ(show(claim_, challenge, "0044", digest([](CardProof& p) { p.number = "0044"; })).error().code,
            Errc::kAuthFailed);
}

TEST_F(SmartCardAuthenticatorTest, RefusesWhatIsNoSignature) {
  const KeyPair rsa = KeyPair::rsa(2048);
  give("alice", "0042", rsa);
  const Challenge challenge = card_.begin(claim_).value();
  const auto digest = digest_of(proof_of(claim_, challenge, "0042"));
  EXPECT_FALSE(show(claim_, challenge, "0042", rsa.sign(digest, RSA_PKCS1_PADDING))) << "PSS only";
  give("alice", "0042", KeyPair::ec("P-256"));
  for (const Buffer& bytes : {Buffer(), Buffer(64), Buffer(64, 0xff), Buffer(63), Buffer(256, 1)}) {
    EXPECT_FALSE(show(claim_, challenge, "0042", bytes));
  }
  EXPECT_FALSE(card_.finish(claim_, challenge, answer({{"number", "0042"}, {"signature", "no hex"}})));
  EXPECT_FALSE(card_.finish(claim_, challenge, {}));
}

TEST_F(SmartCardAuthenticatorTest, TakesNoKeyThatIsTooWeak) {
  for (const KeyPair& weak : {KeyPair::rsa(1024), KeyPair::ec("P-224"), KeyPair::ec("P-384")}) {
    EXPECT_EQ(CardKey::parse_pem(weak.pem()).error().code, Errc::kUnsupported);
  }
  EXPECT_EQ(CardKey::parse_pem("no key").error().code, Errc::kInvalid);
  EXPECT_EQ(CardKey::parse({}).error().code, Errc::kInvalid);
}

TEST_F(SmartCardAuthenticatorTest, SaysThatAStoredCardIsDamaged) {
  directory_.with(
      [](Directory& d) { ASSERT_TRUE(d.set_credential("admin", "bob", CredentialKind::kSmartCard, "3000", "0043")); });
  const auto refused = show(claim_, card_.begin(claim_).value(), "0043", {});
  EXPECT_EQ(refused.error().code, Errc::kCorrupt);
  EXPECT_THAT(refused.error().detail, HasSubstr("'bob'"));
}

}  // namespace
}  // namespace sallyport::users
