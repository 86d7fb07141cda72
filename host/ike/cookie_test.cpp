// SPDX-License-Identifier: Apache-2.0
#include "host/ike/cookie.hpp"

#include <gtest/gtest.h>

namespace sallyport::ike {
namespace {

using std::chrono::seconds;

class Cookies : public ::testing::Test {
 protected:
  CookieJar jar{seconds(60), system_random()};
  const Buffer nonce = Buffer(32, 1);
  const IpAddress address = IpAddress::parse("192.0.2.1").value();
  const Time now = Time{} + std::chrono::hours(1);
};

TEST_F(Cookies, AreGoodForTheRequestTheyWereMadeFor) {
  const Buffer cookie = jar.make(nonce, address, 7, now);
  EXPECT_LE(cookie.size(), 64u);  // RFC 7296 2.6
  EXPECT_TRUE(jar.verify(cookie, nonce, address, 7, now));
  EXPECT_FALSE(jar.verify(cookie, Buffer(32, 2), address, 7, now));
  EXPECT_FALSE(jar.verify(cookie, nonce, IpAddress::parse("192.0.2.2").value(), 7, now));
  EXPECT_FALSE(jar.verify(cookie, nonce, address, 8, now));
  EXPECT_FALSE(jar.verify({}, nonce, address, 7, now));
}

TEST_F(Cookies, OutliveOneChangeOfTheSecretAndNotTwo) {
  const Buffer cookie = jar.make(nonce, address, 7, now);
  EXPECT_TRUE(jar.verify(cookie, nonce, address, 7, now + seconds(61)));
  EXPECT_FALSE(jar.verify(cookie, nonce, address, 7, now + seconds(122)));
}

TEST_F(Cookies, AreForgottenAfterALongSilence) {
  const Buffer cookie = jar.make(nonce, address, 7, now);
  EXPECT_FALSE(jar.verify(cookie, nonce, address, 7, now + seconds(1000)));
}

TEST_F(Cookies, CannotBeMadeWithoutTheSecret) {
  CookieJar stranger{seconds(60), system_random()};
  EXPECT_FALSE(jar.verify(stranger.make(nonce, address, 7, now), nonce, address, 7, now));
}

}  // namespace
}  // namespace sallyport::ike
