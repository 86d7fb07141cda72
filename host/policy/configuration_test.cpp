// SPDX-License-Identifier: Apache-2.0
#include "host/policy/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sallyport::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Policy named(const std::string& name, const std::string& destination = "any") {
  Policy p;
  p.name = name;
  set_word(p, "destination", destination).value();
  set_word(p, "action", "bypass").value();
  return p;
}

Policies of(const std::string& names) {
  Policies out;
  for (const char c : names) out.push_back(named(std::string(1, c)));
  return out;
}

std::string names_of(const Policies& policies) {
  std::string out;
  for (const auto& p : policies) out += p.name;
  return out;
}

std::string changed_from(const Policies& before, const Policies& after) {
  return summary({before, {}, {}}, {after, {}, {}});
}

Result<Policies> rebase(const Policies& base, const Policies& mine, const Policies& theirs) {
  const auto done = rebase(Configuration{base, {}, {}}, Configuration{mine, {}, {}}, Configuration{theirs, {}, {}});
  return done ? Result<Policies>(done->policies) : done.error();
}

Proposals proposals(std::string_view text) { return parse_proposals(Protocol::kEsp, text).value(); }

// Level middle stands for `middle`, and high for `high`.
Configuration with_levels(const std::string& middle, const std::string& high = "aes256gcm16") {
  Configuration c;
  for (const char* level : {"middle", "high", "none"}) {
    Policy p = named(level);
    set_word(p, "action", "protect").value();
    set_word(p, "connection", "peer").value();
    set_word(p, "level", level).value();
    c.policies.push_back(p);
  }
  c.levels.set(Level::kMiddle, proposals(middle)).value();
  c.levels.set(Level::kHigh, proposals(high)).value();
  return c;
}

TEST(Configuration, IsEditedByNameAndAnEditThatFailsLeavesItAsItWas) {
  Policies p = of("ac");
  insert_policy(p, named("b"), "c").value();
  insert_policy(p, named("d"), "").value();
  EXPECT_EQ(names_of(p), "abcd");
  move_policy(p, "d", "a").value();
  move_policy(p, "a", "").value();
  EXPECT_EQ(names_of(p), "dbca");
  replace_policy(p, named("b", "10.2.0.77")).value();
  erase_policy(p, "c").value();
  EXPECT_EQ(names_of(p), "dba");
  EXPECT_EQ(get_word(*find_policy(p, "b"), "destination"), "10.2.0.77");
  EXPECT_EQ(insert_policy(p, named("a"), "").error().code, Errc::kExists);
  for (const auto& failed : {insert_policy(p, named("x"), "y"), replace_policy(p, named("x")), erase_policy(p, "x"),
                             move_policy(p, "x", ""), move_policy(p, "a", "x")}) {
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::kNotFound);
  }
  EXPECT_EQ(names_of(p), "dba");
}

TEST(Configuration, TellsWhatIsDifferentWordByWord) {
  Policies after = of("acb");
  replace_policy(after, named("c", "10.2.0.77")).value();
  insert_policy(after, named("n"), "a").value();
  const auto all = differences(of("abcd"), after);
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(changed_from(of("abcd"), after), "n added, c changed, b moved, d removed");
  const auto& c = all[2];
  ASSERT_EQ(c.words.size(), 1U);
  EXPECT_EQ(c.words[0].word, "destination");
  EXPECT_EQ(c.words[0].before, "");
  EXPECT_EQ(c.words[0].after, "10.2.0.77");
  EXPECT_EQ(changed_from(after, after), "nothing changed");
}

TEST(Configuration, OnePolicyThatWasMovedIsTheOnlyOneMoved) {
  EXPECT_EQ(changed_from(of("abcdef"), of("fabcde")), "f moved");
  EXPECT_EQ(changed_from(of("abcdef"), of("bcdefa")), "a moved");
}

TEST(Configuration, WhatTwoDidToDifferentPoliciesIsDoneTogether) {
  Policies mine = of("nabc");
  replace_policy(mine, named("b", "10.2.0.1")).value();
  Policies theirs = of("abcx");
  erase_policy(theirs, "a").value();
  const auto both = rebase(of("abc"), mine, theirs);
  ASSERT_TRUE(both) << both.error().detail;
  EXPECT_EQ(names_of(*both), "nbcx");
  EXPECT_EQ(get_word(*find_policy(*both, "b"), "destination"), "10.2.0.1");
}

TEST(Configuration, WhatTwoDidToOnePolicyIsNotChosenBetween) {
  Policies mine = of("abc");
  replace_policy(mine, named("b", "10.2.0.1")).value();
  Policies theirs = of("abc");
  replace_policy(theirs, named("b", "10.2.0.2")).value();
  EXPECT_THAT(rebase(of("abc"), mine, theirs).error().detail, HasSubstr("'b'"));
  EXPECT_FALSE(rebase(of("abc"), mine, of("ac")));
  EXPECT_FALSE(rebase(of("abc"), of("ac"), theirs));
  EXPECT_TRUE(rebase(of("abc"), mine, mine)) << "the same";
}

TEST(Configuration, ALevelThatStandsForSomethingElseChangesThePoliciesThatHaveItAndNoOther) {
  const Configuration before = with_levels("aes128gcm16");
  const Configuration after = with_levels("aes256gcm16, aes128gcm16");
  const auto all = differences(in_full(before), in_full(after));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].change, Change::kChanged);
  ASSERT_EQ(all[0].words.size(), 1U);
  EXPECT_EQ(all[0].words[0].word, "esp_proposals");
  EXPECT_EQ(all[0].words[0].before, "aes128gcm16");
  EXPECT_EQ(all[0].words[0].after, "aes256gcm16, aes128gcm16");
  EXPECT_EQ(all[1].change, Change::kUnchanged);
  EXPECT_EQ(all[2].change, Change::kUnchanged);

  EXPECT_FALSE(same(before, after));
  EXPECT_EQ(summary(before, after), "level middle changed");
  const auto levels = differences(before.levels, after.levels);
  ASSERT_EQ(levels.size(), 1U);
  EXPECT_EQ(levels[0].level, Level::kMiddle);
  EXPECT_EQ(levels[0].before, proposals("aes128gcm16"));
  EXPECT_EQ(levels[0].after, proposals("aes256gcm16, aes128gcm16"));
  EXPECT_TRUE(same(before, before));
  EXPECT_EQ(summary(before, before), "nothing changed");
}

TEST(Configuration, WhatTwoDidToDifferentLevelsIsDoneTogetherAndToOneIsNotChosenBetween) {
  const Configuration base = with_levels("aes128gcm16");
  const Configuration mine = with_levels("aes256gcm16");
  const auto both = rebase(base, mine, with_levels("aes128gcm16", "aes256gcm16-ecp384"));
  ASSERT_TRUE(both) << both.error().detail;
  EXPECT_EQ(both->levels, with_levels("aes256gcm16", "aes256gcm16-ecp384").levels);
  EXPECT_EQ(rebase(base, mine, mine)->levels, mine.levels) << "the same";
  const auto disputed = rebase(base, mine, with_levels("aes192gcm16"));
  ASSERT_FALSE(disputed);
  EXPECT_EQ(disputed.error().code, Errc::kExists);
  EXPECT_THAT(disputed.error().detail, HasSubstr("level 'middle'"));
}

Expectation expects(const std::string& name, const char* to) {
  Expectation e;
  e.name = name;
  set_word(e, "to", to).value();
  set_word(e, "action", "protect").value();
  return e;
}

TEST(Configuration, ExpectationsAreEditedComparedAndRebasedByName) {
  Configuration base;
  for (const char* name : {"a", "b", "c"}) add_expectation(base.expectations, expects(name, "10.2.0.1")).value();
  EXPECT_EQ(add_expectation(base.expectations, expects("b", "10.2.0.2")).error().code, Errc::kExists);
  EXPECT_EQ(erase_expectation(base.expectations, "x").error().code, Errc::kNotFound);
  ASSERT_EQ(base.expectations.size(), 3U);

  Configuration mine = base;
  erase_expectation(mine.expectations, "a").value();
  mine.expectations.at(0) = expects("b", "10.2.0.2");
  add_expectation(mine.expectations, expects("d", "10.2.0.1")).value();
  EXPECT_EQ(summary(base, mine), "expectation b changed, expectation d added, expectation a removed");
  EXPECT_FALSE(same(base, mine));
  EXPECT_EQ(differences(base.expectations, mine.expectations).at(0).words.at(0).word, "to");

  Configuration theirs = base;
  theirs.expectations.at(2) = expects("c", "10.2.0.3");
  const auto both = rebase(base, mine, theirs);
  ASSERT_TRUE(both) << both.error().detail;
  EXPECT_EQ(summary(base, *both),
            "expectation c changed, expectation b changed, expectation d added, expectation a removed");
  theirs.expectations.at(1) = expects("b", "10.2.0.4");
  EXPECT_THAT(rebase(base, mine, theirs).error().detail, HasSubstr("expectation 'b'"));
}

// Nobody else did anything: then a rebase is what one did oneself.
TEST(Configuration, RebasedOnItsOwnBaseItIsItself) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string names = "abcdefgh";
    std::shuffle(names.begin(), names.end(), random);
    const Policies base = of(names.substr(0, random() % 8));
    std::shuffle(names.begin(), names.end(), random);
    Policies mine = of(names.substr(0, random() % 8));
    for (auto& p : mine) {
      if (random() % 3 == 0) p = named(p.name, "10.2.0." + std::to_string(random() % 3));
    }
    const auto done = rebase(base, mine, base);
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(changed_from(mine, *done), "nothing changed") << names_of(base) << " to " << names_of(mine);
  }
}

}  // namespace
}  // namespace sallyport::policy
