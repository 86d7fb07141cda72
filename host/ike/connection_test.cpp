// SPDX-License-Identifier: Apache-2.0
#include "host/ike/connection.hpp"

#include <gtest/gtest.h>

namespace sallyport::ike {
namespace {

using std::chrono::seconds;

Connection good() {
  Connection connection;
  connection.name = "lab";
  connection.local_id = *Identity::parse("a.example");
  connection.remote_id = *Identity::parse("b.example");
  connection.psk = Secret(as_bytes("a secret"));
  ChildConfig child;
  child.name = "net";
  child.local_ts = {*TrafficSelector::parse("10.1.0.0/24")};
  child.remote_ts = {*TrafficSelector::parse("10.2.0.0/24")};
  connection.children = {child};
  return connection;
}

TEST(Connection, IsFineWithTheDefaults) {
  EXPECT_TRUE(validate(good()));
  EXPECT_EQ(good().find_child("net")->name, "net");
  EXPECT_EQ(good().find_child("nut"), nullptr);
}

TEST(Connection, IsRefusedWhenSomethingIsMissingOrContradictory) {
  const auto refused = [](auto change) {
    Connection connection = good();
    change(connection);
    return !validate(connection);
  };
  EXPECT_TRUE(refused([](Connection& c) { c.name.clear(); }));
  EXPECT_TRUE(refused([](Connection& c) { c.psk.wipe(); }));
  EXPECT_TRUE(refused([](Connection& c) { c.remote_id.data.clear(); }));
  EXPECT_TRUE(refused([](Connection& c) { c.ike_proposals.clear(); }));
  EXPECT_TRUE(refused([](Connection& c) { c.ike_proposals = Levels().esp_proposals(Level::kHigh); }));
  EXPECT_TRUE(refused([](Connection& c) { c.lifetime = {seconds(60), seconds(60), seconds(0)}; }));
  EXPECT_TRUE(refused([](Connection& c) { c.lifetime = {seconds(60), seconds(90), seconds(60)}; }));
  EXPECT_TRUE(refused([](Connection& c) { c.children[0].remote_ts.clear(); }));
  EXPECT_TRUE(refused([](Connection& c) { c.children[0].proposals.clear(); }));
  EXPECT_TRUE(refused([](Connection& c) { c.children.push_back(c.children[0]); }));
}

TEST(Connection, SaysWhichWordsOfProtocolModeAndFamilyContradictEachOther) {
  const auto why = [](auto change) {
    Connection connection = good();
    change(connection);
    const auto valid = validate(connection);
    return valid ? std::string("fine") : valid.error().detail;
  };
  const Proposals ah = parse_proposals(Protocol::kAh, "sha256").value();
  EXPECT_EQ(why([&](Connection& c) { c.children[0].proposals = ah; }), "fine");
  EXPECT_EQ(why([&](Connection& c) { c.children[0].proposals.push_back(ah[0]); }),
            "connection 'lab': child 'net' has no proposals that are all of ESP or all of AH");
  EXPECT_EQ(why([&](Connection& c) {
              c.children[0].proposals = ah;
              c.force_encaps = true;
            }),
            "connection 'lab': child 'net' is AH, which does not go in UDP");
  EXPECT_EQ(why([](Connection& c) {
              c.children[0].mode = Mode::kTransport;
              c.force_encaps = true;
            }),
            "connection 'lab': child 'net' is in transport mode, which does not go in UDP here");
  EXPECT_EQ(why([](Connection& c) {
              c.local = *IpAddress::parse("192.0.2.1");
              c.remote = *IpAddress::parse("2001:db8::2");
            }),
            "connection 'lab': has one address of IPv4 and one of IPv6");
  EXPECT_EQ(why([](Connection& c) { c.remote = *IpAddress::parse("2001:db8::2"); }), "fine");
  EXPECT_EQ(why([](Connection& c) {
              c.remote = *IpAddress::parse("2001:db8::2");
              c.force_encaps = true;
            }),
            "fine");
}

}  // namespace
}  // namespace sallyport::ike
