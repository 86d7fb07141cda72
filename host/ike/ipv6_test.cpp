// SPDX-License-Identifier: Apache-2.0
// IPv6 at both heights, which do not depend on each other: endpoints of IKE, and traffic selectors.
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

class Ipv6Endpoints : public Wire {
 protected:
  Ipv6Endpoints() : Wire("2001:db8::1", "2001:db8::2") {}
};

TEST_F(Ipv6Endpoints, CarryATunnelOfIpv4) {
  establish();
  expect_traffic();
  EXPECT_EQ(a.sending().remote, ip("2001:db8::2"));
  EXPECT_EQ(to_string(a.sending().remote_ts), "10.2.0.0/24");
  EXPECT_EQ(a.sending().encap, std::nullopt);  // 2.23: the hashes over 16 bytes of address match
  EXPECT_EQ(only(a).remote.to_string(), "[2001:db8::2]:500");
  a.take(a.engine->rekey(a.current.at("net"), now));
  b.take(b.engine->rekey(only(b).ike, now));
  pass(seconds(30));
  expect_traffic();
  expect_tidy();
}

TEST_F(Ipv6Endpoints, AreNotTakenForEachOther) {
  Connection c = connection(b, a);
  c.remote = ip("2001:db8::77");
  connect(b, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.count<IkeEstablished>() + b.count<IkeEstablished>(), 0u);
}

TEST_F(Ipv6Endpoints, AreAnybodyToAResponderWithoutAddresses) {
  Connection c = connection(b, a);
  c.local = c.remote = IpAddress();
  connect(b, c);
  establish();
  EXPECT_EQ(b.sending().remote, ip("2001:db8::1"));
}

TEST_F(Ipv6Endpoints, SpeakInUdpWhereThereIsANat) {
  a.take(a.engine->initiate("lab", "net", now));
  a.outbox.front().from.port = 1500;  // a NAT's doing
  deliver(a);
  b.outbox.front().to.port = kIkePort;
  deliver(b);
  settle();
  EXPECT_TRUE(only(a).local_behind_nat);
  EXPECT_EQ(a.sending().encap, (UdpEncap{4500, 4500}));
  EXPECT_EQ(b.sending().encap, (UdpEncap{4500, 4500}));
  expect_traffic();
}

TEST_F(Ipv6Endpoints, AreInTransportModeTheSelectors) {
  reword([](Connection& c) {
    c.children[0].mode = Mode::kTransport;
    c.children[0].local_ts = c.children[0].remote_ts = selectors({"0.0.0.0/0", "::/0"});
  });
  establish();
  EXPECT_EQ(to_string(a.sending().local_ts), "2001:db8::1");
  EXPECT_EQ(to_string(b.sending().local_ts), "2001:db8::2");
  expect_traffic();
}

TEST_F(Ipv6Endpoints, AreInACookie) {
  b.settings.cookie_threshold = 0;
  b.restart();
  connect(b, connection(b, a));
  a.take(a.engine->initiate("lab", "net", now));
  deliver(a);
  deliver(b);
  ASSERT_EQ(a.outbox.size(), 1u);
  Flight stolen = a.outbox.front();
  stolen.from.address = ip("2001:db8:0:1::1");
  b.take(b.engine->on_datagram(stolen.to, stolen.from, stolen.bytes, now));
  EXPECT_TRUE(b.engine->idle());
  EXPECT_EQ(b.engine->counters().cookies_sent, 2u);
  b.outbox.clear();
  settle();
  expect_traffic();
}

TEST_F(Ipv6Endpoints, SurviveARestart) {
  reword([](Connection& c) {
    c.children[0].mode = Mode::kTransport;
    c.children[0].proposals = parse_proposals(Protocol::kAh, "sha256").value();
    c.children[0].local_ts = c.children[0].remote_ts = selectors({"::/0"});
  });
  establish();
  const IkeStatus before = only(a);
  const Secret stored = a.engine->snapshot(now);
  const Connection words = connection(a, b);
  a.restart();
  connect(a, words);
  a.take(a.engine->restore(stored.reveal(), seconds(0), now));
  const IkeStatus after = only(a);
  EXPECT_EQ(after.local, before.local);
  EXPECT_EQ(after.remote, before.remote);
  ASSERT_EQ(after.children.size(), 1u);
  EXPECT_EQ(after.children[0].mode, Mode::kTransport);
  EXPECT_EQ(after.children[0].proposal, before.children[0].proposal);
  EXPECT_EQ(after.children[0].remote_ts, before.children[0].remote_ts);
  // The child is known by its protocol still.
  b.take(b.engine->terminate(b.current.at("net"), now));
  settle();
  EXPECT_TRUE(a.children.empty());
}

class Ipv6Selectors : public Wire {};

TEST_F(Ipv6Selectors, StandBesideThoseOfIpv4InOneChild) {
  reword([this](Connection& c) {
    const bool left = c.local == a.address;
    const auto near = selectors({left ? "10.1.0.0/24" : "10.2.0.0/24", left ? "2001:db8:1::/48" : "2001:db8:2::/48"});
    const auto far = selectors({left ? "10.2.0.0/24" : "10.1.0.0/24", left ? "2001:db8:2::/48" : "2001:db8:1::/48"});
    c.children[0].local_ts = near;
    c.children[0].remote_ts = far;
  });
  establish();
  EXPECT_EQ(to_string(a.sending().local_ts), "10.1.0.0/24, 2001:db8:1::/48");
  EXPECT_EQ(to_string(a.sending().remote_ts), "10.2.0.0/24, 2001:db8:2::/48");
  expect_traffic();
}

// RFC 7296 2.9: the responder narrows to a subset, also to one family.
TEST_F(Ipv6Selectors, AreNarrowed) {
  Connection c = connection(a, b);
  c.children[0].local_ts = selectors({"10.1.0.0/24", "2001:db8:1::/48"});
  c.children[0].remote_ts = selectors({"0.0.0.0/0", "::/0[tcp]"});
  connect(a, c);
  Connection theirs = connection(b, a);
  theirs.children[0].local_ts = selectors({"2001:db8:2:7::/64[/443]"});
  theirs.children[0].remote_ts = selectors({"2001:db8:1::/64"});
  connect(b, theirs);
  establish();
  EXPECT_EQ(to_string(a.sending().local_ts), "2001:db8:1::/64");
  EXPECT_EQ(to_string(a.sending().remote_ts), "2001:db8:2:7::/64[tcp/443]");
  expect_traffic();
}

TEST_F(Ipv6Selectors, MeetNoneOfIpv4) {
  Connection c = connection(a, b);
  c.children[0].remote_ts = selectors({"::/0"});
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.detail,
            "the peer says TS_UNACCEPTABLE: it has no child with these traffic selectors");
  expect_tidy(0);
}

}  // namespace
}  // namespace sallyport::ike::test
