// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/totp_authenticator.hpp"

#include <cstdio>
#include <memory>

#include "host/users/authenticators/totp.hpp"
#include "host/users/test_login.hpp"

namespace sallyport::users {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

// RFC 6238, appendix B: the secret of SHA-1, times (but for the year 2603, which the clock cannot tell) and the last
// six of their eight digits.
const Secret kRfcSecret = secret("12345678901234567890");
constexpr std::pair<std::int64_t, std::string_view> kRfcCodes[] = {
    {59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}};

system_clock::time_point at(std::int64_t s) { return system_clock::time_point(seconds(s)); }

TEST(Totp, HasTheCodesOfTheRfc) {
  for (const auto& [time, code] : kRfcCodes) {
    EXPECT_EQ(totp_step(kRfcSecret, secret(code), at(time)), static_cast<std::uint64_t>(time) / 30) << time;
  }
}

TEST(Totp, TakesTheCodeOfANeighbouringStepAndOfNoOther) {
  const Secret code = secret("050471");  // of 1111111111, step 37037037
  for (const int late : {-30, 0, 30}) EXPECT_EQ(totp_step(kRfcSecret, code, at(1111111111 + late)), 37037037U) << late;
  for (const int late : {-60, 60}) EXPECT_EQ(totp_step(kRfcSecret, code, at(1111111111 + late)), std::nullopt) << late;
  for (const char* wrong : {"", "05047", "0504711", "050472", "50471"}) {
    EXPECT_EQ(totp_step(kRfcSecret, secret(wrong), at(1111111111)), std::nullopt) << wrong;
  }
}

TEST(Totp, HandsItsSecretToAnApplicationAsItReadsIt) {
  const Secret uri = totp_uri("Sallyport", "alice", kRfcSecret);
  EXPECT_EQ(std::string(uri.reveal().begin(), uri.reveal().end()),
            "otpauth://totp/Sallyport:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Sallyport");
}

TEST(Totp, KeepsASecretSealedForItsUserAlone) {
  const Secret key(32);
  const std::string sealed = seal_totp(key, "alice", kRfcSecret).value();
  EXPECT_EQ(sealed.find(to_hex(kRfcSecret.reveal())), std::string::npos);
  EXPECT_EQ(unseal_totp(key, "alice", sealed).value(), kRfcSecret);
  EXPECT_EQ(unseal_totp(key, "bob", sealed).error().code, Errc::kCorrupt);
  Secret other(32);
  other.bytes()[0] = 1;
  EXPECT_EQ(unseal_totp(other, "alice", sealed).error().code, Errc::kAuthFailed);
  EXPECT_EQ(unseal_totp(key, "alice", "no hex").error().code, Errc::kCorrupt);
}

class TotpAuthenticatorTest : public LoginTest {
 protected:
  void SetUp() override {
    directory_.with([this](Directory& d) {
      ASSERT_TRUE(d.set_credential("admin", "alice", CredentialKind::kTotp, seal_totp(key_, "alice", secret_).value()));
    });
  }
  // From another implementation of the RFC, oathtool.
  std::string code_now() const {
    const std::string command =
        "oathtool --totp --now=@" + std::to_string(system_clock::to_time_t(now_)) + " " + to_hex(secret_.reveal());
    const std::unique_ptr<FILE, int (*)(FILE*)> out(::popen(command.c_str(), "r"), ::pclose);
    char code[16] = {};
    EXPECT_NE(std::fgets(code, sizeof code, out.get()), nullptr) << command;
    return std::string(code, 6);
  }
  Result<Identity> log_in(std::string_view password, const std::string& code, const std::string& user = "alice") {
    return totp_.finish({user}, {}, answer({{"password", password}, {"code", code}}));
  }

  Secret key_{32};
  Secret secret_ = make_totp_secret();
  system_clock::time_point now_ = at(1700000000);
  TotpAuthenticator totp_{directory_, key_, [this] { return now_; }};
};

TEST_F(TotpAuthenticatorTest, NeedsPasswordAndCode) {
  const std::string code = code_now();
  EXPECT_EQ(log_in("a wrong one", code).error().code, Errc::kAuthFailed);
  EXPECT_EQ(log_in(kPassword, "").error().code, Errc::kAuthFailed);
  EXPECT_EQ(log_in(kPassword, code, "bob").error().code, Errc::kAuthFailed);
  EXPECT_EQ(log_in(kPassword, code, "nobody").error().code, Errc::kAuthFailed);
  EXPECT_EQ(log_in(kPassword, code).value().user, "alice") << "and a failure used no code up";
}

TEST_F(TotpAuthenticatorTest, AcceptsACodeOnceAndNoneFromBefore) {
  const std::string before = code_now();
  now_ += seconds(30);
  const std::string code = code_now();
  EXPECT_TRUE(log_in(kPassword, code));
  EXPECT_EQ(log_in(kPassword, code).error().detail, "the one-time code was used before");
  EXPECT_EQ(log_in(kPassword, before).error().detail, "the one-time code was used before");
  now_ += seconds(30);
  EXPECT_EQ(log_in(kPassword, code).error().detail, "the one-time code was used before");
  EXPECT_TRUE(log_in(kPassword, code_now()));
}

TEST_F(TotpAuthenticatorTest, RefusesWhoHasAPasswordAndNoSecret) {
  directory_.with([](Directory& d) {
    ASSERT_TRUE(
        d.set_credential("admin", "bob", CredentialKind::kPassword, hash_password(secret(kPassword), kCheap).value()));
  });
  EXPECT_EQ(log_in(kPassword, code_now(), "bob").error().detail, "the one-time code is wrong");
}

}  // namespace
}  // namespace sallyport::users
