// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.3.1: USE_TRANSPORT_MODE. Who asks for it may be declined, and then decides whether a tunnel will do.
#include "host/ike/test_responder.hpp"

namespace sallyport::ike::test {
namespace {

class Transport : public Wire {
 protected:
  // Between the gateways themselves, whoever they are: "dynamic" in swanctl's words.
  static void use_transport(Connection& c) {
    c.children[0].mode = Mode::kTransport;
    c.children[0].local_ts = c.children[0].remote_ts = selectors({"0.0.0.0/0", "::/0"});
  }
  // A tunnel that has room for the same packets.
  static void use_tunnel(Connection& c) {
    use_transport(c);
    c.children[0].mode = Mode::kTunnel;
  }
};

TEST_F(Transport, IsOfferedAndAcceptedForTheEndpointsAddresses) {
  reword(use_transport);
  establish();
  expect_traffic();
  expect_tidy();
  for (Peer* peer : {&a, &b}) {
    EXPECT_EQ(peer->sending().mode, Mode::kTransport);
    EXPECT_EQ(to_string(peer->sending().local_ts), peer->address.to_string());
    EXPECT_EQ(to_string(peer->sending().remote_ts), other(*peer).address.to_string());
    EXPECT_EQ(only(*peer).children[0].mode, Mode::kTransport);
  }
}

TEST_F(Transport, CarriesWhatTheWordsLeaveOfTheEndpoints) {
  Connection c = connection(a, b);
  use_transport(c);
  c.children[0].remote_ts = selectors({"0.0.0.0/0[tcp/443]"});
  connect(a, c);
  Connection theirs = connection(b, a);
  use_transport(theirs);
  connect(b, theirs);
  establish();
  EXPECT_EQ(to_string(a.sending().remote_ts), "192.0.2.2[tcp/443]");
  expect_traffic();
}

TEST_F(Transport, StaysThroughRekeyingsOfBothSides) {
  reword(use_transport);
  establish();
  for (Peer* peer : {&a, &b}) {
    peer->take(peer->engine->rekey(peer->current.at("net"), now));
    pass(seconds(10));
    EXPECT_EQ(a.sending().mode, Mode::kTransport);
    expect_traffic();
    expect_tidy();
  }
  EXPECT_EQ(a.count<ChildRekeyed>(), 2u);
}

// "If this is unacceptable to the initiator, the initiator MUST delete the SA."
TEST_F(Transport, ThatIsDeclinedIsDeletedWithAReason) {
  reword(use_tunnel);
  Connection c = connection(a, b);
  use_transport(c);
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  deliver(a);
  deliver(b);
  deliver(a);
  EXPECT_EQ(b.children.size(), 1u);  // the responder declined, and holds a tunnel
  EXPECT_EQ(b.sending().mode, Mode::kTunnel);
  settle();
  ASSERT_EQ(a.count<ChildFailed>(), 1u);
  EXPECT_EQ(a.all<ChildFailed>()[0].reason.code, Errc::kUnsupported);
  EXPECT_EQ(a.all<ChildFailed>()[0].reason.detail,
            "the peer declines transport mode, and a tunnel is not what child 'net' wants");
  EXPECT_EQ(a.count<InstallSa>(), 0u);
  expect_tidy(0);
  EXPECT_EQ(only(a).state, IkeState::kEstablished);
}

TEST_F(Transport, ThatIsDeclinedIsATunnelWhereTheWordsSaySo) {
  reword(use_tunnel);
  Connection c = connection(a, b);
  use_transport(c);
  c.children[0].or_tunnel = true;
  connect(a, c);
  establish();
  EXPECT_EQ(a.sending().mode, Mode::kTunnel);
  EXPECT_EQ(to_string(a.sending().local_ts), "192.0.2.1");
  expect_traffic();
}

TEST_F(Transport, IsNotDroppedForATunnelThatThePeerAsksFor) {
  reword(use_transport);
  Connection c = connection(a, b);
  use_tunnel(c);
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.code, Errc::kUnsupported);
  EXPECT_EQ(b.all<PeerRefused>().at(0).reason.detail,
            "child 'net' is in transport mode, and the peer asks for a tunnel");
  expect_tidy(0);
  // Unless the words say that it may be one.
  Connection theirs = connection(b, a);
  use_transport(theirs);
  theirs.children[0].or_tunnel = true;
  connect(b, theirs);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(b.sending().mode, Mode::kTunnel);
  EXPECT_EQ(to_string(a.sending().remote_ts), "192.0.2.2");
  expect_traffic();
}

TEST_F(Transport, NeedsSelectorsThatHoldTheEndpoints) {
  Connection c = connection(a, b);
  c.children[0].mode = Mode::kTransport;
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.detail,
            "child 'net' is in transport mode, and its traffic selectors leave out 192.0.2.1 or 192.0.2.2");
}

// RFC 7296 2.23.1 would have a receiver mend checksums and addresses.
TEST_F(Transport, IsNotUsedAcrossANat) {
  Connection theirs = connection(b, a);
  use_transport(theirs);
  connect(b, theirs);
  Connection c = connection(a, b);
  use_tunnel(c);
  c.force_encaps = true;  // what a NAT would be taken for
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(b.all<PeerRefused>().at(0).reason.detail,
            "child 'net' is in transport mode, which is not used across a NAT");
  expect_tidy(0);
  // Nor offered.
  use_transport(c);
  c.force_encaps = false;
  connect(a, c);
  theirs = connection(b, a);
  theirs.force_encaps = true;
  connect(b, theirs);
  a.take(a.engine->terminate_all(now));
  settle();
  a.log.clear();
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.detail,
            "child 'net' is in transport mode, which is not used across a NAT");
}

TEST_F(Transport, GoesTogetherWithAh) {
  reword([](Connection& c) {
    use_transport(c);
    c.children[0].proposals = parse_proposals(Protocol::kAh, "sha256").value();
  });
  establish();
  expect_traffic();
  EXPECT_EQ(a.sending().mode, Mode::kTransport);
  EXPECT_EQ(a.sending().protocol, Protocol::kAh);
}

// ---- what goes over the wire --------------------------------------------------------------------------------------

class TransportByHand : public ByHand {
 protected:
  // The child is answered with these notifications in front.
  std::vector<Payload> come_up(std::vector<Payload> notifications) {
    answer_init();
    return answer_auth(parse_proposals(Protocol::kEsp, "aes128gcm16").value()[0], std::move(notifications));
  }
};

TEST_F(TransportByHand, IsANotificationWithoutSpiAndData) {
  Connection c = connection(a, b);
  c.children[0].mode = Mode::kTransport;
  c.children[0].local_ts = c.children[0].remote_ts = selectors({"0.0.0.0/0"});
  connect(a, c);
  const auto offer = come_up({make_notify(NotifyType::kUseTransportMode)});
  const auto asked = find_notify(offer, NotifyType::kUseTransportMode);
  ASSERT_TRUE(asked);
  EXPECT_EQ(to_hex(asked->serialise()), "00004007");
  EXPECT_EQ(a.sending().mode, Mode::kTransport);
  // 1.3.3: asked for again when the child is rekeyed.
  a.take(a.engine->rekey(a.current.at("net"), now));
  EXPECT_TRUE(find_notify(said(), NotifyType::kUseTransportMode));
}

TEST_F(TransportByHand, IsRefusedFromAResponderThatWasNotAskedForIt) {
  const auto offer = come_up({make_notify(NotifyType::kUseTransportMode)});
  EXPECT_FALSE(find_notify(offer, NotifyType::kUseTransportMode));
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.detail, "the peer chose transport mode, which we did not offer");
  EXPECT_TRUE(a.children.empty());
  //   HDR, SK {D}   -->
  EXPECT_EQ(to_hex(find_payload(said(), PayloadType::kDelete)->body), "0304000100001000");
}

}  // namespace
}  // namespace sallyport::ike::test
