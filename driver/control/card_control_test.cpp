// SPDX-License-Identifier: Apache-2.0
#include "driver/control/card_control.hpp"

#include <gtest/gtest.h>

#include "driver/software/software_card.hpp"

namespace sallyport::driver {
namespace {

using layout::Port;

// A card of which one register reads something else.
class Altered : public SoftwareCard {
 public:
  Altered(const layout::Register& reg, std::uint32_t value)
      : SoftwareCard([](Port, Bytes) {}), offset_(reg.offset), value_(value) {}
  Result<std::uint32_t> read(const layout::Register& reg) override {
    if (reg.offset == offset_) return value_;
    return SoftwareCard::read(reg);
  }

 private:
  std::uint32_t offset_;
  std::uint32_t value_;
};

TEST(CardControl, RefusesWhatIsNoCardAndACardOfAnotherLayout) {
  Altered stranger(layout::reg::kId, 0xffffffff);
  Altered newer(layout::reg::kVersion, layout::kLayoutVersion + 1);
  for (Card* card : {static_cast<Card*>(&stranger), static_cast<Card*>(&newer)}) {
    auto control = CardControl::open(*card);
    ASSERT_FALSE(control);
    EXPECT_EQ(control.error().code, Errc::kUnsupported);
  }
}

TEST(CardControl, ReadsBackWhatItWrote) {
  SoftwareCard card([](Port, Bytes) {});
  auto control = CardControl::open(card);
  ASSERT_TRUE(control);
  EXPECT_FALSE(control->status()->enabled);
  EXPECT_EQ(control->status()->cookie, Cookie{});
  ASSERT_TRUE(control->enable(true));
  ASSERT_TRUE(control->set_cookie({1, 2, 3, 0xffffffff}));
  ASSERT_TRUE(control->set_hash_seed(0x12345678));
  ASSERT_TRUE(control->wipe_sas());
  const CardStatus status = control->status().value();
  EXPECT_TRUE(status.enabled);
  EXPECT_EQ(status.cookie, (Cookie{1, 2, 3, 0xffffffff}));
  EXPECT_EQ(control->hash_seed().value(), 0x12345678u);
}

TEST(CardControl, SetsTheVlanOfAPortAndRefusesWhatIsNone) {
  SoftwareCard card([](Port, Bytes) {});
  auto control = CardControl::open(card);
  ASSERT_TRUE(control);
  ASSERT_TRUE(control->set_vlan(Port::kLan, 7));
  ASSERT_TRUE(control->set_vlan(Port::kWan, 4094));
  EXPECT_EQ(card.read(layout::reg::kLanVlan).value(), 7u);
  EXPECT_EQ(card.read(layout::reg::kWanVlan).value(), 4094u);
  EXPECT_EQ(control->set_vlan(Port::kWan, 4095).error().code, Errc::kInvalid);
  EXPECT_EQ(control->set_vlan(Port::kHost, 1).error().code, Errc::kInvalid);
  ASSERT_TRUE(control->set_vlan(Port::kLan, 0));
  EXPECT_EQ(card.read(layout::reg::kLanVlan).value(), 0u);
  EXPECT_EQ(card.read(layout::reg::kWanVlan).value(), 4094u);
}

TEST(CardControl, AcceptsPlainTagsWhenToldTo) {
  SoftwareCard card([](Port, Bytes) {});
  auto control = CardControl::open(card);
  ASSERT_TRUE(control);
  EXPECT_EQ(card.read(layout::reg::kPlainTags).value(), 0u);
  ASSERT_TRUE(control->accept_plain_tags(true));
  EXPECT_EQ(card.read(layout::reg::kPlainTags).value(), 1u);
  ASSERT_TRUE(control->accept_plain_tags(false));
  EXPECT_EQ(card.read(layout::reg::kPlainTags).value(), 0u);
}

TEST(CardControl, SetsTheMacAddressThatFramesMustCarry) {
  SoftwareCard card([](Port, Bytes) {});
  auto control = CardControl::open(card);
  ASSERT_TRUE(control);
  ASSERT_TRUE(control->enable(true));
  ASSERT_TRUE(control->set_mac(Port::kWan, {0x02, 1, 2, 3, 4, 5}));
  EXPECT_FALSE(control->set_mac(Port::kHost, {}));
  Buffer frame = {0x02, 1, 2, 3, 4, 5, 0x02, 0, 0, 0, 0, 9, 0x88, 0xcc};
  card.receive(Port::kWan, frame);
  frame[5] = 6;
  card.receive(Port::kWan, frame);
  const CardCounters counters = control->counters().value();
  EXPECT_EQ(counters.of(layout::Counter::kWanRx), 2u);
  EXPECT_EQ(counters.of(layout::Counter::kWanRxBytes), 28u);
  EXPECT_EQ(counters.of(layout::Drop::kEthertype), 1u);
  EXPECT_EQ(counters.of(layout::Drop::kNotForUs), 1u);
  EXPECT_EQ(counters.dropped(), 2u);
}

}  // namespace
}  // namespace sallyport::driver
