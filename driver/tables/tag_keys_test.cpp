// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/tag_keys.hpp"

#include <gtest/gtest.h>

#include "driver/control/card_control.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/user_tag/user_tag.hpp"

namespace sallyport::driver {
namespace {

using layout::Counter;

class TagKeysTest : public ::testing::Test {
 protected:
  // Whether the card takes a packet for one of the session's.
  bool knows(std::uint32_t handle, const Secret& key) {
    constexpr layout::Address kSource = layout::Address::from_v4(0x0a000105),
                              kDestination = layout::Address::from_v4(1);
    const Buffer packet = write_ip({.source = kSource, .destination = kDestination}, kProtocolUdp, Buffer(8));
    const auto tagged = put_user_tag(packet, {handle, tag_check(key.reveal(), handle, kSource, kDestination)});
    const std::uint64_t before = control_.counters()->of(Counter::kTagOk);
    card_.receive(layout::Port::kLan, ByteWriter().zeros(12).u16(kEthertypeIpv4).bytes(*tagged).view());
    return control_.counters()->of(Counter::kTagOk) == before + 1;
  }
  static Secret key(std::uint8_t first) {
    Secret made(TagKeys::kKeyBytes);
    made.bytes()[0] = first;
    return made;
  }

  SoftwareCard card_{[](layout::Port, Bytes) {}};
  CardControl control_ = CardControl::open(card_).value();
  testing::FlakyCard flaky_{card_};
  TableLoader loader_ = TableLoader::create(flaky_).value();
  TagKeys keys_{loader_};

  void SetUp() override { ASSERT_TRUE(control_.enable(true)); }
};

TEST_F(TagKeysTest, MakeASessionKnownUntilItIsRemoved) {
  const std::uint32_t handle = keys_.install(0xabcdef12, 7, key(1)).value();
  EXPECT_EQ(handle, 0xabcdef12);
  EXPECT_TRUE(knows(handle, key(1)));
  EXPECT_FALSE(knows(handle, key(2)));
  ASSERT_TRUE(keys_.remove(handle));
  EXPECT_FALSE(knows(handle, key(1)));
}

TEST_F(TagKeysTest, GiveEachSessionARowOfItsOwn) {
  const std::uint32_t first = keys_.install(0x100007ff, 1, key(1)).value();
  const std::uint32_t second = keys_.install(0x200007ff, 2, key(2)).value();
  EXPECT_EQ(second, 0x20000000u);  // the row behind the last is the first
  EXPECT_TRUE(knows(first, key(1)));
  EXPECT_TRUE(knows(second, key(2)));
  ASSERT_TRUE(keys_.remove(first));
  EXPECT_EQ(keys_.install(0x300007ff, 3, key(3)).value(), 0x300007ffu);
}

TEST_F(TagKeysTest, RefuseAKeyOfAnotherLengthAndASessionTooMany) {
  EXPECT_EQ(keys_.install(0, 1, Secret(15)).error().code, Errc::kInvalid);
  for (unsigned i = 0; i < layout::kTagRows; ++i) ASSERT_TRUE(keys_.install(0, 1, key(1)));
  EXPECT_EQ(keys_.install(0, 1, key(1)).error().code, Errc::kFull);
}

TEST_F(TagKeysTest, KeepNoRowThatTheCardDidNotTake) {
  flaky_.fail_from(0, testing::FlakyCard::Loss::kRequest);
  EXPECT_FALSE(keys_.install(5, 1, key(1)));
  flaky_.heal();
  EXPECT_EQ(keys_.install(5, 1, key(1)).value(), 5u);
}

TEST_F(TagKeysTest, OfADaemonThatComesBackKnowNoSessionButItsOwn) {
  const std::uint32_t kept = keys_.install(8, 1, key(1)).value();
  const std::uint32_t forgotten = keys_.install(9, 2, key(2)).value();
  TagKeys again(loader_);
  ASSERT_TRUE(again.adopt({kept}));
  EXPECT_TRUE(knows(kept, key(1)));
  EXPECT_FALSE(knows(forgotten, key(2)));
  EXPECT_EQ(again.install(8, 3, key(3)).value(), 9u);
}

}  // namespace
}  // namespace sallyport::driver
