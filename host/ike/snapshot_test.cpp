// SPDX-License-Identifier: Apache-2.0
// A daemon that is killed goes on with the SAs it had, from the last snapshot it stored.
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

class Snapshot : public Wire {
 protected:
  void SetUp() override { establish(); }

  // a dies and comes back with what it stored; its card went on by itself.
  void crash(const Secret& stored, seconds away = seconds(0)) {
    a.outbox.clear();
    now += away;
    a.spis.taken.clear();  // the new process knows the rows that the card holds
    for (const auto& [handle, child] : a.children) a.spis.taken.insert(child.words.sa.spi_in);
    a.restart();
    connect(a, connection(a, b));
    a.take(a.engine->restore(stored.reveal(), away, now));
  }
};

TEST_F(Snapshot, GoesOnAsIfNothingHadHappened) {
  const IkeStatus before = only(a);
  crash(a.engine->snapshot(now), seconds(100));
  const IkeStatus after = only(a);
  EXPECT_EQ(after.ike, before.ike);
  EXPECT_EQ(after.spi_i, before.spi_i);
  EXPECT_EQ(after.age, before.age + seconds(100));
  ASSERT_EQ(after.children.size(), 1u);
  EXPECT_EQ(after.children[0].child, before.children[0].child);
  EXPECT_EQ(after.children[0].spi_in, before.children[0].spi_in);
  EXPECT_EQ(after.children[0].local_ts, before.children[0].local_ts);
  EXPECT_EQ(after.children[0].negotiated_by, before.children[0].negotiated_by);
  EXPECT_EQ(after.children[0].negotiated_by, *connection(a, b).find_child("net"));
  ASSERT_EQ(a.outbox.size(), 1u);  // it asks whether the peer is still there
  settle();
  a.take(a.engine->rekey(a.current.at("net"), now));
  settle();
  b.take(b.engine->rekey(only(b).ike, now));
  pass(seconds(10));
  expect_traffic();
  expect_tidy();
  EXPECT_EQ(b.count<IkeFailed>() + b.count<IkeDeleted>(), 0u);
}

TEST_F(Snapshot, ReallyStandsForTheState) {
  const Secret first = a.engine->snapshot(now);
  const std::uint64_t revision = a.engine->revision();
  a.take(a.engine->on_time(now));
  EXPECT_EQ(a.engine->revision(), revision);
  EXPECT_TRUE(a.engine->snapshot(now) == first);
  a.take(a.engine->rekey(a.current.at("net"), now));
  EXPECT_GT(a.engine->revision(), revision);
  EXPECT_FALSE(a.engine->snapshot(now) == first);
}

TEST_F(Snapshot, ARequestUnderWayIsFinishedAndItsChildGivenBack) {
  const Spi child = a.sending().spi_in;
  a.take(a.engine->rekey(a.current.at("net"), now));
  const Secret stored = a.engine->snapshot(now);
  deliver(a);
  b.outbox.clear();  // the response comes while nobody is there
  crash(stored);
  pass(seconds(20));
  // The peer's half of the child that we could not know the keys of is gone again, and the rekeying was done anew.
  expect_traffic();
  expect_tidy();
  EXPECT_NE(a.sending().spi_in, child);
}

TEST_F(Snapshot, TheChildOfALostRequestIsGivenBackBeforeAnythingElse) {
  const Spi child = a.sending().spi_in;
  a.take(a.engine->rekey(a.current.at("net"), now));
  const Secret stored = a.engine->snapshot(now);
  deliver(a);
  b.outbox.clear();
  crash(stored);
  a.take(a.engine->rekey(a.current.at("net"), now));
  pass(seconds(1));  // less than after a TEMPORARY_FAILURE
  EXPECT_NE(a.sending().spi_in, child);
  pass(seconds(20));
  expect_traffic();
  expect_tidy();
}

TEST_F(Snapshot, AChildThatWasToBeReplacedAndHasGoneIsAskedForAnew) {
  a.take(a.engine->rekey(a.current.at("net"), now));
  crash(a.engine->snapshot(now));  // it will be tried again in some seconds
  a.take(a.engine->terminate(a.current.at("net"), now));
  settle();
  ASSERT_TRUE(a.children.empty());
  a.take(a.engine->initiate("lab", "net", now));
  settle();
  expect_traffic();
  pass(seconds(20));
  expect_traffic();
  expect_tidy();
}

TEST_F(Snapshot, AChildWhoseDeleteWaitsForItsTurnIsDeleted) {
  a.take(a.engine->rekey(a.current.at("net"), now));
  const std::uint64_t revision = a.engine->revision();
  a.take(a.engine->terminate(a.current.at("net"), now));  // behind the rekeying
  EXPECT_GT(a.engine->revision(), revision) << "it is worth storing";
  crash(a.engine->snapshot(now));
  pass(seconds(20));
  EXPECT_TRUE(only(a).children.empty()) << "nor is it asked for anew";
  expect_tidy(0);
}

TEST_F(Snapshot, ARekeyingOfTheIkeSaUnderWayEndsItCleanly) {
  a.take(a.engine->rekey(only(a).ike, now));
  const Secret stored = a.engine->snapshot(now);
  deliver(a);
  b.outbox.clear();
  crash(stored);
  settle();
  EXPECT_EQ(a.all<IkeFailed>().at(0).reason.code, Errc::kDisconnected);
  EXPECT_TRUE(a.children.empty());
  EXPECT_TRUE(a.spis.taken.empty());
  a.take(a.engine->initiate("lab", "net", now));  // INITIAL_CONTACT clears the peer's side up
  settle();
  expect_traffic();
  pass(seconds(60));
  expect_tidy();
}

TEST_F(Snapshot, AnOldOneIsFoundOutAndTheSaGivenUp) {
  const Secret stored = a.engine->snapshot(now);
  Connection c = connection(a, b);
  c.dpd_delay = seconds(10);
  connect(a, c);
  pass(seconds(25));
  crash(stored);  // message IDs that the peer has seen, with other contents: it does not answer
  pass(seconds(300));
  ASSERT_EQ(a.count<IkeFailed>(), 1u);
  EXPECT_EQ(a.all<IkeFailed>()[0].reason.code, Errc::kTimeout);
  EXPECT_TRUE(a.children.empty());
}

TEST_F(Snapshot, LeavesOutWhatIsNoLongerConfigured) {
  const Secret stored = a.engine->snapshot(now);
  a.restart();
  a.take(a.engine->restore(stored.reveal(), seconds(0), now));
  EXPECT_TRUE(a.engine->idle());
  EXPECT_TRUE(a.children.empty());
}

TEST_F(Snapshot, IsRefusedWhenCutOrWhenThereAreSasAlready) {
  const Secret stored = a.engine->snapshot(now);
  EXPECT_EQ(a.engine->restore(stored.reveal(), seconds(0), now).error().code, Errc::kExists);
  for (std::size_t size = 0; size < stored.size(); ++size) {
    a.restart();
    connect(a, connection(a, b));
    EXPECT_EQ(a.engine->restore(stored.reveal().first(size), seconds(0), now).error().code, Errc::kCorrupt) << size;
    EXPECT_TRUE(a.engine->idle());
  }
}

TEST_F(Snapshot, SurvivesAnyBytes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 chance(seed);
  const Secret stored = a.engine->snapshot(now);
  a.spis.strict = false;
  for (int round = 0; round < 2000; ++round) {
    Buffer bytes(stored.reveal().begin(), stored.reveal().end());
    for (unsigned i = 0; i < 1 + chance() % 3; ++i)
      bytes[chance() % bytes.size()] = static_cast<std::uint8_t>(chance());
    a.restart();
    connect(a, connection(a, b));
    (void)a.engine->restore(bytes, seconds(0), now);
    (void)a.engine->status(now);
    (void)a.engine->next_deadline();
  }
}

}  // namespace
}  // namespace sallyport::ike::test
