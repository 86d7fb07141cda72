// SPDX-License-Identifier: Apache-2.0
#include "host/login/config.hpp"

#include <gmock/gmock.h>

namespace sallyport::login {
namespace {

using testing::HasSubstr;

const std::string kKey(64, 'A');

Result<Config> parse(const std::string& text) { return parse_config(text, "/etc/sallyport/login.toml"); }

TEST(LoginConfig, SaysWhatItSays) {
  const auto config = parse("gateway = '10.0.0.1'\nport = 5555\nkey = '" + kKey +
                            "'\nmethod = 'smart_card'\nmodule = 'no-reader.so'\ntoken = 'alice'\n"
                            "user = 'alice'\ncertificate = 'pc.pem'\ncertificate_key = '/keys/pc.key'\n"
                            "notify = 'notify-send'\n");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->gateway.host, "10.0.0.1");
  EXPECT_EQ(config->gateway.port, 5555);
  EXPECT_EQ(config->gateway.key_digest, std::string(64, 'a'));
  EXPECT_EQ(config->method, "smart_card");
  EXPECT_THAT(config->make_prover().error().detail, HasSubstr("/etc/sallyport/no-reader.so"));
  EXPECT_EQ(config->user, "alice");
  EXPECT_EQ(config->notify, "notify-send");
  EXPECT_EQ(config->gateway.identity->certificate, "/etc/sallyport/pc.pem") << "from where it is written";
  EXPECT_EQ(config->gateway.identity->key, "/keys/pc.key");
}

TEST(LoginConfig, NeedsLittle) {
  const auto config = parse("gateway = 'gw.example'\nca = 'ca.pem'\nmethod = 'password'");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->gateway.port, 4510);
  EXPECT_EQ(config->gateway.ca, "/etc/sallyport/ca.pem");
  EXPECT_EQ(config->user, "");
}

TEST(LoginConfig, SaysWhetherPacketsAreMarkedAndWhich) {
  const std::string rest = "gateway = 'g'\nca = 'c'\nmethod = 'password'\n";
  EXPECT_FALSE(parse(rest)->marking);
  EXPECT_FALSE(parse(rest + "marking = 'off'")->marking);
  const auto config = parse(rest + "marking = 'tag'\nprotect = ['10.2.0.0/16', '2001:db8::/32']");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_TRUE(config->marking);
  EXPECT_THAT(config->protect, testing::ElementsAre("10.2.0.0/16", "2001:db8::/32"));
  EXPECT_THAT(parse(rest + "marking = 'tag'\nprotect = ['10.2.0.1-10.2.0.9']").error().detail,
              HasSubstr("login.toml:5: the configuration protect: '10.2.0.1-10.2.0.9' is no address and no prefix"));
  EXPECT_THAT(parse(rest + "protect = ['10.2.0.0/16']").error().detail, HasSubstr("'marking' is not \"tag\""));
  EXPECT_THAT(parse(rest + "marking = 'ink'").error().detail, HasSubstr("'ink' is none of"));
}

TEST(LoginConfig, SaysAllThatIsWrong) {
  const std::string all =
      parse("port = 70000\nkey = 'short'\nmethod = 'magic'\ncertificate = 'x'\nusr = 'alice'\n").error().detail;
  for (const char* sentence :
       {"needs 'gateway'", "login.toml:1: the configuration port: must be a number", "64 hexadecimal digits",
        "'magic' is none of", "needs 'certificate' and 'certificate_key' together", "did you mean 'user'?"}) {
    EXPECT_THAT(all, HasSubstr(sentence));
  }
  EXPECT_THAT(parse("gateway = 'g'\nmethod = 'pam'").error().detail, HasSubstr("needs 'key'"));
  EXPECT_THAT(parse("gateway = 'g'\nca = 'c'").error().detail, HasSubstr("needs 'method'"));
  EXPECT_THAT(parse("gateway = 'g'\nca = 'c'\nmethod = 'smart_card'").error().detail, HasSubstr("needs 'module'"));
  EXPECT_THAT(parse("gateway = ").error().detail, HasSubstr("not TOML"));
  EXPECT_EQ(load_config("/nowhere/login.toml").error().code, Errc::kIo);
}

}  // namespace
}  // namespace sallyport::login
