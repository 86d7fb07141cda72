// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.2: how two engines come to an IKE SA and its first CHILD SA, and how they do not.
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

class Establish : public Wire {};

Header header(Bytes datagram) { return Header::parse(datagram).value(); }

TEST_F(Establish, TakesTwoExchanges) {
  //   HDR, SAi1, KEi, Ni   -->
  a.take(a.engine->initiate("lab", "net", now));
  ASSERT_EQ(a.outbox.size(), 1u);
  const Buffer first = deliver(a);
  EXPECT_EQ(header(first).exchange, ExchangeType::kIkeSaInit);
  EXPECT_EQ(header(first).spi_r, 0u);
  EXPECT_EQ(header(first).message_id, 0u);
  //                        <--  HDR, SAr1, KEr, Nr
  ASSERT_EQ(b.outbox.size(), 1u);
  EXPECT_TRUE(b.children.empty());
  const Buffer second = deliver(b);
  EXPECT_NE(header(second).spi_r, 0u);
  EXPECT_TRUE(header(second).response);
  //   HDR, SK {IDi, [IDr,] AUTH, SAi2, TSi, TSr}   -->
  const Buffer third = deliver(a);
  EXPECT_EQ(header(third).exchange, ExchangeType::kIkeAuth);
  EXPECT_EQ(header(third).next_payload, PayloadType::kSk);
  EXPECT_EQ(header(third).message_id, 1u);
  EXPECT_EQ(b.count<IkeEstablished>(), 1u);
  EXPECT_EQ(a.count<IkeEstablished>(), 0u);
  //                        <--  HDR, SK {IDr, AUTH, SAr2, TSi, TSr}
  deliver(b);
  EXPECT_EQ(a.count<IkeEstablished>(), 1u);
  EXPECT_TRUE(a.outbox.empty() && b.outbox.empty());
  expect_traffic();
  expect_tidy();
  EXPECT_EQ(a.sending().spi_in, Spi{0x1000});
  EXPECT_EQ(a.sending().spi_out, Spi{0x2000});
  EXPECT_EQ(a.sending().remote, b.address);
  EXPECT_EQ(a.sending().encap, std::nullopt);
}

TEST_F(Establish, ShowsItselfOnBothSides) {
  establish();
  const IkeStatus left = only(a);
  const IkeStatus right = only(b);
  EXPECT_EQ(left.state, IkeState::kEstablished);
  EXPECT_TRUE(left.initiator && !right.initiator);
  EXPECT_EQ(left.spi_i, right.spi_i);
  EXPECT_EQ(left.spi_r, right.spi_r);
  EXPECT_EQ(left.remote_id.to_string(), "b.example");
  EXPECT_EQ(right.remote_id.to_string(), "a.example");
  EXPECT_EQ(left.proposal.to_string(), "aes128gcm16-prfsha256-ecp256");
  ASSERT_EQ(left.children.size(), 1u);
  EXPECT_EQ(left.children[0].name, "net");
  EXPECT_EQ(left.children[0].proposal.to_string(), "aes128gcm16");
  EXPECT_EQ(to_string(left.children[0].remote_ts), "10.2.0.0/24");
}

class Algorithms : public Wire, public ::testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(Algorithms, EstablishAndRekeyBothKindsOfSa) {
  for (Peer* peer : {&a, &b}) {
    Connection c = connection(*peer, other(*peer));
    c.ike_proposals = parse_proposals(Protocol::kIke, GetParam().first).value();
    c.children[0].proposals = parse_proposals(Protocol::kEsp, GetParam().second).value();
    connect(*peer, c);
  }
  establish();
  expect_traffic();
  EXPECT_EQ(only(a).proposal.to_string(), GetParam().first);
  const Secret first = a.sending().out.encryption;
  a.take(a.engine->rekey(a.current.at("net"), now));
  settle();
  b.take(b.engine->rekey(only(b).ike, now));
  pass(seconds(10));
  expect_traffic();
  expect_tidy();
  EXPECT_FALSE(first == a.sending().out.encryption);
  EXPECT_EQ(only(a).children[0].proposal.to_string(), GetParam().second);
  EXPECT_EQ(b.count<IkeRekeyed>(), 1u);
}

INSTANTIATE_TEST_SUITE_P(All, Algorithms,
                         ::testing::Values(std::pair{"aes128gcm16-prfsha256-ecp256", "aes128gcm16"},
                                           std::pair{"aes192gcm16-prfsha256-ecp256", "aes192gcm16"},
                                           std::pair{"aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384-esn"},
                                           std::pair{"aes128-sha1-modp2048", "aes128-sha1-modp2048"},
                                           std::pair{"aes256-sha256-x25519", "aes192-sha256-x25519"},
                                           std::pair{"aes256-sha384-ecp256", "aes256-sha384-ecp256"},
                                           std::pair{"aes256-prfsha1-sha512-ecp256", "aes256-sha512"}));

TEST_F(Establish, RefusesAPeerWithAnotherSecret) {
  Connection c = connection(b, a);
  c.psk = Secret(as_bytes("another secret"));
  connect(b, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  ASSERT_EQ(a.count<IkeFailed>(), 1u);
  EXPECT_EQ(a.all<IkeFailed>()[0].reason.code, Errc::kAuthFailed);
  EXPECT_EQ(a.count<ChildFailed>(), 1u);
  EXPECT_EQ(b.count<IkeEstablished>(), 0u);
  EXPECT_TRUE(a.engine->idle() && b.engine->idle());
  expect_tidy(0);
}

TEST_F(Establish, RefusesAResponderThatIsNotWhomWeWanted) {
  Connection c = connection(b, a);
  c.local_id = *Identity::parse("c.example");
  connect(b, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.count<IkeEstablished>() + b.count<IkeEstablished>(), 0u);
  expect_tidy(0);
}

TEST_F(Establish, RefusesAnInitiatorItDoesNotKnow) {
  Connection c = connection(a, b);
  c.local_id = *Identity::parse("stranger.example");
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<IkeFailed>().at(0).reason.code, Errc::kAuthFailed);
  EXPECT_EQ(b.count<IkeEstablished>(), 0u);
}

TEST_F(Establish, PicksTheConnectionThatTheIdentitiesName) {
  Connection decoy = connection(b, a);
  decoy.name = "a decoy that comes first";
  decoy.remote_id = *Identity::parse("somebody.else.example");
  decoy.psk = Secret(as_bytes("another secret"));
  connect(b, decoy);
  establish();
  EXPECT_EQ(only(b).connection, "lab");
}

TEST_F(Establish, SaysNoProposalChosenAndKeepsNothing) {
  Connection c = connection(b, a);
  c.ike_proposals = parse_proposals(Protocol::kIke, "aes256-sha256-modp2048").value();
  connect(b, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<IkeFailed>().at(0).reason.code, Errc::kUnsupported);
  EXPECT_TRUE(b.engine->idle());
  // Who refused says what.
  const PeerRefused refused = b.all<PeerRefused>().at(0);
  EXPECT_EQ(refused.connection, "lab");
  EXPECT_NE(refused.reason.detail.find("refused: encryption aes128gcm16, key exchange ecp256"), std::string::npos)
      << refused.reason.detail;
}

TEST_F(Establish, SaysWhichAlgorithmOfAChildIsRefused) {
  Connection c = connection(b, a);
  c.children[0].proposals = parse_proposals(Protocol::kEsp, "aes256-sha512").value();
  connect(b, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.code, Errc::kUnsupported);
  const PeerRefused refused = b.all<PeerRefused>().at(0);
  EXPECT_NE(refused.reason.detail.find("ours 'aes256-sha512'; refused: encryption aes128gcm16"), std::string::npos)
      << refused.reason.detail;
}

class EstablishType : public Establish, public testing::WithParamInterface<const char*> {};

TEST_P(EstablishType, AgreesOnIt) {
  for (Peer* peer : {&a, &b}) {
    Connection c = connection(*peer, other(*peer));
    c.children[0].proposals = parse_proposals(Protocol::kEsp, GetParam()).value();
    connect(*peer, c);
  }
  establish();
  expect_traffic();
  EXPECT_EQ(b.count<PeerRefused>(), 0u);
}

INSTANTIATE_TEST_SUITE_P(OfTheCard, EstablishType,
                         testing::Values("aes128gcm16", "aes192gmac-esn", "aes256ctr-sha384", "null-sha1",
                                         "aes192-sha512", "des-md5", "3des-sha256-modp3072", "aes128-sha256-ecp521"));

TEST_F(Establish, TriesAgainWithTheGroupThatTheResponderWants) {
  Connection c = connection(a, b);
  c.ike_proposals = parse_proposals(Protocol::kIke, "aes128gcm16-prfsha256-x25519-ecp256").value();
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  deliver(a);
  // <-- HDR, N(INVALID_KE_PAYLOAD)
  EXPECT_TRUE(b.engine->idle());
  settle();
  EXPECT_EQ(only(a).proposal.to_string(), "aes128gcm16-prfsha256-ecp256");
  expect_traffic();
}

TEST_F(Establish, GivesUpOnAGroupItDoesNotOffer) {
  a.take(a.engine->initiate("lab", "net", now));
  Message refusal;
  refusal.header.spi_i = header(a.outbox.front().bytes).spi_i;
  refusal.header.response = true;
  refusal.add(PayloadType::kNotify, from_hex("00000011001f").value());  // N(INVALID_KE_PAYLOAD), group 31
  a.take(a.engine->on_datagram(a.outbox.front().from, a.outbox.front().to, refusal.serialise(), now));
  EXPECT_EQ(a.all<IkeFailed>().at(0).reason.code, Errc::kUnsupported);
  EXPECT_TRUE(a.engine->idle());
}

TEST_F(Establish, NarrowsTheSelectorsToWhatBothAllow) {
  Connection c = connection(a, b);
  c.children[0].remote_ts = selectors({"0.0.0.0/0"});
  connect(a, c);
  establish();
  EXPECT_EQ(to_string(a.sending().remote_ts), "10.2.0.0/24");
  EXPECT_EQ(to_string(a.sending().local_ts), "10.1.0.0/24");
  expect_traffic();
}

TEST_F(Establish, KeepsTheIkeSaWhenTheChildIsUnacceptable) {
  Connection c = connection(a, b);
  c.children[0].local_ts = selectors({"10.77.0.0/24"});
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.count<IkeEstablished>(), 1u);
  EXPECT_EQ(b.count<IkeEstablished>(), 1u);
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.code, Errc::kUnsupported);
  expect_tidy(0);
  // Once the words are right, the next attempt is a CREATE_CHILD_SA within the same IKE SA.
  connect(a, connection(a, b));
  a.take(a.engine->initiate("lab", "net", now));
  EXPECT_EQ(header(deliver(a)).exchange, ExchangeType::kCreateChildSa);
  settle();
  expect_traffic();
}

TEST_F(Establish, SaysNoAdditionalSasWhenTheCardIsFull) {
  b.spis.full = true;
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.code, Errc::kFull);
}

TEST_F(Establish, ChoosesTheChildWhoseSelectorsAndProposalsFit) {
  Connection c = connection(b, a);
  ChildConfig other_child = c.children[0];
  other_child.name = "strict";
  other_child.proposals = Levels().esp_proposals(Level::kHigh);
  c.children.insert(c.children.begin(), other_child);
  connect(b, c);
  establish();
  EXPECT_EQ(b.all<ChildEstablished>()[0].name, "net");
}

// Overlapping policies, as an SPD has them: the first is for one host of the network that the second is for.
class Overlapping : public Establish {
 protected:
  Overlapping() {
    reword([this](Connection& c) { put_first(c, "db", "10.2.0.5"); });
  }
  void put_first(Connection& c, const std::string& name, std::string_view behind_b) {
    ChildConfig child = c.children[0];
    child.name = name;
    (c.local == a.address ? child.remote_ts : child.local_ts) = selectors({behind_b});
    c.children.insert(c.children.begin(), child);
  }
};

// RFC 7296 2.9
TEST_F(Overlapping, TheResponderTakesTheChildThatIsOffered) {
  for (const std::string name : {"net", "db"}) {
    a.take(a.engine->initiate("lab", name, now));
    settle();
    EXPECT_EQ(b.all<ChildEstablished>().back().name, name);
    a.take(a.engine->rekey(a.current.at(name), now));
    settle();
    expect_traffic(name);
  }
  EXPECT_EQ(to_string(a.sending("net").remote_ts), "10.2.0.0/24");
  EXPECT_EQ(to_string(a.sending("db").remote_ts), "10.2.0.5");
}

TEST_F(Overlapping, AWiderChildDoesNotTakeWhatAnotherIsFor) {
  reword([this](Connection& c) {
    put_first(c, "db", "10.2.0.5");
    put_first(c, "all", "0.0.0.0/0");
  });
  for (const std::string name : {"net", "db", "all"}) {
    a.take(a.engine->initiate("lab", name, now));
    settle();
    EXPECT_EQ(b.all<ChildEstablished>().back().name, name);
  }
}

// RFC 7296 2.9: the first selector is the packet that woke the initiator up, the second its policy.
TEST_F(Overlapping, TheResponderTakesTheChildOfTheFirstChoice) {
  Connection c = connection(a, b);
  c.children[0].remote_ts = selectors({"10.2.0.9[tcp]", "10.2.0.0/24"});
  connect(a, c);
  establish();
  EXPECT_EQ(b.all<ChildEstablished>()[0].name, "net");
  EXPECT_EQ(to_string(a.sending().remote_ts), "10.2.0.0/24");
  // Nobody covers all of it; the packet is the network's.
  c.children[0].remote_ts = selectors({"10.2.0.9[tcp]", "10.2.0.0/16"});
  c.children[0].name = "wide";
  connect(a, c);
  a.take(a.engine->initiate("lab", "wide", now));
  settle();
  EXPECT_EQ(b.all<ChildEstablished>().back().name, "net");
  EXPECT_EQ(to_string(a.sending("wide").remote_ts), "10.2.0.0/24");
}

TEST_F(Overlapping, TheBestChildSaysWhyItIsRefused) {
  Connection c = connection(b, a);
  c.children[0].proposals = parse_proposals(Protocol::kEsp, "aes256gcm16").value();
  put_first(c, "db", "10.2.0.5");
  c.children[0].proposals = parse_proposals(Protocol::kEsp, "aes128-sha1").value();
  connect(b, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  const std::string why = b.all<PeerRefused>().at(0).reason.detail;
  EXPECT_NE(why.find("ours 'aes256gcm16'"), std::string::npos) << why;
}

TEST_F(Establish, RefusesToBeginWhatCannotBegin) {
  EXPECT_EQ(a.engine->initiate("nowhere", "net", now).error().code, Errc::kNotFound);
  EXPECT_EQ(a.engine->initiate("lab", "nut", now).error().code, Errc::kNotFound);
  Connection c = connection(a, b);
  c.remote = IpAddress();
  connect(a, c);
  EXPECT_EQ(a.engine->initiate("lab", "net", now).error().code, Errc::kInvalid);
  connect(a, connection(a, b));
  a.take(a.engine->initiate("lab", "net", now));
  EXPECT_EQ(a.engine->initiate("lab", "net", now).error().code, Errc::kExists);
  settle();
  EXPECT_EQ(a.engine->initiate("lab", "net", now).error().code, Errc::kExists);
}

TEST_F(Establish, CreatesFurtherChildrenInTheSameIkeSa) {
  for (Peer* peer : {&a, &b}) {
    Connection c = connection(*peer, other(*peer));
    ChildConfig voice = c.children[0];
    voice.name = "voice";
    voice.local_ts = selectors({peer == &a ? "10.1.9.0/24" : "10.2.9.0/24"});
    voice.remote_ts = selectors({peer == &a ? "10.2.9.0/24" : "10.1.9.0/24"});
    c.children.push_back(voice);
    connect(*peer, c);
  }
  a.take(a.engine->initiate("lab", "net", now));
  a.take(a.engine->initiate("lab", "voice", now));  // waits for its turn
  settle();
  expect_traffic("net");
  expect_traffic("voice");
  expect_tidy(2);
  EXPECT_EQ(only(a).children.size(), 2u);
}

// RFC 7296 2.4: INITIAL_CONTACT
TEST_F(Establish, ForgetsWhatItHeldOfAPeerThatStartedAnew) {
  establish();
  a.children.clear();
  a.current.clear();
  a.spis.taken.clear();
  a.restart();
  connect(a, connection(a, b));
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(b.count<IkeDeleted>(), 1u);
  EXPECT_EQ(b.children.size(), 1u);
  expect_traffic();
}

TEST_F(Establish, BothAtOnceLeavesTrafficFlowing) {
  a.take(a.engine->initiate("lab", "net", now));
  b.take(b.engine->initiate("lab", "net", now));
  settle();
  expect_traffic();
}

// ---- NAT (2.23) ---------------------------------------------------------------------------------------------------

TEST_F(Establish, EncapsulatesWhenAskedTo) {
  Connection c = connection(a, b);
  c.force_encaps = true;
  connect(a, c);
  establish();
  const UdpEncap ports{kNatPort, kNatPort};
  EXPECT_EQ(a.sending().encap, ports);
  EXPECT_EQ(b.sending().encap, ports);
  EXPECT_EQ(only(a).local.port, kNatPort);
  EXPECT_TRUE(only(b).remote_behind_nat);  // that is how one asks
  EXPECT_FALSE(only(a).remote_behind_nat);
}

TEST_F(Establish, TheResponderCanAskForEncapsulationToo) {
  Connection c = connection(b, a);
  c.force_encaps = true;
  connect(b, c);
  establish();
  EXPECT_TRUE(a.sending().encap && b.sending().encap);
}

class BehindNat : public Wire {
 protected:
  // A NAT in front of a: its addresses are changed on the way to b, and back.
  void settle_through_nat() {
    while (!a.outbox.empty() || !b.outbox.empty()) {
      for (auto& flight : a.outbox) {
        flight.from.port = static_cast<std::uint16_t>(flight.from.port + shift);
        flight.from.address = ip("203.0.113.9");
      }
      if (!a.outbox.empty()) deliver(a);
      for (auto& flight : b.outbox) {
        EXPECT_EQ(flight.to.address, ip("203.0.113.9"));
        flight.to = {a.address, static_cast<std::uint16_t>(flight.to.port - shift)};
      }
      if (!b.outbox.empty()) deliver(b);
    }
  }
  std::uint16_t shift = 10000;
};

TEST_F(BehindNat, IsFoundOutAndEncapsulated) {
  Connection c = connection(b, a);
  c.remote = IpAddress();
  connect(b, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle_through_nat();
  ASSERT_EQ(a.count<ChildEstablished>(), 1u);
  EXPECT_TRUE(only(a).local_behind_nat);
  EXPECT_FALSE(only(a).remote_behind_nat);
  EXPECT_TRUE(only(b).remote_behind_nat);
  EXPECT_EQ(a.sending().encap, (UdpEncap{kNatPort, kNatPort}));
  EXPECT_EQ(b.sending().encap, (UdpEncap{kNatPort, 14500}));
  EXPECT_EQ(b.sending().remote, ip("203.0.113.9"));

  // RFC 3948 4: whoever is behind the NAT keeps its mapping alive.
  now += seconds(20);
  a.take(a.engine->on_time(now));
  ASSERT_EQ(a.count<SendKeepalive>(), 1u);
  EXPECT_EQ(a.all<SendKeepalive>()[0].remote, (Endpoint{b.address, kNatPort}));
  EXPECT_FALSE(b.engine->next_deadline());

  // 2.23: a NAT that was restarted gives out other ports; the peer is followed, and its children are rekeyed there.
  shift = 20000;
  a.take(a.engine->rekey(only(a).children[0].child, now));
  settle_through_nat();
  ASSERT_EQ(b.count<PeerMoved>(), 1u);
  EXPECT_EQ(b.all<PeerMoved>()[0].remote.port, 24500);
  now += seconds(10);
  a.take(a.engine->on_time(now));
  b.take(b.engine->on_time(now));
  settle_through_nat();
  EXPECT_EQ(b.sending().encap, (UdpEncap{kNatPort, 24500}));
}

// ---- cookies (2.6) ------------------------------------------------------------------------------------------------

TEST_F(Establish, DemandsACookieUnderLoadAndKeepsNothingBefore) {
  b.settings.cookie_threshold = 0;
  b.restart();
  connect(b, connection(b, a));
  //   HDR(A,0), SAi1, KEi, Ni   -->
  a.take(a.engine->initiate("lab", "net", now));
  const Buffer first = deliver(a);
  //                             <--  HDR(A,0), N(COOKIE)
  EXPECT_TRUE(b.engine->idle());
  EXPECT_EQ(b.engine->counters().cookies_sent, 1u);
  deliver(b);
  //   HDR(A,0), N(COOKIE), SAi1, KEi, Ni   -->
  const Buffer second = deliver(a);
  EXPECT_EQ(header(second).message_id, 0u);
  const auto before = Message::parse(first).value();
  const auto after = Message::parse(second).value();
  ASSERT_EQ(after.payloads.size(), before.payloads.size() + 1);
  EXPECT_EQ(after.payloads[0].type, PayloadType::kNotify);
  for (std::size_t i = 0; i < before.payloads.size(); ++i)
    EXPECT_EQ(after.payloads[i + 1].body, before.payloads[i].body);
  settle();
  expect_traffic();
}

TEST_F(Establish, RefusesACookieFromAnotherAddress) {
  b.settings.cookie_threshold = 0;
  b.restart();
  connect(b, connection(b, a));
  a.take(a.engine->initiate("lab", "net", now));
  deliver(a);
  deliver(b);
  a.outbox.front().from.address = ip("192.0.2.77");
  deliver(a);
  EXPECT_TRUE(b.engine->idle());
  EXPECT_EQ(b.engine->counters().cookies_sent, 2u);
}

TEST_F(Establish, AFloodOfHalfOpenSasIsBoundedAndForgotten) {
  b.settings.cookie_threshold = 1000;
  b.settings.half_open_limit = 8;
  b.restart();
  connect(b, connection(b, a));
  a.take(a.engine->initiate("lab", "net", now));
  const Flight request = a.outbox.front();
  a.outbox.clear();
  for (std::uint8_t i = 0; i < 20; ++i) {
    Buffer forged = request.bytes;
    forged[0] ^= static_cast<std::uint8_t>(i + 1);
    b.take(b.engine->on_datagram(request.to, request.from, forged, now));
  }
  EXPECT_EQ(b.engine->status(now).size(), 8u);
  EXPECT_EQ(b.engine->counters().half_open_refused, 12u);
  now += b.settings.half_open_timeout;
  b.take(b.engine->on_time(now));
  EXPECT_TRUE(b.engine->idle());
}

}  // namespace
}  // namespace sallyport::ike::test
