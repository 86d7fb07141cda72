// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.3 and 2.8: replacing CHILD SAs and the IKE SA, also when both sides do it at once.
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

class Rekey : public Wire {
 protected:
  void rekey_child(Peer& peer) { peer.take(peer.engine->rekey(peer.current.at("net"), now)); }
  void rekey_ike(Peer& peer) {
    const auto all = peer.engine->status(now);
    const auto live = std::ranges::find(all, IkeState::kEstablished, &IkeStatus::state);
    ASSERT_NE(live, all.end());
    peer.take(peer.engine->rekey(live->ike, now));
  }
  // Two fresh sides, of which a draws its random numbers from `seed`.
  void establish_anew(unsigned seed) {
    a.random = [g = std::make_shared<std::mt19937>(seed)](auto out) {
      for (auto& byte : out) byte = static_cast<std::uint8_t>((*g)());
    };
    establish_anew();
  }
  void establish_anew() {
    for (Peer* peer : {&a, &b}) {
      peer->children.clear();
      peer->current.clear();
      peer->spis.taken.clear();
      peer->log.clear();
      peer->restart();
    }
    reword([](Connection&) {});
    establish();
  }
};

TEST_F(Rekey, SaysThatAPeerMayDemandAGroup) {
  Connection theirs = connection(b, a);
  theirs.children[0].proposals = parse_proposals(Protocol::kEsp, "aes128gcm16-ecp256").value();
  Connection ours = connection(a, b);
  ours.children[0].proposals = parse_proposals(Protocol::kEsp, "aes128gcm16").value();
  connect(b, theirs);
  connect(a, ours);
  establish();
  const Spi before = a.sending().spi_in;
  rekey_child(a);
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.detail,
            "the peer says NO_PROPOSAL_CHOSEN: no proposal of ours is among its own, or it demands a key exchange for "
            "each SA (PFS): a proposal then names a group, such as aes128gcm16-ecp256");
  EXPECT_EQ(a.sending().spi_in, before);
  expect_traffic();
}

TEST_F(Rekey, ReplacesAChildWithoutAGap) {
  establish();
  const SaParameters old_a = a.sending();
  const SaParameters old_b = b.sending();
  //   HDR, SK {N(REKEY_SA), SA, Ni, [KEi,] TSi, TSr}   -->
  rekey_child(a);
  EXPECT_EQ(a.children.size(), 1u);
  deliver(a);
  // The responder receives under both, and goes on sending under the old one.
  EXPECT_TRUE(b.receives(old_b.spi_in) && b.children.size() == 2);
  EXPECT_EQ(b.sending().spi_in, old_b.spi_in);
  EXPECT_TRUE(b.all<InstallSa>().back().replaces.has_value());
  //                            <--  HDR, SK {SA, Nr, [KEr,] TSi, TSr}
  deliver(b);
  // The initiator sends under the new one, which the responder receives, and still receives under both.
  EXPECT_NE(a.sending().spi_out, old_a.spi_out);
  EXPECT_TRUE(b.receives(a.sending().spi_out));
  EXPECT_TRUE(a.receives(old_b.spi_out));
  //   HDR, SK {D}   -->
  deliver(a);
  EXPECT_NE(b.sending().spi_in, old_b.spi_in);
  EXPECT_TRUE(a.receives(b.sending().spi_out));
  //                            <--  HDR, SK {D}
  deliver(b);
  expect_traffic();
  EXPECT_EQ(a.children.size(), 2u);  // for the packets still on the wire
  pass(a.settings.drain);
  expect_tidy();
  EXPECT_FALSE(a.receives(old_a.spi_in));
  EXPECT_EQ(a.count<ChildRekeyed>(), 1u);
  EXPECT_EQ(b.count<ChildRekeyed>(), 1u);
}

TEST_F(Rekey, HappensByItselfBeforeTheLifetimeEnds) {
  reword([](Connection& c) { c.children[0].lifetime = {seconds(60), seconds(90), seconds(20)}; });
  establish();
  const Spi first = a.sending().spi_in;
  pass(seconds(39));
  EXPECT_EQ(a.sending().spi_in, first);
  pass(seconds(23));
  EXPECT_NE(a.sending().spi_in, first);
  pass(seconds(3600));
  expect_traffic();
  EXPECT_GT(a.count<ChildRekeyed>(), 55u);
  EXPECT_EQ(a.count<ChildFailed>() + b.count<ChildFailed>(), 0u);
}

TEST_F(Rekey, AChildThatCannotBeRekeyedEndsAtItsHardLifetime) {
  Connection c = connection(a, b);
  c.children[0].lifetime = {seconds(0), seconds(90), seconds(0)};
  connect(a, c);
  establish();
  pass(seconds(89));
  EXPECT_EQ(a.children.size(), 1u);
  pass(seconds(2));
  expect_tidy(0);
  EXPECT_EQ(only(a).state, IkeState::kEstablished);
}

TEST_F(Rekey, TakesTheWordsAsTheyAreNow) {
  establish();
  reword([](Connection& c) { c.children[0].proposals = Levels().esp_proposals(Level::kHigh); });
  rekey_child(a);
  settle();
  EXPECT_EQ(a.sending().key_bits, 256u);
  EXPECT_TRUE(a.sending().esn);
  expect_traffic();
}

// The anti-replay window is not negotiated: each side has its own, as its words say at the time.
TEST_F(Rekey, GivesTheNewSaTheWindowThatTheWordsSayNow) {
  establish();
  EXPECT_EQ(a.sending().replay_window, driver::kDefaultReplayWindow);
  Connection c = connection(a, b);
  c.children[0].replay_window = 1024;
  connect(a, c);
  rekey_child(a);
  settle();
  EXPECT_EQ(a.sending().replay_window, 1024u);
  EXPECT_EQ(b.sending().replay_window, driver::kDefaultReplayWindow);
  rekey_child(b);  // whoever begins it
  settle();
  EXPECT_EQ(a.sending().replay_window, 1024u);
  EXPECT_EQ(b.sending().replay_window, driver::kDefaultReplayWindow);
}

TEST_F(Rekey, TriesAgainWithTheGroupThatTheResponderWants) {
  establish();
  Connection c = connection(a, b);
  c.children[0].proposals = parse_proposals(Protocol::kEsp, "aes128gcm16-x25519-ecp256").value();
  connect(a, c);
  rekey_child(a);
  settle();
  EXPECT_EQ(only(a).children.back().proposal.dh_group(), DhGroup::kEcp256);
  expect_traffic();
}

TEST_F(Rekey, IsRefusedByAPeerWithOtherProposalsAndTheOldChildStays) {
  establish();
  const Spi old = a.sending().spi_in;
  Connection c = connection(b, a);
  c.children[0].proposals = Levels().esp_proposals(Level::kHigh);
  connect(b, c);
  rekey_child(a);
  settle();
  EXPECT_EQ(a.all<ChildFailed>().at(0).reason.code, Errc::kUnsupported);
  EXPECT_EQ(a.sending().spi_in, old);
  expect_traffic();
  expect_tidy();
}

TEST_F(Rekey, OfAChildThatThePeerDoesNotHaveStartsFromScratch) {
  establish();
  b.take(b.engine->terminate(b.current.at("net"), now));
  b.outbox.clear();  // the DELETE is lost for now
  rekey_child(a);
  deliver(a);  // RFC 7296 2.25.1: b is closing it, so the answer is TEMPORARY_FAILURE
  settle();
  pass(seconds(30));
  EXPECT_EQ(a.count<IkeFailed>(), 0u);
  expect_tidy(a.children.size());
}

TEST_F(Rekey, OfAChildThatIsEndedMeanwhileLeavesNone) {
  for (Peer* ends : {&a, &b}) {
    SCOPED_TRACE(ends == &a ? "who rekeys ends it" : "the other one does");
    establish_anew();
    rekey_child(a);
    ends->take(ends->engine->terminate(ends->current.at("net"), now));
    settle();
    pass(seconds(20));
    expect_tidy(0);
  }
}

// RFC 7296 2.8.1: "the SA created with the lowest of the four nonces used in the two exchanges SHOULD be closed by the
// endpoint that created it." Whoever that is, one SA is left, and traffic can flow at every moment.
TEST_F(Rekey, OfOneChildFromBothSidesLeavesOne) {
  std::set<std::size_t> installed;  // two by the loser, who never installs its own; three by the winner
  for (unsigned seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE(seed);
    establish_anew(seed);
    rekey_child(a);
    rekey_child(b);
    while (!a.outbox.empty() || !b.outbox.empty()) {
      if (!a.outbox.empty()) deliver(a);
      if (!b.outbox.empty()) deliver(b);
      for (Peer* peer : {&a, &b}) EXPECT_TRUE(other(*peer).receives(peer->sending().spi_out));
    }
    expect_traffic();
    pass(seconds(10));
    expect_traffic();
    expect_tidy();
    EXPECT_EQ(a.count<ChildRekeyed>(), 1u);
    EXPECT_EQ(b.count<ChildRekeyed>(), 1u);
    EXPECT_EQ(only(a).children.size(), 1u);
    installed.insert(a.count<InstallSa>());
  }
  EXPECT_EQ(installed, (std::set<std::size_t>{2, 3}));
}

TEST_F(Rekey, ClosesTheChildThatWasMadeWithTheLowestOfFourNonces) {
  for (const bool lowest_is_in_our_request : {true, false}) {
    SCOPED_TRACE(lowest_is_in_our_request);
    // Both nonces of a are lower than b's; it draws that of its own request first.
    auto drawn = std::make_shared<std::uint8_t>(2);
    a.random = [drawn](auto out) { std::ranges::fill(out, *drawn); };
    b.random = [](auto out) { std::ranges::fill(out, 9); };
    establish_anew();
    *drawn = lowest_is_in_our_request ? 1 : 2;
    rekey_child(a);
    *drawn = lowest_is_in_our_request ? 2 : 1;
    rekey_child(b);
    settle();
    expect_traffic();
    // Who made the SA with the lowest nonce never installs it: the first one and the other's are what it has.
    EXPECT_EQ(a.count<InstallSa>(), lowest_is_in_our_request ? 2u : 3u);
    EXPECT_EQ(b.count<InstallSa>(), lowest_is_in_our_request ? 3u : 2u);
  }
}

// The same, when one side has finished before the other side's request comes in.
TEST_F(Rekey, OfAChildThatIsBeingClosedWaits) {
  establish();
  rekey_child(a);
  rekey_child(b);
  const Flight late = b.outbox.front();
  b.outbox.clear();
  deliver(a);  // request of a
  deliver(b);  // its response: a has won and deletes the old child
  //   <--  HDR, SK {N(REKEY_SA), ...}
  a.take(a.engine->on_datagram(late.to, late.from, late.bytes, now));
  settle();
  pass(seconds(20));
  expect_traffic();
  expect_tidy();
  EXPECT_EQ(only(b).state, IkeState::kEstablished);
}

// ---- the IKE SA ---------------------------------------------------------------------------------------------------

TEST_F(Rekey, ReplacesTheIkeSaAndKeepsTheChildren) {
  establish();
  const IkeStatus old = only(a);
  const Spi child = a.sending().spi_in;
  //   HDR, SK {SA, Ni, KEi}   -->
  rekey_ike(b);
  deliver(b);
  EXPECT_EQ(a.all<IkeRekeyed>().at(0).old_ike, old.ike);
  //                          <--  HDR, SK {SA, Nr, KEr}
  deliver(a);
  EXPECT_EQ(b.count<IkeRekeyed>(), 1u);
  //   HDR, SK {D}   -->
  settle();
  const IkeStatus fresh = only(a);
  EXPECT_EQ(a.all<IkeRekeyed>().at(0).new_ike, fresh.ike);
  EXPECT_FALSE(fresh.initiator);  // who began the rekeying is the new initiator
  EXPECT_NE(fresh.spi_i, old.spi_i);
  EXPECT_NE(fresh.spi_r, old.spi_r);
  ASSERT_EQ(fresh.children.size(), 1u);
  EXPECT_EQ(fresh.children[0].spi_in, child);
  EXPECT_EQ(a.count<IkeDeleted>() + b.count<IkeDeleted>(), 0u);
  EXPECT_EQ(a.count<RemoveSa>() + b.count<RemoveSa>(), 0u);
  // And the new IKE SA works, both ways.
  rekey_child(a);
  settle();
  rekey_child(b);
  pass(seconds(10));
  expect_traffic();
  expect_tidy();
}

TEST_F(Rekey, OfAnIkeSaThatIsEndedMeanwhileLeavesNone) {
  for (Peer* ends : {&a, &b}) {
    SCOPED_TRACE(ends == &a ? "who rekeys ends it" : "the other one does");
    establish_anew();
    const IkeHandle old = only(*ends).ike;
    if (ends == &b) rekey_child(b);  // its request comes first, and its end waits for the response
    rekey_ike(a);
    ends->take(ends->engine->terminate(old, now));
    deliver(a);
    settle();
    pass(seconds(20));
    EXPECT_TRUE(a.engine->status(now).empty());
    EXPECT_TRUE(b.engine->status(now).empty());
    expect_tidy(0);
  }
}

TEST_F(Rekey, OfTheIkeSaHappensByItself) {
  reword([](Connection& c) { c.lifetime = {seconds(100), seconds(150), seconds(30)}; });
  establish();
  pass(seconds(2000));
  EXPECT_GT(a.count<IkeRekeyed>(), 15u);
  expect_traffic();
  expect_tidy();
  EXPECT_EQ(a.count<IkeFailed>() + a.count<IkeDeleted>(), 0u);
  EXPECT_EQ(only(a).state, IkeState::kEstablished);
  EXPECT_EQ(only(b).state, IkeState::kEstablished);
}

TEST_F(Rekey, AnIkeSaThatIsNotRekeyedEndsAtItsHardLifetime) {
  Connection c = connection(a, b);
  c.lifetime = {seconds(0), seconds(50), seconds(0)};
  connect(a, c);
  establish();
  pass(seconds(51));
  EXPECT_EQ(a.count<IkeDeleted>(), 1u);
  EXPECT_EQ(b.count<IkeDeleted>(), 1u);
  expect_tidy(0);
  EXPECT_TRUE(a.engine->idle() && b.engine->idle());
}

TEST_F(Rekey, OfTheIkeSaFromBothSidesLeavesOne) {
  for (unsigned seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE(seed);
    establish_anew(seed);
    rekey_ike(a);
    rekey_ike(b);
    while (!a.outbox.empty() || !b.outbox.empty()) {
      if (!a.outbox.empty()) deliver(a);
      if (!b.outbox.empty()) deliver(b);
    }
    pass(seconds(40));
    const IkeStatus left = only(a);
    const IkeStatus right = only(b);
    EXPECT_EQ(left.spi_i, right.spi_i);
    EXPECT_EQ(left.state, IkeState::kEstablished);
    EXPECT_EQ(right.state, IkeState::kEstablished);
    EXPECT_EQ(left.children.size(), 1u);
    EXPECT_EQ(right.children.size(), 1u);
    EXPECT_EQ(a.count<IkeRekeyed>(), 1u);
    EXPECT_EQ(b.count<IkeRekeyed>(), 1u);
    rekey_child(a);
    settle();
    expect_traffic();
  }
}

// RFC 7296 2.25.2: TEMPORARY_FAILURE both ways, then both are done one after the other.
TEST_F(Rekey, OfTheIkeSaAndOfAChildAtOnceBothHappen) {
  establish();
  const IkeStatus before = only(a);
  const Spi child = a.sending().spi_in;
  rekey_ike(a);
  rekey_child(b);
  settle();
  pass(seconds(30));
  EXPECT_NE(only(a).spi_i, before.spi_i);
  EXPECT_NE(a.sending().spi_in, child);
  expect_traffic();
  expect_tidy();
}

TEST_F(Rekey, ABusyHourOfBothSidesEndsInOrder) {
  reword([](Connection& c) {
    c.lifetime = {seconds(70), seconds(200), seconds(10)};
    c.children[0].lifetime = {seconds(23), seconds(60), seconds(3)};
    c.dpd_delay = seconds(5);
  });
  establish();
  for (int minute = 0; minute < 60; ++minute) {
    pass(seconds(60));
    expect_traffic();
    if (HasFailure()) break;
  }
  EXPECT_EQ(a.count<IkeFailed>() + b.count<IkeFailed>() + a.count<ChildFailed>() + b.count<ChildFailed>(), 0u);
  pass(seconds(4));
  EXPECT_LE(a.children.size(), 3u);
  EXPECT_EQ(a.children.size(), a.spis.taken.size());
}

}  // namespace
}  // namespace sallyport::ike::test
