// SPDX-License-Identifier: Apache-2.0
#include "host/users/password.hpp"

#include <gmock/gmock.h>

namespace sallyport::users {
namespace {

constexpr PasswordCost kCheap{1, 64, 1};

Secret secret(std::string_view text) { return Secret(as_bytes(text)); }

// `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -e`, a vector of the reference implementation's test.c.
TEST(Password, OfTheReferenceImplementationIsKnown) {
  const std::string hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  EXPECT_TRUE(verify_password(secret("password"), hash).value());
  EXPECT_FALSE(verify_password(secret("Password"), hash).value());
  EXPECT_TRUE(check_hash(hash));
}

TEST(Password, IsVerifiedByItsOwnHashAlone) {
  const std::string hash = hash_password(secret("correct horse"), kCheap).value();
  EXPECT_THAT(hash, testing::StartsWith("$argon2id$v=19$m=64,t=1,p=1$"));
  EXPECT_TRUE(verify_password(secret("correct horse"), hash).value());
  EXPECT_FALSE(verify_password(secret("correct hors"), hash).value());
  EXPECT_FALSE(verify_password(secret(""), hash).value());
}

TEST(Password, GetsAnotherSaltEachTime) {
  EXPECT_NE(hash_password(secret("correct horse"), kCheap).value(),
            hash_password(secret("correct horse"), kCheap).value());
}

TEST(Password, OfNobodyCostsTheUsualAndIsNone) {
  const std::string hash = nobodys_hash();
  EXPECT_TRUE(check_hash(hash));
  EXPECT_FALSE(verify_password(secret(""), hash).value());
  const std::string usual = hash_password(secret("correct horse")).value();
  EXPECT_EQ(hash.size(), usual.size());
  EXPECT_EQ(hash.substr(0, hash.find("p=")), usual.substr(0, usual.find("p=")));
  EXPECT_NE(nobodys_hash(), hash);
}

TEST(Password, CostsWhatRfc9106RecommendsUnlessSaidOtherwise) {
  EXPECT_THAT(hash_password(secret("correct horse")).value(), testing::StartsWith("$argon2id$v=19$m=65536,t=3,p=4$"));
}

TEST(Password, TooShortOrTooLongIsRefused) {
  EXPECT_EQ(hash_password(secret("1234567"), kCheap).error().code, Errc::kInvalid);
  EXPECT_TRUE(hash_password(secret("12345678"), kCheap));
  EXPECT_TRUE(hash_password(secret(std::string(1024, 'x')), kCheap));
  EXPECT_EQ(hash_password(secret(std::string(1025, 'x')), kCheap).error().code, Errc::kInvalid);
}

TEST(PasswordHash, FromElsewhereMustBeArgon2idAtACostThatAServerSurvives) {
  const std::string good = hash_password(secret("correct horse"), kCheap).value();
  EXPECT_TRUE(check_hash(good));
  for (const std::string& bad : {std::string(), std::string("secret"), std::string("$2y$10$abcdefghijklmnopqrstuv"),
                                 good.substr(0, good.size() - 1), good.substr(0, good.rfind('$')), good + "!",
                                 std::string("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$") + std::string(43, 'A'),
                                 std::string("$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$") + std::string(43, 'A'),
                                 std::string("$argon2id$v=19$m=64,t=99,p=1$c29tZXNhbHQ$") + std::string(43, 'A')}) {
    EXPECT_FALSE(check_hash(bad)) << bad;
  }
}

TEST(PasswordHash, FromElsewhereIsOneThatAPasswordCanBeCheckedWith) {
  const std::string digest = std::string(43, 'A');
  ASSERT_TRUE(check_hash("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + digest));
  for (const char* parameters : {"m=64,t=0,p=1", "m=64,t=1,p=0", "m=7,t=1,p=1", "m=64,t=1,p=9", "m=064,t=1,p=1",
                                 "m=+64,t=1,p=1", "m= 64,t=1,p=1"}) {
    EXPECT_EQ(check_hash("$argon2id$v=19$" + std::string(parameters) + "$c29tZXNhbHQ$" + digest).error().code,
              Errc::kInvalid)
        << parameters;
  }
  EXPECT_FALSE(check_hash("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHR$" + digest)) << "bits that are of no byte";
}

TEST(PasswordHash, ThatIsNoneIsAnErrorAndNoWrongPassword) {
  EXPECT_EQ(verify_password(secret("correct horse"), "nonsense").error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace sallyport::users
