// SPDX-License-Identifier: Apache-2.0
// Children made of a template: several with equal selectors, each with a name of its own.
#include "host/ike/test_wire.hpp"

namespace sallyport::ike {
namespace {

using namespace test;

class PerUser : public Wire {
 protected:
  // a's child is a template; b, who knows no users, has one child for all of them.
  void SetUp() override { connect(a, with_template()); }
  Connection with_template() const {
    Connection c = connection(a, b);
    c.children[0].per_user = true;
    return c;
  }
  void bring_up(const std::string& child) {
    a.take(a.engine->initiate("lab", child, now));
    settle();
    ASSERT_TRUE(a.current.contains(child));
  }
  // The names of a's children that are on its card.
  std::multiset<std::string> names() const {
    std::multiset<std::string> out;
    for (const auto& [handle, child] : a.children) out.insert(child.words.name);
    return out;
  }
  using Names = std::multiset<std::string>;
};

TEST_F(PerUser, ChildrenWithEqualSelectorsStandBesideEachOther) {
  bring_up("net@alice");
  bring_up("net@bob");
  EXPECT_EQ(names(), (Names{"net@alice", "net@bob"}));
  EXPECT_EQ(a.sending("net@alice").local_ts, a.sending("net@bob").local_ts);
  EXPECT_FALSE(a.sending("net@alice").out.encryption == a.sending("net@bob").out.encryption);
  EXPECT_EQ(a.engine->initiate("lab", "net@bob", now).error().code, Errc::kExists);
  EXPECT_EQ(a.engine->initiate("lab", "other@bob", now).error().code, Errc::kNotFound);
  expect_tidy(2);
  // What the peer sends by its newest is received.
  EXPECT_TRUE(a.receives(b.sending().spi_out));
}

TEST_F(PerUser, OnlyATemplateMakesOthersOfItsName) {
  Connection c = connection(a, b);
  connect(a, c);
  EXPECT_EQ(a.engine->initiate("lab", "net@alice", now).error().code, Errc::kNotFound);
}

TEST_F(PerUser, EitherSideRekeysOneAndTheOtherStays) {
  bring_up("net@alice");
  bring_up("net@bob");
  const Spi of_alice = a.sending("net@alice").spi_in;
  const Spi of_bob = a.sending("net@bob").spi_in;
  a.take(a.engine->rekey(a.current.at("net@alice"), now));
  pass(seconds(10));
  EXPECT_NE(a.sending("net@alice").spi_in, of_alice);
  EXPECT_EQ(a.sending("net@bob").spi_in, of_bob);
  for (const auto& [handle, child] : std::map(b.children)) {
    if (child.words.sa.spi_out == of_bob) b.take(b.engine->rekey(handle, now));
  }
  pass(seconds(10));
  EXPECT_NE(a.sending("net@bob").spi_in, of_bob);
  EXPECT_EQ(names(), (Names{"net@alice", "net@bob"}));
  expect_tidy(2);
}

TEST_F(PerUser, OneIsDeletedAndMadeAgainWhileItsEndIsOnItsWay) {
  bring_up("net@alice");
  bring_up("net@bob");
  const Spi first = a.sending("net@alice").spi_in;
  a.take(a.engine->rekey(a.current.at("net@bob"), now));  // the window is taken
  a.take(a.engine->terminate(a.current.at("net@alice"), now));
  a.take(a.engine->initiate("lab", "net@alice", now));
  pass(seconds(10));
  EXPECT_EQ(names(), (Names{"net@alice", "net@bob"}));
  EXPECT_NE(a.sending("net@alice").spi_in, first);
  expect_tidy(2);
}

TEST_F(PerUser, WhatNobodyWantsAnyMoreIsNotBegun) {
  bring_up("net@alice");
  a.take(a.engine->rekey(a.current.at("net@alice"), now));
  a.take(a.engine->initiate("lab", "net@bob", now));
  a.engine->forget("lab", "net@bob");
  pass(seconds(10));
  EXPECT_EQ(names(), (Names{"net@alice"}));
}

TEST_F(PerUser, TheChildThatAnIkeSaIsMadeWithComesAllTheSame) {
  a.take(a.engine->initiate("lab", "net@alice", now));
  a.take(a.engine->initiate("lab", "net@bob", now));
  for (const char* child : {"net@alice", "net@bob"}) a.engine->forget("lab", child);
  settle();
  EXPECT_EQ(names(), (Names{"net@alice"}));
}

TEST_F(PerUser, OneThatIsToStayUpComesAgainUntilItIsForgotten) {
  Connection c = with_template();
  c.children[0].restart = true;
  connect(a, c);
  bring_up("net@alice");
  bring_up("net@bob");
  for (const auto& [handle, child] : std::map(b.children)) b.take(b.engine->terminate(handle, now));
  settle();
  EXPECT_TRUE(a.children.empty());
  a.engine->forget("lab", "net@bob");
  pass(seconds(60));
  EXPECT_EQ(names(), (Names{"net@alice"}));
}

// The peer cannot name a user, so what it asks for is nobody's, and by the template's words.
TEST_F(PerUser, APeerThatBeginsGetsAChildOfTheTemplatesName) {
  b.take(b.engine->initiate("lab", "net", now));
  settle();
  EXPECT_EQ(names(), (Names{"net"}));
  bring_up("net@alice");
  expect_tidy(2);
}

TEST_F(PerUser, ARestartKeepsWhoseTheyAre) {
  bring_up("net@alice");
  bring_up("net@bob");
  const Secret snapshot = a.engine->snapshot(now);
  a.restart();
  connect(a, with_template());
  a.take(a.engine->restore(snapshot.reveal(), seconds(1), now));
  settle();
  std::multiset<std::string> known;
  for (const auto& child : only(a).children) known.insert(child.name);
  EXPECT_EQ(known, (Names{"net@alice", "net@bob"}));
  a.take(a.engine->rekey(a.current.at("net@bob"), now));
  pass(seconds(10));
  EXPECT_EQ(names(), (Names{"net@alice", "net@bob"}));
}

}  // namespace
}  // namespace sallyport::ike
