// SPDX-License-Identifier: Apache-2.0
#include "driver/discovery/discovery.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sallyport::driver {
namespace {

// A dump as lspci -xxxx prints it: `lines` of "offset: bytes".
std::string write_dump(const std::string& lines) {
  const std::string path = testing::TempDir() + "/sallyport_discovery_test." + std::to_string(getpid());
  std::ofstream(path) << lines;
  return path;
}

TEST(Discovery, FindsACardAmongOtherDevicesAndReadsItsBarsAndLink) {
  // A network card of somebody else, then a U55C: BAR 0 is 64 bits wide at 0x3800_0000_0000, PCI Express capability at
  // 0x40 (Gen4 x16 possible, Gen3 x8 trained).
  const std::string path = write_dump(
      "01:00.0 Ethernet controller: another\n"
      "00: 86 80 21 15 06 04 10 00 01 00 00 02 00 00 00 00\n\n"
      "65:00.1 Processing accelerators: Xilinx Corporation Device 505d\n"
      "00: ee 10 5d 50 06 04 10 00 00 00 00 12 00 00 00 00\n"
      "10: 0c 00 00 00 00 38 00 00 00 00 00 00 00 00 00 00\n"
      "20: 00 00 00 00 00 00 00 00 00 00 00 00 ee 10 0e 00\n"
      "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n"
      "40: 10 00 02 00 00 00 00 00 00 00 00 00 04 01 00 00\n"
      "50: 00 00 83 00 00 00 00 00 00 00 00 00 00 00 00 00\n");
  auto cards = find_cards(path);
  ASSERT_TRUE(cards) << cards.error().message();
  ASSERT_EQ(cards->size(), 1u);
  const PciCard& card = cards->front();
  EXPECT_EQ(card.slot, "0000:65:00.1");
  EXPECT_EQ(card.model, "Alveo U55C");
  ASSERT_FALSE(card.bars.empty());
  EXPECT_EQ(card.bars[0].address, 0x380000000000u);
  EXPECT_EQ(card.capability.generation, 4u);
  EXPECT_EQ(card.capability.lanes, 16u);
  EXPECT_EQ(card.link.generation, 3u);
  EXPECT_EQ(card.link.lanes, 8u);
  EXPECT_FALSE(card.aer);
}

TEST(Discovery, OfADumpWithoutACardFindsNoneAndHasASentenceForIt) {
  auto cards = find_cards(
      write_dump("01:00.0 Ethernet controller: another\n00: 86 80 21 15 06 04 10 00 01 00 00 02 00 00 00 00\n"));
  ASSERT_TRUE(cards) << cards.error().message();
  EXPECT_TRUE(cards->empty());
  EXPECT_NE(no_card_sentence().find("Alveo U55C"), std::string::npos);
}

TEST(Discovery, RefusesADumpThatIsNotThere) {
  auto cards = find_cards("no/such.dump");
  ASSERT_FALSE(cards);
  EXPECT_EQ(cards.error().code, Errc::kNotFound);
}

TEST(Discovery, FindsNoCardInTextThatIsNoDump) {
  auto cards = find_cards(write_dump("00: this is no dump\n"));
  ASSERT_TRUE(cards) << cards.error().message();
  EXPECT_TRUE(cards->empty());
}

}  // namespace
}  // namespace sallyport::driver
