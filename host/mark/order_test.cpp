// SPDX-License-Identifier: Apache-2.0
#include "host/mark/order.hpp"

#include <gmock/gmock.h>

namespace sallyport::mark {
namespace {

using testing::HasSubstr;

Result<Order> read(const std::string& text) { return read_order(as_bytes(text)); }

TEST(Order, ComesAgainAsItWasWritten) {
  Order order;
  order.handle = 0xfedcba98;
  order.key = Secret(Buffer(16, 0xab));
  order.plain = true;
  order.ipv4 = true;
  order.protect = {"10.2.0.0/16", "2001:db8::/32"};
  const auto again = read_order(write(order).reveal());
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->handle, 0xfedcba98);
  EXPECT_TRUE(again->key == order.key);
  EXPECT_TRUE(again->plain);
  EXPECT_TRUE(again->ipv4);
  EXPECT_FALSE(again->ipv6);
  EXPECT_EQ(again->protect, order.protect);
}

TEST(Order, SaysWhatIsWrongAndTellsNobodyTheKey) {
  const std::string key(32, 'a');
  const auto detail = [](const std::string& text) { return read(text).error().detail; };
  EXPECT_THAT(detail(""), HasSubstr("not a JSON object"));
  EXPECT_THAT(detail("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(detail(R"({"handle":1,"plain":false,"ipv4":true,"ipv6":false,"protect":[]})"), HasSubstr("are needed"));
  EXPECT_THAT(detail(R"({"handle":1,"key":")" + key + R"(","plain":false,"ipv4":true,"protect":[]})"),
              HasSubstr("ipv6"));
  EXPECT_THAT(detail(R"({"handle":-1,"key":")" + key + R"(","plain":false,"ipv4":true,"ipv6":false,"protect":[]})"),
              HasSubstr("32 bits"));
  const std::string shorter =
      detail(R"({"handle":1,"key":"aaaa","plain":false,"ipv4":true,"ipv6":false,"protect":[]})");
  EXPECT_THAT(shorter, HasSubstr("16 bytes"));
  EXPECT_THAT(shorter, testing::Not(HasSubstr("aaaa")));
  EXPECT_THAT(
      detail(R"({"handle":1,"key":")" + key + R"(","plain":false,"ipv4":true,"ipv6":false,"protect":["10.2"]})"),
      HasSubstr("'10.2'"));
}

TEST(Order, TakesPrefixesAndAddresses) {
  EXPECT_EQ(parse_prefix("10.2.0.0/16").value(), (Prefix{layout::Address::from_v4(0x0a020000), 112}));
  EXPECT_EQ(parse_prefix("2001:db8::/32").value(), (Prefix{layout::Address(0x20010db800000000, 0), 32}));
  EXPECT_EQ(parse_prefix("10.2.0.9")->length, layout::kAddressBits);
  EXPECT_THAT(parse_prefix("10.2.0.1-10.2.0.3").error().detail, HasSubstr("10.2.0.0/16"));
}

}  // namespace
}  // namespace sallyport::mark
