// SPDX-License-Identifier: Apache-2.0
#include "host/ike/identity.hpp"

#include <gtest/gtest.h>

namespace sallyport::ike {
namespace {

TEST(Identity, TakesItsTypeFromItsForm) {
  EXPECT_EQ(Identity::parse("gw.example.org")->type, IdType::kFqdn);
  EXPECT_EQ(Identity::parse("carol@example.org")->type, IdType::kRfc822Address);
  EXPECT_EQ(Identity::parse("192.0.2.1")->type, IdType::kIpv4Address);
  EXPECT_EQ(Identity::parse("2001:db8::1")->type, IdType::kIpv6Address);
  EXPECT_EQ(Identity::parse("keyid:0123ab")->type, IdType::kKeyId);
}

TEST(Identity, PrintsWhatItParsed) {
  for (const char* text : {"gw.example.org", "carol@example.org", "192.0.2.1", "2001:db8::1", "keyid:0123ab"}) {
    EXPECT_EQ(Identity::parse(text)->to_string(), text);
  }
}

TEST(Identity, RefusesWhatNobodyIsCalled) {
  for (const char* text : {"", "two words", "keyid:", "keyid:xy"}) EXPECT_FALSE(Identity::parse(text)) << text;
}

TEST(Identity, NeverPrintsABytePeersCouldPlayTricksWith) {
  EXPECT_EQ((Identity{IdType::kFqdn, {'a', '\n', 'b'}}.to_string()), "keyid:610a62");
  EXPECT_EQ((Identity{IdType::kIpv4Address, {1, 2, 3}}.to_string()), "keyid:010203");
}

TEST(Identity, SurvivesItsPayload) {
  const auto id = *Identity::parse("gw.example.org");
  EXPECT_EQ(to_hex(id.payload()), "02000000" + to_hex(as_bytes("gw.example.org")));
  EXPECT_EQ(*Identity::parse_payload(id.payload()), id);
  for (std::size_t cut = 0; cut < 4; ++cut) EXPECT_FALSE(Identity::parse_payload(Bytes(id.payload()).first(cut)));
}

}  // namespace
}  // namespace sallyport::ike
