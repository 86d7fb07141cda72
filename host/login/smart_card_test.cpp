// SPDX-License-Identifier: Apache-2.0
// With SoftHSM's cards, as the gateway checks their signatures.
#include "host/login/smart_card.hpp"

#include <gmock/gmock.h>

#include "host/login/test_card.hpp"
#include "host/store/test_folder.hpp"

namespace sallyport::login {
namespace {

using testing::HasSubstr;

constexpr const char* kEc = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
constexpr const char* kRsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";

Secret pin(std::string_view text) { return Secret(as_bytes(text)); }

class SmartCardTest : public store::TestFolder {
 protected:
  static std::unique_ptr<SmartCard> open(const std::string& token = "") {
    auto card = SmartCard::open(TestCards::module(), token);
    EXPECT_TRUE(card) << card.error().message();
    return card ? std::move(*card) : nullptr;
  }
  TestCards cards_{folder_};
};

TEST_F(SmartCardTest, SignsWhatItsPublicKeyVerifies) {
  cards_.add("ec", "123456", kEc);
  cards_.add("rsa", "654321", kRsa);
  const users::CardDigest digest = users::digest_of({"gateway", "login", "number", "nonce"});
  const users::CardDigest other = users::digest_of({"gateway", "login", "number", "nonce2"});
  for (const auto& [label, code] : {std::pair("ec", "123456"), std::pair("rsa", "654321")}) {
    const auto card = open(label);
    EXPECT_EQ(card->label(), label);
    EXPECT_EQ(card->number().size(), 16U);
    ASSERT_TRUE(card->unlock(pin(code)));
    const auto signature = card->sign(digest);
    ASSERT_TRUE(signature) << signature.error().message();
    const auto key = users::CardKey::parse_pem(cards_.public_key(label)).value();
    EXPECT_TRUE(key.verifies(digest, *signature)) << label;
    EXPECT_FALSE(key.verifies(other, *signature)) << label;
    EXPECT_TRUE(key.verifies(other, card->sign(other).value())) << label << ", again without a PIN";
  }
}

TEST_F(SmartCardTest, NeedsItsPin) {
  cards_.add("ec", "123456", kEc);
  const auto card = open();
  EXPECT_EQ(card->sign({}).error().code, Errc::kNotFound) << "keys are not seen before";
  const auto wrong = card->unlock(pin("111111"));
  EXPECT_EQ(wrong.error().code, Errc::kAuthFailed);
  EXPECT_THAT(wrong.error().detail, HasSubstr("the PIN is wrong"));
  EXPECT_EQ(card->unlock(pin("")).error().code, Errc::kAuthFailed);
  EXPECT_TRUE(card->unlock(pin("123456")));
  EXPECT_TRUE(card->unlock(pin("123456"))) << "again";
}

TEST_F(SmartCardTest, IsTheOneThatIsNamedOrTheOnlyOne) {
  EXPECT_THAT(SmartCard::open(TestCards::module(), "").error().detail, HasSubstr("no card in the reader"));
  cards_.add("one", "123456", kEc);
  EXPECT_EQ(open()->label(), "one");
  cards_.add("two", "123456", kEc);
  const auto several = SmartCard::open(TestCards::module(), "");
  EXPECT_EQ(several.error().code, Errc::kInvalid);
  EXPECT_THAT(several.error().detail, testing::AllOf(HasSubstr("'one'"), HasSubstr("'two'")));
  EXPECT_EQ(open("two")->label(), "two");
  EXPECT_EQ(SmartCard::open(TestCards::module(), "three").error().code, Errc::kNotFound);
}

TEST_F(SmartCardTest, IsGoneOncePulledEvenIfItIsPutBack) {
  cards_.add("ec", "123456", kEc);
  const auto card = open();
  ASSERT_TRUE(card->unlock(pin("123456")));
  EXPECT_TRUE(card->present());
  cards_.pull();
  EXPECT_FALSE(card->present());
  EXPECT_FALSE(card->sign({}));
  cards_.put_back();
  EXPECT_FALSE(card->present());
}

TEST_F(SmartCardTest, SaysThatAModuleIsNone) {
  EXPECT_EQ(SmartCard::open("/nowhere/module.so", "").error().code, Errc::kInvalid);
  EXPECT_EQ(SmartCard::open("/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "").error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace sallyport::login
