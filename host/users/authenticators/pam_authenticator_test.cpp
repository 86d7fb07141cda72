// SPDX-License-Identifier: Apache-2.0
// The machine's PAM, with services and a file of passwords of the test's own.
#include "host/users/authenticators/pam_authenticator.hpp"

#include <gmock/gmock.h>

#include "host/users/test_login.hpp"
#include "host/users/test_process.hpp"

namespace sallyport::users {
namespace {

using testing::HasSubstr;

class PamAuthenticatorTest : public store::TestFolder {
 protected:
  void SetUp() override {
    const std::string passwords = (folder_ / "passwords").string();
    ASSERT_EQ(
        std::system(
            ("printf 'carol:%s\\n' \"$(openssl passwd -6 '" + std::string(kPassword) + "')\" >" + passwords).c_str()),
        0);
    const std::string auth = "auth required pam_pwdfile.so pwdfile=" + passwords + "\n";
    write_file(folder_ / "sallyport", auth + "account required pam_permit.so\n");
    write_file(folder_ / "expired", auth + "account required pam_deny.so\n");
    write_file(folder_ / "open", "auth required pam_permit.so\naccount required pam_permit.so\n");
    write_file(folder_ / "broken", "auth required pam_there_is_no_such_module.so\n");
  }
  Result<Identity> log_in(const std::string& service, const std::string& user, std::string_view password) {
    return PamAuthenticator(service, folder_).finish({user}, {}, answer({{"password", password}}));
  }
};

TEST_F(PamAuthenticatorTest, LetsInWhomTheServiceLetsIn) {
  EXPECT_EQ(log_in("sallyport", "carol", kPassword).value().user, "carol");
}

TEST_F(PamAuthenticatorTest, RefusesWhomTheServiceRefuses) {
  for (const char* wrong : {"", "a wrong one", "correct horse battery staple "}) {
    EXPECT_EQ(log_in("sallyport", "carol", wrong).error().code, Errc::kAuthFailed) << wrong;
  }
  EXPECT_EQ(log_in("sallyport", "carol", std::string_view("correct horse battery staple\0x", 30)).error().code,
            Errc::kAuthFailed)
      << "nothing is cut off";
  EXPECT_EQ(log_in("sallyport", "dave", kPassword).error().code, Errc::kAuthFailed);
}

TEST_F(PamAuthenticatorTest, RefusesAnAccountThatMayNotBeUsed) {
  const auto refused = log_in("expired", "carol", kPassword);
  EXPECT_EQ(refused.error().code, Errc::kAuthFailed);
  EXPECT_THAT(refused.error().detail, HasSubstr("PAM service 'expired'"));
}

TEST_F(PamAuthenticatorTest, RefusesWhatHasExpired) {
  for (const char* what : {"cred_expired", "acct_expired", "authtok_expired", "new_authtok_reqd"}) {
    write_file(folder_ / what,
               "auth required pam_permit.so\naccount required pam_debug.so acct=" + std::string(what) + "\n");
    EXPECT_EQ(log_in(what, "carol", kPassword).error().code, Errc::kAuthFailed) << what;
  }
}

TEST_F(PamAuthenticatorTest, TellsAServiceThatCannotDecideFromOneThatRefuses) {
  EXPECT_EQ(log_in("broken", "carol", kPassword).error().code, Errc::kIo);
}

TEST_F(PamAuthenticatorTest, TakesTheServiceOfItsOwnFolder) { EXPECT_TRUE(log_in("open", "anybody", "anything")); }

}  // namespace
}  // namespace sallyport::users
