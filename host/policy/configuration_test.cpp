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

std::string changed_from(const Policies& before, const Policies& after) { return summary(differences(before, after)); }

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
  EXPECT_EQ(summary(all), "n added, c changed, b moved, d removed");
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
