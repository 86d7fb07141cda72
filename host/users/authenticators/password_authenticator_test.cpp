// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/password_authenticator.hpp"

#include "host/users/test_login.hpp"

namespace sallyport::users {
namespace {

class PasswordAuthenticatorTest : public LoginTest {};

TEST_F(PasswordAuthenticatorTest, LetsInWhoKnowsThePasswordAndNobodyElse) {
  PasswordAuthenticator password(directory_);
  EXPECT_TRUE(password.begin({"alice"}).value().empty()) << "nothing is asked but the password";
  EXPECT_EQ(password.finish({"alice"}, {}, answer({{"password", kPassword}})).value().user, "alice");
  for (const char* wrong : {"", "correct horse", "correct horse battery stapl", "Correct horse battery staple"}) {
    EXPECT_EQ(password.finish({"alice"}, {}, answer({{"password", wrong}})).error().code, Errc::kAuthFailed) << wrong;
  }
  EXPECT_EQ(password.finish({"alice"}, {}, {}).error().code, Errc::kAuthFailed);
}

TEST_F(PasswordAuthenticatorTest, RefusesWhoIsNotThereOrHasNoPasswordLikeOneWhoseItIsNot) {
  PasswordAuthenticator password(directory_);
  const auto wrong = password.finish({"alice"}, {}, answer({{"password", "a wrong one"}}));
  for (const char* user : {"nobody", "bob", "", "not a name"}) {
    const auto refused = password.finish({user}, {}, answer({{"password", kPassword}}));
    ASSERT_FALSE(refused) << user;
    EXPECT_EQ(refused.error().message(), wrong.error().message()) << user;
  }
}

// Not a time, which no machine keeps: the work that takes it.
TEST_F(PasswordAuthenticatorTest, WorksAsMuchForAUserWhoIsNotThereAsForOneWhoIs) {
  directory_.with([](Directory& d) {
    ASSERT_TRUE(
        d.set_credential("admin", "alice", CredentialKind::kPassword, hash_password(secret(kPassword)).value()));
  });
  std::vector<std::string> hashes;
  PasswordCheck check(directory_, [&](const Secret& password, const std::string& hash) {
    hashes.push_back(hash);
    return verify_password(password, hash);
  });
  EXPECT_TRUE(check.holds("alice", secret(kPassword)).value());
  EXPECT_FALSE(check.holds("nobody", secret(kPassword)).value());
  EXPECT_FALSE(check.holds("bob", secret(kPassword)).value());
  ASSERT_EQ(hashes.size(), 3U);
  const auto cost = [](const std::string& hash) { return hash.substr(0, hash.find("p=")); };
  EXPECT_EQ(cost(hashes[0]), "$argon2id$v=19$m=65536,t=3,");
  EXPECT_EQ(cost(hashes[1]), cost(hashes[0]));
  EXPECT_EQ(cost(hashes[2]), cost(hashes[0]));
}

// Whatever a verification says of nobody's hash, nobody is nobody.
TEST_F(PasswordAuthenticatorTest, LetsNobodyInByTheHashThatStandsInForAMissingOne) {
  PasswordCheck check(directory_, [](const Secret&, const std::string&) -> Result<bool> { return true; });
  EXPECT_TRUE(check.holds("alice", secret("anything")).value());
  EXPECT_FALSE(check.holds("nobody", secret("anything")).value());
}

}  // namespace
}  // namespace sallyport::users
