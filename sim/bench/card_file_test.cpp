// SPDX-License-Identifier: Apache-2.0
// Descriptions of a card, read into the software card.
#include "sim/bench/card_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "driver/software/software_card.hpp"
#include "sim/bench/frames.hpp"

namespace sallyport::bench {
namespace {

using ::testing::HasSubstr;

struct LoadedSoftwareCard {
  std::vector<Buffer> wan;
  driver::SoftwareCard card{[this](layout::Port port, Bytes frame) {
    if (port == layout::Port::kWan) wan.emplace_back(frame.begin(), frame.end());
  }};
};

std::string file_of(const std::string& text) {
  const std::string path = testing::TempDir() + "/sallyport_card_file_" + std::to_string(getpid()) + "_test.toml";
  std::ofstream(path) << text;
  return path;
}

TEST(CardFile, TheExampleProtectsWhatItSaysItProtects) {
  LoadedSoftwareCard loaded;
  auto result = load_card(loaded.card, EXAMPLE);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->input, layout::Port::kLan);
  const FlowAddresses flow = {{2, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 0, 1}, 0x0a01000a, 0x0a02000a};
  const Buffer frame = numbered_frame(flow, 100, 7);
  loaded.card.receive(layout::Port::kLan, frame);
  ASSERT_EQ(loaded.wan.size(), 1u);
  EspSa sa = {.spi = 0x1001, .source = 0xc0000201, .destination = 0xc0000202};
  sa.protection.key = Secret(from_hex("000102030405060708090a0b0c0d0e0f").value());
  sa.protection.salt = Secret(from_hex("10111213").value());
  const auto packet = open_esp_frame(sa, loaded.wan[0]);
  ASSERT_TRUE(packet);
  EXPECT_EQ(number_of(*packet), 7u);
}

TEST(CardFile, NamesFileLineAndRemedyOfWhatIsWrong) {
  const std::string head = "lan_mac = \"02:00:00:00:00:01\"\nwan_mac = \"02:00:00:00:00:02\"\ninput = \"lan\"\n";
  const auto problem = [&head](const std::string& more) {
    LoadedSoftwareCard loaded;
    auto result = load_card(loaded.card, file_of(head + more));
    return result ? std::string("no problem") : result.error().detail;
  };
  EXPECT_EQ(problem(""), "no problem");
  EXPECT_THAT(problem("[[next_hop]]\nname = \"x\"\nport = \"up\"\nmac = \"02:00:00:00:00:03\"\n"),
              HasSubstr("_test.toml:6: 'port' must be lan or wan"));
  EXPECT_THAT(problem("[[route]]\nprefix = \"10.0.0.0/8\"\nto = \"nowhere\"\n"),
              HasSubstr(":6: no next hop is called 'nowhere'"));
  EXPECT_THAT(problem("speed = 3\n"), HasSubstr(":4: 'speed' is not known here"));
  EXPECT_THAT(problem("[[rule]]\ndirection = \"out\"\naction = \"encrypt\"\n"),
              HasSubstr(":6: 'action' must be discard, bypass, protect or host"));
  EXPECT_THAT(problem("[[rule]\n"), HasSubstr(":4: "));
}

}  // namespace
}  // namespace sallyport::bench
