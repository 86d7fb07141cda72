// SPDX-License-Identifier: Apache-2.0
// A rekeying in two steps (Engine::prepare, Engine::take_over): the new CHILD SA is negotiated and waits.
#include "host/ike/test_wire.hpp"

namespace sallyport::ike::test {
namespace {

class Prepare : public Wire {
 protected:
  void prepare() {
    a.take(a.engine->prepare(a.current.at("net"), now));
    settle();
    ASSERT_EQ(a.count<ChildPrepared>(), 1u);
    prepared_ = a.all<ChildPrepared>().back().new_child;
  }
  // A pair of children on each side, of which the old one carries both ways.
  void expect_old_in_use(Spi out_a, Spi out_b) {
    EXPECT_EQ(a.sending().spi_out, out_a);
    EXPECT_EQ(b.sending().spi_out, out_b);
    expect_traffic();
  }

  ChildHandle prepared_{};
};

TEST_F(Prepare, BothSidesGoOnUnderTheOldChildUntilTheNewOneTakesOver) {
  establish();
  const Spi out_a = a.sending().spi_out, out_b = b.sending().spi_out;
  reword([](Connection& c) { c.children[0].proposals = Levels().esp_proposals(Level::kHigh); });
  prepare();
  EXPECT_EQ(a.children.size(), 2u);
  EXPECT_EQ(b.children.size(), 2u);
  expect_old_in_use(out_a, out_b);
  pass(seconds(3000));
  expect_old_in_use(out_a, out_b);
  const auto again = a.engine->prepare(a.current.at("net"), now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kExists);

  a.take(a.engine->take_over(prepared_, now));
  EXPECT_EQ(a.sending().key_bits, 256u);
  EXPECT_TRUE(b.receives(a.sending().spi_out)) << "before anything is delivered";
  settle();
  EXPECT_EQ(b.sending().key_bits, 256u);
  expect_traffic();
  EXPECT_EQ(a.children.size(), 2u);  // for the packets still on the wire
  pass(a.settings.drain);
  expect_tidy();
  EXPECT_FALSE(a.engine->take_over(prepared_, now));
}

TEST_F(Prepare, WhoThinksBetterOfItHasTheOldChildAsItWas) {
  establish();
  const Spi out_a = a.sending().spi_out, out_b = b.sending().spi_out;
  prepare();
  a.take(a.engine->terminate(prepared_, now));
  settle();
  expect_tidy();
  expect_old_in_use(out_a, out_b);
  // It can be renewed from either side, and prepared again.
  b.take(b.engine->rekey(b.current.at("net"), now));
  settle();
  EXPECT_NE(a.sending().spi_out, out_a);
  pass(a.settings.drain);
  a.log.clear();
  prepare();
  a.take(a.engine->take_over(prepared_, now));
  pass(a.settings.drain);
  expect_tidy();
  expect_traffic();
}

TEST_F(Prepare, APeerThatDeletesItHasTheOldChildAsItWas) {
  Connection c = connection(b, a);
  c.children[0].lifetime = {seconds(60), seconds(90), seconds(0)};
  connect(b, c);
  establish();
  const Spi out_a = a.sending().spi_out, out_b = b.sending().spi_out;
  for (unsigned times = 1; times <= 2; ++times) {  // it can be prepared again
    a.take(a.engine->prepare(a.current.at("net"), now));
    settle();
    ASSERT_EQ(a.count<ChildPrepared>(), times);
    b.take(b.engine->terminate(b.children.rbegin()->first, now));
    pass(seconds(20));  // nothing is begun in the place of what was never in use
    expect_tidy();
    expect_old_in_use(out_a, out_b);
  }
  pass(seconds(20));
  EXPECT_NE(a.sending().spi_out, out_a) << "renewed by the other side in its time";
  pass(a.settings.drain);
  expect_tidy();
  expect_traffic();
}

TEST_F(Prepare, IsRefusedByAPeerWithOtherProposalsAndTheOldChildStays) {
  establish();
  Connection c = connection(b, a);
  c.children[0].proposals = Levels().esp_proposals(Level::kHigh);
  connect(b, c);
  a.take(a.engine->prepare(a.current.at("net"), now));
  settle();
  EXPECT_EQ(a.count<ChildPrepared>(), 0u);
  ASSERT_EQ(a.count<ChildFailed>(), 1u);
  expect_tidy();
  expect_traffic();
}

// No key outlives its time for the sake of what is prepared.
TEST_F(Prepare, TakesOverByItselfWhenTheOldChildWouldHaveToBeRekeyed) {
  reword([](Connection& c) { c.children[0].lifetime = {seconds(60), seconds(90), seconds(0)}; });
  establish();
  const Spi out_a = a.sending().spi_out;
  prepare();
  pass(seconds(59));
  EXPECT_EQ(a.sending().spi_out, out_a);
  pass(seconds(1));
  EXPECT_NE(a.sending().spi_out, out_a);
  EXPECT_EQ(a.all<ChildRekeyed>().front().new_child, prepared_);
  pass(seconds(600));
  expect_traffic();
  EXPECT_EQ(a.count<ChildFailed>() + b.count<ChildFailed>(), 0u);
}

// An administrator, or a card whose soft limit is reached, cannot wait for what the next change waits for.
TEST_F(Prepare, TakesOverWhereTheOldChildIsToBeRekeyed) {
  establish();
  prepare();
  a.take(a.engine->rekey(a.current.at("net"), now));
  settle();
  ASSERT_EQ(a.count<ChildRekeyed>(), 1u);
  EXPECT_EQ(a.all<ChildRekeyed>().front().new_child, prepared_);
  EXPECT_EQ(a.current.at("net"), prepared_);
  pass(a.settings.drain);
  expect_tidy();
  expect_traffic();
}

TEST_F(Prepare, TakesOverWhereTheOldChildIsToBeRekeyedBeforeItIsThere) {
  establish();
  a.take(a.engine->prepare(a.current.at("net"), now));
  a.take(a.engine->rekey(a.current.at("net"), now));
  settle();
  ASSERT_EQ(a.count<ChildPrepared>(), 1u);
  EXPECT_EQ(a.current.at("net"), a.all<ChildPrepared>().front().new_child);
  pass(a.settings.drain);
  expect_tidy();
  expect_traffic();
}

TEST_F(Prepare, WaitsOnAfterARestart) {
  establish();
  const Spi out_a = a.sending().spi_out, out_b = b.sending().spi_out;
  prepare();
  const Secret snapshot = a.engine->snapshot(now);
  a.restart();
  connect(a, connection(a, b));
  a.take(a.engine->restore(snapshot.reveal(), seconds(1), now));
  settle();
  expect_old_in_use(out_a, out_b);
  const auto children = only(a).children;
  const auto waiting = std::ranges::find(children, std::optional(a.current.at("net")), &ChildStatus::prepared_for);
  ASSERT_NE(waiting, children.end());
  EXPECT_EQ(waiting->child, prepared_);
  a.take(a.engine->take_over(prepared_, now));
  pass(a.settings.drain);
  expect_tidy();
  expect_traffic();
}

}  // namespace
}  // namespace sallyport::ike::test
