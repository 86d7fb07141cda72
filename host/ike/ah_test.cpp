// SPDX-License-Identifier: Apache-2.0
// CHILD SAs of AH (RFC 4302): protocol 2 in proposals, deletions and notifications (RFC 7296 3.3.1, 3.10, 3.11).
#include "host/ike/test_responder.hpp"

namespace sallyport::ike::test {
namespace {

Proposals ah(std::string_view text) { return parse_proposals(Protocol::kAh, text).value(); }

class AhChild : public Wire, public testing::WithParamInterface<const char*> {};

TEST_P(AhChild, IsEstablishedAndRekeyedFromBothSides) {
  reword([](Connection& c) { c.children[0].proposals = ah(GetParam()); });
  establish();
  for (Peer* peer : {&a, &b}) {
    expect_traffic();
    EXPECT_EQ(peer->sending().protocol, Protocol::kAh);
    EXPECT_EQ(peer->sending().encryption, Encryption::kNone);
    EXPECT_TRUE(peer->sending().out.encryption.empty() && peer->sending().out.salt.empty());
    EXPECT_FALSE(peer->sending().out.integrity.empty());
    const Spi old = peer->sending().spi_in;
    peer->take(peer->engine->rekey(peer->current.at("net"), now));
    pass(seconds(10));
    EXPECT_NE(peer->sending().spi_in, old);
  }
  expect_traffic();
  expect_tidy();
  EXPECT_EQ(only(a).children[0].proposal.to_string(), GetParam());
  EXPECT_EQ(only(a).children[0].proposal.protocol, Protocol::kAh);
  EXPECT_EQ(a.sending().esn, std::string_view(GetParam()).find("esn") != std::string_view::npos);
}

INSTANTIATE_TEST_SUITE_P(OfTheCard, AhChild,
                         testing::Values("sha256-ecp256", "sha1-modp2048", "sha384-x25519", "sha512-ecp256-esn",
                                         "md5-ecp256"));

class Ah : public Wire {};

TEST_F(Ah, IsNotEspAndWhoRefusesSaysSo) {
  Connection c = connection(a, b);
  c.children[0].proposals = ah("sha256");
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.code, Errc::kUnsupported);
  const std::string why = b.all<PeerRefused>().at(0).reason.detail;
  EXPECT_NE(why.find("offered 'sha256', ours 'aes128gcm16'; refused: AH"), std::string::npos) << why;
  expect_tidy(0);
}

TEST_F(Ah, AnAlgorithmThatIsRefusedIsNamed) {
  for (Peer* peer : {&a, &b}) {
    Connection c = connection(*peer, other(*peer));
    c.children[0].proposals = ah(peer == &a ? "sha1" : "sha256");
    connect(*peer, c);
  }
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  const std::string why = b.all<PeerRefused>().at(0).reason.detail;
  EXPECT_NE(why.find("refused: integrity sha1"), std::string::npos) << why;
}

TEST_F(Ah, ARekeyedChildMayBecomeEsp) {
  reword([](Connection& c) { c.children[0].proposals = ah("sha256"); });
  establish();
  reword([](Connection&) {});
  a.take(a.engine->rekey(a.current.at("net"), now));
  pass(seconds(10));
  EXPECT_EQ(a.sending().protocol, Protocol::kEsp);
  expect_traffic();
  expect_tidy();
}

// RFC 3715 2.1 a): AH covers the addresses that a NAT changes.
TEST_F(Ah, IsNotTriedAcrossANat) {
  Connection c = connection(a, b);
  c.children[0].proposals = ah("sha256");
  connect(a, c);
  a.take(a.engine->initiate("lab", "net", now));
  a.outbox.front().from.port = 1500;  // a NAT's doing
  deliver(a);
  b.outbox.front().to.port = kIkePort;
  deliver(b);
  ASSERT_EQ(a.count<ChildFailed>(), 1u);
  EXPECT_EQ(a.all<ChildFailed>()[0].reason.detail, "child 'net' is AH, which passes no NAT");
  EXPECT_TRUE(a.spis.taken.empty());
}

TEST_F(Ah, IsRefusedAcrossANatByTheResponder) {
  Connection c = connection(a, b);
  c.force_encaps = true;  // what a NAT would be taken for
  connect(a, c);
  Connection theirs = connection(b, a);
  theirs.children[0].proposals = ah("sha256");
  connect(b, theirs);
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(b.all<PeerRefused>().at(0).reason.detail, "child 'net' is AH, which passes no NAT");
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.code, Errc::kUnsupported);
  expect_tidy(0);
}

// ---- what goes over the wire --------------------------------------------------------------------------------------

class AhByHand : public ByHand {
 protected:
  void establish_by_hand() {
    Connection c = connection(a, b);
    c.children[0].proposals = ah("sha256-sha1");
    connect(a, c);
    answer_init();
    const auto offer = answer_auth(ah("sha1")[0]);
    // Proposal: last, 36 octets, number 1, AH, SPI of 4, 3 transforms. INTEG 12, INTEG 2; ESN 0. No ENCR.
    EXPECT_EQ(to_hex(find_payload(offer, PayloadType::kSa)->body),
              "00000024"
              "01020403"
              "00001000"
              "03000008"
              "0300000c"
              "03000008"
              "03000002"
              "00000008"
              "05000000");
    ASSERT_EQ(a.count<ChildEstablished>(), 1u);
    EXPECT_EQ(a.sending().integrity, Integrity::kHmacSha1_96);
  }
};

TEST_F(AhByHand, OffersAndDeletesProtocol2) {
  establish_by_hand();
  a.take(a.engine->terminate(a.current.at("net"), now));
  //   HDR, SK {D}   -->
  const auto del = said();
  EXPECT_EQ(to_hex(find_payload(del, PayloadType::kDelete)->body), "0204000100001000");
  answer({{PayloadType::kDelete, false, DeletePayload{Protocol::kAh, {Spi{0x77001}}}.serialise()}});
  EXPECT_TRUE(a.children.empty() && a.spis.taken.empty());
}

TEST_F(AhByHand, RekeysProtocol2) {
  establish_by_hand();
  a.take(a.engine->rekey(a.current.at("net"), now));
  //   HDR, SK {N(REKEY_SA), SA, Ni, TSi, TSr}   -->
  const auto rekey = find_notify(said(), NotifyType::kRekeySa);
  ASSERT_TRUE(rekey);
  EXPECT_EQ(to_hex(rekey->serialise()), "0204400900001000");
  //                                   <--  HDR, SK {N(CHILD_SA_NOT_FOUND)}
  NotifyPayload not_found = refusal(NotifyType::kChildSaNotFound);
  not_found.protocol = Protocol::kAh;
  not_found.spi = rekey->spi;
  answer({{PayloadType::kNotify, false, not_found.serialise()}});
  EXPECT_TRUE(a.children.empty());
}

// RFC 4301 4.1: the peer may use one number for ESP and for AH.
TEST_F(AhByHand, AnSpiOfAhIsNotTheSameSpiOfEsp) {
  establish_by_hand();
  Connection c = connection(a, b);
  c.children[0].name = "voice";
  c.children[0].proposals = parse_proposals(Protocol::kEsp, "aes128gcm16").value();
  connect(a, c);
  a.take(a.engine->initiate("lab", "voice", now));
  const auto offer = said();
  answer({{PayloadType::kSa, false, SaPayload{{{1, spi_bytes(Spi{0x77001}), c.children[0].proposals[0]}}}.serialise()},
          {PayloadType::kNonce, false, Buffer(32, 7)},
          *find_payload(offer, PayloadType::kTsI),
          *find_payload(offer, PayloadType::kTsR)});
  ASSERT_EQ(a.sending("voice").spi_out, a.sending("net").spi_out);
  //   <--  HDR, SK {D}
  const DeletePayload del{Protocol::kEsp, {Spi{0x77001}}};
  ask(ExchangeType::kInformational, {{PayloadType::kDelete, false, del.serialise()}});
  EXPECT_FALSE(a.children.contains(a.current.at("voice")));
  EXPECT_TRUE(a.children.contains(a.current.at("net")));
  //   HDR, SK {D}   -->
  EXPECT_EQ(to_hex(find_payload(said(), PayloadType::kDelete)->body), "0304000100001001");
}

}  // namespace
}  // namespace sallyport::ike::test
