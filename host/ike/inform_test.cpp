// SPDX-License-Identifier: Apache-2.0
// RFC 7296 1.4, 2.1 to 2.4: deleting, asking whether the peer lives, retransmission, and a wire that is not kind.
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

class Inform : public Wire {
 protected:
  // A wire that loses, repeats and reorders; time passes in small steps.
  void pass_badly(seconds time, std::mt19937& chance, unsigned loss_percent) {
    const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(chance); };
    for (const Time end = now + time; now < end; now += milliseconds(100)) {
      run_timers();
      for (Peer* from : {&a, &b}) {
        std::shuffle(from->outbox.begin(), from->outbox.end(), chance);
        const std::size_t waiting = from->outbox.size();
        for (std::size_t i = 0; i < waiting; ++i) {
          if (below(100) < 10) from->outbox.push_back(from->outbox.front());  // repeated later
          if (below(100) < loss_percent) {
            from->outbox.pop_front();
          } else {
            deliver(*from);
          }
        }
      }
    }
  }
};

TEST_F(Inform, DeletesAChildOnBothSidesAndKeepsTheIkeSa) {
  establish();
  a.take(a.engine->terminate(a.current.at("net"), now));
  //   HDR, SK {D}   -->
  deliver(a);
  EXPECT_TRUE(b.children.empty());
  EXPECT_EQ(a.children.size(), 1u);
  //                  <--  HDR, SK {D}
  deliver(b);
  expect_tidy(0);
  EXPECT_EQ(only(a).state, IkeState::kEstablished);
  EXPECT_EQ(only(b).state, IkeState::kEstablished);
}

TEST_F(Inform, BothDeletingTheSameChildIsFine) {
  establish();
  a.take(a.engine->terminate(a.current.at("net"), now));
  b.take(b.engine->terminate(b.current.at("net"), now));
  settle();
  expect_tidy(0);
  EXPECT_EQ(only(a).state, IkeState::kEstablished);
}

TEST_F(Inform, DeletesTheIkeSaWithAllItHolds) {
  establish();
  b.take(b.engine->terminate(only(b).ike, now));
  settle();
  EXPECT_TRUE(a.engine->idle() && b.engine->idle());
  EXPECT_EQ(a.count<IkeDeleted>(), 1u);
  EXPECT_EQ(b.count<IkeDeleted>(), 1u);
  expect_tidy(0);
}

TEST_F(Inform, BothDeletingTheIkeSaIsFine) {
  establish();
  a.take(a.engine->terminate_all(now));
  b.take(b.engine->terminate_all(now));
  settle();
  EXPECT_TRUE(a.engine->idle() && b.engine->idle());
  EXPECT_EQ(a.count<IkeDeleted>(), 1u);
}

TEST_F(Inform, RemovingAConnectionDeletesItsSas) {
  establish();
  a.take(a.engine->remove_connection("lab", now));
  settle();
  EXPECT_TRUE(a.engine->idle() && b.engine->idle());
  EXPECT_EQ(a.engine->remove_connection("lab", now).error().code, Errc::kNotFound);
}

TEST_F(Inform, TerminatingWhatIsNotUpYetJustStops) {
  a.take(a.engine->initiate("lab", "net", now));
  a.take(a.engine->terminate(only(a).ike, now));
  EXPECT_TRUE(a.engine->idle());
  expect_tidy(0);
}

TEST_F(Inform, ASilentPeerIsAskedAndItsAnswerIsEnough) {
  Connection c = connection(a, b);
  c.dpd_delay = seconds(10);
  connect(a, c);
  establish();
  now += seconds(10);
  a.take(a.engine->on_time(now));
  //   HDR, SK {}   -->
  //                 <--  HDR, SK {}
  ASSERT_EQ(a.outbox.size(), 1u);
  settle();
  EXPECT_EQ(a.engine->next_deadline(), now + seconds(10));
  pass(seconds(100));
  EXPECT_EQ(a.count<IkeFailed>(), 0u);
  expect_tidy();
}

TEST_F(Inform, ADeadPeerIsGivenUpAndStartedAgain) {
  Connection c = connection(a, b);
  c.dpd_delay = seconds(10);
  c.children[0].restart = true;
  connect(a, c);
  establish();
  for (const Time end = now + seconds(120); now < end; now += milliseconds(500)) {  // the line is cut
    run_timers();
    a.outbox.clear();
  }
  ASSERT_GE(a.count<IkeFailed>(), 1u);
  EXPECT_EQ(a.all<IkeFailed>()[0].reason.code, Errc::kTimeout);
  EXPECT_TRUE(a.children.empty());
  pass(seconds(200));  // and comes back
  expect_traffic();
  expect_tidy();
}

// RFC 7296 2.4: life is shown by fresh messages; what anybody may have recorded is none.
TEST_F(Inform, AnOldRequestIsNoSignOfLife) {
  Connection c = connection(a, b);
  c.dpd_delay = seconds(10);
  connect(a, c);
  establish();
  std::vector<Flight> old;
  for (int i = 0; i < 2; ++i) {  // the last, and one before it
    b.take(b.engine->rekey(b.current.at("net"), now));
    old.push_back(b.outbox.front());
    settle();
  }
  for (int i = 0; i < 200; ++i) {
    now += seconds(5);
    for (const Flight& flight : old) a.take(a.engine->on_datagram(flight.to, flight.from, flight.bytes, now));
    run_timers();
    a.outbox.clear();
    b.outbox.clear();
  }
  EXPECT_EQ(a.count<IkeFailed>(), 1u);
}

TEST_F(Inform, AChildThatIsToStayUpComesBackWhenThePeerDeletesIt) {
  Connection c = connection(a, b);
  c.children[0].restart = true;
  connect(a, c);
  establish();
  b.take(b.engine->terminate(b.current.at("net"), now));
  settle();
  expect_tidy(0);
  pass(seconds(10));
  expect_traffic();
  // But not when we wanted it down.
  a.take(a.engine->terminate(a.current.at("net"), now));
  pass(seconds(60));
  expect_tidy(0);
}

// Two children, which stay up by the will of one side.
class StayUp : public Inform {
 protected:
  void both_stay_up(const Peer& by) {
    reword([&](Connection& c) {
      const bool left = c.local == a.address;
      c.children[0].restart = c.local == by.address;
      ChildConfig voice = c.children[0];
      voice.name = "voice";
      voice.local_ts = selectors({left ? "10.1.9.0/24" : "10.2.9.0/24"});
      voice.remote_ts = selectors({left ? "10.2.9.0/24" : "10.1.9.0/24"});
      c.children.push_back(voice);
    });
  }
  // What b says is held back, and given later.
  Flight hold_back() {
    Flight flight = std::move(b.outbox.front());
    b.outbox.clear();
    return flight;
  }
  void give(const Flight& flight) { a.take(a.engine->on_datagram(flight.to, flight.from, flight.bytes, now)); }
};

// RFC 7296 2.4: INITIAL_CONTACT
TEST_F(StayUp, AllChildrenComeBackWhenThePeerStartsAnewAndBeginsOne) {
  both_stay_up(b);
  for (const char* name : {"net", "voice"}) b.take(b.engine->initiate("lab", name, now));
  settle();
  expect_tidy(2);
  a.children.clear();
  a.current.clear();
  a.spis.taken.clear();
  a.restart();
  both_stay_up(b);
  a.take(a.engine->initiate("lab", "net", now));
  pass(seconds(20));
  expect_traffic("net");
  expect_traffic("voice");
  expect_tidy(2);
}

TEST_F(StayUp, AChildComesBackThatThePeerDeletesWhileWeRekeyIt) {
  for (const seconds answer_takes : {seconds(0), seconds(10)}) {  // less and more than a restart waits
    both_stay_up(a);
    establish();
    b.take(b.engine->terminate(b.current.at("net"), now));
    const Flight del = hold_back();
    a.take(a.engine->rekey(a.current.at("net"), now));
    deliver(a);  // refused: the peer is deleting it
    const Flight refusal = hold_back();
    give(del);
    deliver(a);
    now += answer_takes;
    run_timers();
    a.outbox.clear();
    give(refusal);
    EXPECT_EQ(a.count<ChildFailed>(), 1u);
    expect_tidy(0);
    pass(seconds(20));
    expect_traffic();
    expect_tidy();
    for (Peer* peer : {&a, &b}) {
      peer->take(peer->engine->terminate_all(now));
      settle();
      peer->log.clear();
    }
  }
}

TEST_F(StayUp, AChildThatBothEndWhileItIsRekeyedStaysDown) {
  both_stay_up(a);
  establish();
  b.take(b.engine->terminate(b.current.at("net"), now));
  const Flight del = hold_back();
  a.take(a.engine->rekey(a.current.at("net"), now));
  a.take(a.engine->terminate(a.current.at("net"), now));
  deliver(a);
  const Flight refusal = hold_back();
  give(del);
  give(refusal);
  pass(seconds(60));
  EXPECT_EQ(a.count<ChildFailed>(), 0u);
  expect_tidy(0);
}

TEST_F(StayUp, AChildThatBothEndHasNoSuccessorEither) {
  both_stay_up(a);
  establish();
  a.take(a.engine->rekey(a.current.at("net"), now));
  a.take(a.engine->terminate(a.current.at("net"), now));
  deliver(a);
  const Flight answer = hold_back();
  b.take(b.engine->terminate(b.current.at("net"), now));
  give(hold_back());
  give(answer);
  pass(seconds(60));
  expect_tidy(0);
}

TEST_F(StayUp, AChildComesThatWaitedForItsTurnWhenThePeerDeletedTheIkeSa) {
  both_stay_up(a);
  establish();
  b.take(b.engine->terminate(only(b).ike, now));
  const Flight del = hold_back();
  a.take(a.engine->initiate("lab", "voice", now));
  settle();  // TEMPORARY_FAILURE: it waits
  give(del);
  EXPECT_EQ(a.count<ChildFailed>(), 1u);
  pass(seconds(60));
  expect_traffic("net");
  expect_traffic("voice");
}

TEST_F(StayUp, NothingComesBackOfAnIkeSaThatWeEndHoweverItGoes) {
  both_stay_up(a);
  establish();
  a.take(a.engine->initiate("lab", "voice", now));
  a.take(a.engine->terminate(only(a).ike, now));  // waits for its turn
  b.take(b.engine->terminate(only(b).ike, now));
  give(hold_back());
  a.outbox.clear();
  pass(seconds(600));
  EXPECT_EQ(a.count<IkeEstablished>(), 1u);
  EXPECT_TRUE(a.engine->idle());
}

TEST_F(StayUp, WhatIsBegunWhileTheIkeSaWaitsToBeDeletedMakesANewOne) {
  both_stay_up(a);
  establish();
  a.take(a.engine->rekey(a.current.at("net"), now));
  a.take(a.engine->terminate(only(a).ike, now));  // waits for its turn
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(a.count<IkeEstablished>(), 2u);
  expect_traffic();
  pass(seconds(60));
  expect_tidy();
}

TEST_F(Inform, SendsARequestAgainWithGrowingPausesAndThenGivesUp) {
  a.take(a.engine->initiate("lab", "net", now));
  const Buffer request = a.outbox.front().bytes;
  a.outbox.clear();
  std::vector<milliseconds> pauses;
  while (a.count<IkeFailed>() == 0) {
    const Time due = a.engine->next_deadline().value();
    pauses.push_back(std::chrono::duration_cast<milliseconds>(due - now));
    now = due;
    a.take(a.engine->on_time(now));
    for (const auto& flight : a.outbox) EXPECT_EQ(flight.bytes, request);
    a.outbox.clear();
  }
  ASSERT_EQ(pauses.size(), a.settings.retransmit_tries);
  for (std::size_t i = 1; i < pauses.size(); ++i) {
    EXPECT_EQ(pauses[i].count(), static_cast<std::int64_t>(static_cast<double>(pauses[i - 1].count()) * 1.8));
  }
  EXPECT_EQ(a.all<IkeFailed>()[0].reason.code, Errc::kTimeout);
  EXPECT_TRUE(a.engine->idle());
}

TEST_F(Inform, ARepeatedRequestGetsTheSameResponseAndChangesNothing) {
  establish();
  a.take(a.engine->rekey(a.current.at("net"), now));
  const Flight request = a.outbox.front();
  deliver(a);
  ASSERT_EQ(b.outbox.size(), 1u);
  const Buffer response = b.outbox.front().bytes;
  const std::size_t children = b.children.size();
  for (int i = 0; i < 3; ++i) b.take(b.engine->on_datagram(request.to, request.from, request.bytes, now));
  EXPECT_EQ(b.children.size(), children);
  EXPECT_EQ(b.engine->counters().replayed, 3u);
  for (const auto& flight : b.outbox) EXPECT_EQ(flight.bytes, response);
  settle();
  // Once the window has moved on, the old request is not even answered.
  b.take(b.engine->on_datagram(request.to, request.from, request.bytes, now));
  EXPECT_TRUE(b.outbox.empty());
  pass(seconds(5));
  expect_traffic();
  expect_tidy();
}

TEST_F(Inform, ARepeatedInitRequestMakesOneIkeSa) {
  a.take(a.engine->initiate("lab", "net", now));
  const Flight request = a.outbox.front();
  for (int i = 0; i < 3; ++i) b.take(b.engine->on_datagram(request.to, request.from, request.bytes, now));
  EXPECT_EQ(b.engine->status(now).size(), 1u);
  ASSERT_EQ(b.outbox.size(), 3u);
  EXPECT_EQ(b.outbox[0].bytes, b.outbox[2].bytes);
  settle();
  expect_traffic();
}

TEST_F(Inform, EverythingComesThroughABadWire) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 chance(seed);
  for (Peer* peer : {&a, &b}) {
    peer->settings.retransmit_base = milliseconds(500);
    peer->settings.retransmit_factor = 1.2;
    peer->settings.retransmit_tries = 30;
    peer->settings.half_open_timeout = seconds(300);
    peer->restart();
    Connection c = connection(*peer, other(*peer));
    c.lifetime = {seconds(150), seconds(0), seconds(40)};
    c.children[0].lifetime = {seconds(50), seconds(0), seconds(20)};
    c.dpd_delay = seconds(20);
    connect(*peer, c);
  }
  a.take(a.engine->initiate("lab", "net", now));
  pass_badly(seconds(1200), chance, 25);
  pass_badly(seconds(100), chance, 0);
  EXPECT_EQ(a.count<IkeFailed>() + b.count<IkeFailed>(), 0u);
  EXPECT_GT(a.count<ChildRekeyed>(), 10u);
  EXPECT_GT(a.count<IkeRekeyed>(), 2u);
  expect_traffic();
  EXPECT_LE(a.children.size(), 3u);
  EXPECT_GT(a.engine->counters().retransmitted, 0u);
  a.take(a.engine->terminate_all(now));
  settle();
  expect_tidy(0);
}

}  // namespace
}  // namespace sallyport::ike::test
