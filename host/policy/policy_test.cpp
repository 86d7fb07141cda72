// SPDX-License-Identifier: Apache-2.0
#include "host/policy/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/policy/configuration.hpp"

namespace sallyport::policy {
namespace {

using Words = std::initializer_list<std::pair<const char*, const char*>>;

Policy policy(Words words) {
  Policy p;
  for (const auto& [word, text] : words) set_word(p, word, text).value();
  validate(p).value();
  return p;
}

// Why these words contradict each other.
std::string why(Words words) {
  Policy p;
  for (const auto& [word, text] : words) set_word(p, word, text).value();
  const auto valid = validate(p);
  return valid ? std::string("fine") : valid.error().detail;
}

TEST(Policy, KeepsItsWordsThroughTextAndBack) {
  const Policy p = policy({{"name", "web"},
                           {"source", "10.1.0.7-10.1.0.9"},
                           {"destination", "10.2.0.0/16"},
                           {"protocol", "tcp"},
                           {"destination_port", "443"},
                           {"action", "protect"},
                           {"connection", "b"},
                           {"esp_proposals", "aes256gcm16"},
                           {"replay_window", "1024"},
                           {"when", "mon-fri 08:00-18:00"}});
  Policy again;
  for (const auto word : policy_words()) {
    if (const auto text = get_word(p, word); !text.empty()) set_word(again, word, text).value();
  }
  for (const auto word : policy_words()) EXPECT_EQ(get_word(again, word), get_word(p, word)) << word;
  EXPECT_EQ(get_word(again, "protocol"), "tcp");
  EXPECT_EQ(again.replay_window, 1024U);
  EXPECT_EQ(again.target(), "b/web");
  EXPECT_TRUE(again.owns_child());
}

TEST(Policy, SaysWhatContradictsItself) {
  EXPECT_EQ(why({{"name", "x"}, {"action", "protect"}}),
            "policy 'x' protects, so it needs either 'connection' or the manual SA 'sa'");
  EXPECT_EQ(why({{"name", "x"}, {"action", "protect"}, {"connection", "b"}}),
            "policy 'x' needs exactly one of 'child', 'level', 'esp_proposals' and 'ah_proposals' beside 'connection'");
  EXPECT_EQ(why({{"name", "x"}, {"action", "bypass"}, {"sa", "m"}}),
            "policy 'x' names an SA or a connection, which only the actions 'protect' and 'ask' use");
  for (const auto* elsewhere : {"sa", "child"}) {
    EXPECT_EQ(why({{"name", "x"}, {"action", "protect"}, {elsewhere, "m"}, {"replay_window", "64"}}),
              "policy 'x' has 'replay_window', which only 'level', 'esp_proposals' and 'ah_proposals' use");
  }
  EXPECT_EQ(why({{"action", "bypass"}}), "a policy needs 'name'");
}

TEST(Policy, HasEndsOfOneFamilyOrOfBoth) {
  EXPECT_EQ(why({{"name", "x"}, {"source", "10.1.0.0/16"}, {"destination", "2001:db8::/32"}, {"action", "bypass"}}),
            "policy 'x' has one end of IPv4 and one of IPv6, which no packet has");
  const Policy six = policy({{"name", "x"}, {"source", "2001:db8::/32"}, {"action", "bypass"}});
  EXPECT_EQ(get_word(six, "source"), "2001:db8::/32");
  EXPECT_EQ(get_word(six, "destination"), "");
  EXPECT_EQ(get_word(policy({{"name", "x"}, {"source", "0.0.0.0/0"}}), "source"), "0.0.0.0/0");
  // What a child of its own offers (RFC 7296 3.13.1): selectors of one family, and of no family that the other end
  // lacks.
  EXPECT_EQ(to_string(six.local_ts()), "2001:db8::/32");
  EXPECT_EQ(to_string(six.remote_ts()), "::/0");
  const Policy web = policy({{"name", "x"}, {"protocol", "tcp"}, {"destination_port", "443"}});
  EXPECT_EQ(to_string(web.local_ts()), "0.0.0.0/0[tcp], ::/0[tcp]");
  EXPECT_EQ(to_string(web.remote_ts()), "0.0.0.0/0[tcp/443], ::/0[tcp/443]");
}

TEST(Policy, ProposesEspOrAh) {
  const Policy ah =
      policy({{"name", "x"}, {"action", "protect"}, {"connection", "b"}, {"ah_proposals", "sha256-esn,sha1"}});
  EXPECT_EQ(get_word(ah, "ah_proposals"), "sha256-esn, sha1");
  EXPECT_TRUE(ah.owns_child());
  EXPECT_EQ(why({{"name", "x"},
                 {"action", "protect"},
                 {"connection", "b"},
                 {"esp_proposals", "aes128gcm16"},
                 {"ah_proposals", "sha256"}}),
            "policy 'x' needs exactly one of 'child', 'level', 'esp_proposals' and 'ah_proposals' beside 'connection'");
  EXPECT_EQ(why({{"name", "x"}, {"action", "protect"}, {"connection", "b"}, {"ah_proposals", "md5"}}),
            "policy 'x' " + legacy_sentence("ah_proposals", "md5"));
  Policy p;
  EXPECT_EQ(set_word(p, "ah_proposals", "aes128-sha1").error().detail,
            "proposal 'aes128-sha1' names a cipher, which AH has none of");
}

TEST(Policy, HasTransportModeBetweenTwoAddressesOnly) {
  const Policy p = policy({{"name", "x"},
                           {"source", "192.0.2.1"},
                           {"destination", "192.0.2.2"},
                           {"action", "protect"},
                           {"connection", "b"},
                           {"level", "high"},
                           {"mode", "transport"}});
  EXPECT_EQ(get_word(p, "mode"), "transport");
  EXPECT_EQ(
      why({{"name", "x"},
           {"source", "192.0.2.1"},
           {"action", "protect"},
           {"connection", "b"},
           {"level", "high"},
           {"mode", "transport"}}),
      "policy 'x' has mode 'transport', which is for packets between this gateway and its peer; write the address "
      "of the one as 'source' and of the other as 'destination'");
  EXPECT_EQ(why({{"name", "x"}, {"action", "protect"}, {"connection", "b"}, {"child", "c"}, {"mode", "transport"}}),
            "policy 'x' has 'mode', which only 'level', 'esp_proposals' and 'ah_proposals' use");
  Policy bad;
  EXPECT_EQ(set_word(bad, "mode", "beet").error().detail, "'beet' is none of the modes 'tunnel', 'transport'");
}

TEST(Policy, WithLevelNoneItIsABypassAndItsWordsWaitForAnotherLevel) {
  const auto with_level = [](const char* level) {
    return policy({{"name", "office"},
                   {"group", "staff"},
                   {"action", "protect"},
                   {"connection", "b"},
                   {"level", level},
                   {"shared", "yes"},
                   {"start_action", "start"},
                   {"replay_window", "1024"}});
  };
  const Policy none = with_level("none");
  EXPECT_EQ(none.does(), Action::kBypass);
  EXPECT_FALSE(none.may_protect());
  EXPECT_FALSE(none.owns_child());
  EXPECT_FALSE(none.sa_per_user());
  EXPECT_EQ(get_word(none, "action"), "protect") << "as it is written";
  EXPECT_EQ(get_word(none, "level"), "none");
  Policy again;
  for (const auto word : policy_words()) {
    if (const auto text = get_word(none, word); !text.empty()) set_word(again, word, text).value();
  }
  EXPECT_TRUE(same(again, none));
  set_word(again, "level", "high").value();
  EXPECT_TRUE(same(again, with_level("high")));
  EXPECT_EQ(again.does(), Action::kProtect);

  EXPECT_EQ(policy({{"name", "p"}, {"action", "protect"}, {"level", "none"}}).does(), Action::kBypass)
      << "it needs no connection";
  EXPECT_EQ(policy({{"name", "p"}, {"action", "bypass"}, {"level", "none"}, {"tell", "yes"}}).does(), Action::kBypass);
}

TEST(Policy, WithLevelNoneItSaysNothingThatLevelNoneContradicts) {
  for (const char* other : {"discard", "ask"}) {
    EXPECT_EQ(why({{"name", "x"}, {"action", other}, {"connection", "b"}, {"level", "none"}}),
              "policy 'x' has level 'none', by which its packets leave in the clear, and action '" +
                  std::string(other) + "'; take out the one, or write action = \"bypass\"");
  }
  EXPECT_THAT(why({{"name", "x"}, {"action", "protect"}, {"sa", "m"}, {"level", "none"}}),
              testing::HasSubstr("protects by a manual SA"));
  EXPECT_THAT(why({{"name", "x"}, {"action", "protect"}, {"level", "none"}, {"esp_proposals", "aes128gcm16"}}),
              testing::HasSubstr("exactly one of"));
  EXPECT_THAT(why({{"name", "x"}, {"action", "protect"}, {"connection", "b"}, {"level", "none"}, {"change", "syn"}}),
              testing::HasSubstr("write change = \"after-idle\""));
}

TEST(Policy, SaysWhenItsChangedWordsTakeOver) {
  const Policy p = policy({{"name", "p"}, {"action", "bypass"}, {"change", "after-idle"}, {"idle", "60"}});
  EXPECT_EQ(p.change, TakeOver::kAfterIdle);
  EXPECT_EQ(p.idle_or_default_s(), 60U);
  EXPECT_EQ(get_word(p, "change"), "after-idle");
  EXPECT_EQ(get_word(p, "idle"), "60");
  EXPECT_EQ(policy({{"name", "p"}, {"action", "bypass"}, {"change", "after-idle"}}).idle_or_default_s(), 30U);
  EXPECT_EQ(get_word(policy({{"name", "p"}, {"action", "bypass"}, {"change", "now"}}), "change"), "");
  EXPECT_EQ(why({{"name", "p"}, {"action", "bypass"}, {"idle", "60"}}),
            "policy 'p' has 'idle', which only change = \"after-idle\" and change = \"syn\" use");
  Policy bad;
  EXPECT_EQ(set_word(bad, "change", "later").error().detail, "'later' is none of 'now', 'after-idle', 'syn'");
  for (const char* none : {"0", "soon", "86401", ""}) EXPECT_FALSE(set_word(bad, "idle", none)) << none;
}

TEST(Policy, HasNewConnectionsTakeItsChangedWordsWhereTheyCan) {
  using Words = std::vector<std::pair<const char*, const char*>>;
  const auto with = [](const Words& more) {
    Policy p;
    for (const auto& [word, text] :
         Words{{"name", "p"}, {"connection", "b"}, {"action", "protect"}, {"change", "syn"}}) {
      set_word(p, word, text).value();
    }
    for (const auto& [word, text] : more) set_word(p, word, text).value();
    return p;
  };
  const auto why_not = [&](const Words& more) { return validate(with(more)).error().detail; };
  const Policy tcp = with({{"level", "high"}, {"protocol", "tcp"}, {"idle", "5"}});
  EXPECT_TRUE(validate(tcp));
  EXPECT_EQ(get_word(tcp, "change"), "syn");
  EXPECT_TRUE(validate(with({{"esp_proposals", "aes128gcm16"}})));
  EXPECT_TRUE(validate(with({{"level", "high"}, {"group", "staff"}, {"shared", "yes"}})));
  EXPECT_EQ(why_not({{"child", "net"}}),
            "policy 'p' has change = \"syn\", which is for what 'level', 'esp_proposals' and 'ah_proposals' protect; "
            "write change = \"after-idle\"");
  EXPECT_EQ(why_not({{"action", "bypass"}, {"connection", ""}}), why_not({{"child", "net"}}));
  EXPECT_EQ(why_not({{"level", "high"}, {"group", "staff"}}),
            "policy 'p' has change = \"syn\", but SAs of users' own are renewed at once; leave it out, or write "
            "shared = \"yes\"");
  EXPECT_EQ(why_not({{"level", "high"}, {"protocol", "udp"}}),
            "policy 'p' has change = \"syn\", and no packet of TCP; write change = \"after-idle\"");
}

TEST(Policy, IsOfAUserOrOfAGroupOrOfEverybody) {
  EXPECT_EQ(get_word(policy({{"name", "p"}, {"user", "alice"}, {"action", "bypass"}}), "user"), "alice");
  EXPECT_EQ(get_word(policy({{"name", "p"}, {"group", "night"}, {"action", "bypass"}}), "group"), "night");
  EXPECT_THAT(why({{"name", "p"}, {"user", "alice"}, {"group", "night"}}), testing::HasSubstr("write one"));
  EXPECT_FALSE(policy({{"name", "p"}, {"action", "bypass"}}).names_people());
  // An empty name must not widen a policy to everybody.
  Policy p;
  for (const char* word : {"user", "group"}) EXPECT_FALSE(set_word(p, word, "")) << word;
}

TEST(Policy, OfPeopleHasAnSaForEachOfThemUnlessItSaysOtherwise) {
  const auto made = [](Words more) {
    Policy p;
    for (const auto& [word, text] : more) set_word(p, word, text).value();
    for (const auto& [word, text] : {std::pair{"name", "p"}, {"action", "protect"}, {"connection", "b"}}) {
      set_word(p, word, text).value();
    }
    validate(p).value();
    return p;
  };
  EXPECT_TRUE(made({{"group", "staff"}, {"level", "high"}}).sa_per_user());
  EXPECT_TRUE(made({{"user", "alice"}, {"ah_proposals", "sha256"}, {"shared", "no"}}).sa_per_user());
  EXPECT_FALSE(made({{"level", "high"}}).sa_per_user());
  EXPECT_FALSE(made({{"group", "staff"}, {"child", "net"}}).sa_per_user()) << "whoever configured it said what it is";
  const Policy shared = made({{"group", "staff"}, {"level", "high"}, {"shared", "yes"}});
  EXPECT_FALSE(shared.sa_per_user());
  EXPECT_EQ(get_word(shared, "shared"), "yes");
  EXPECT_THAT(why({{"name", "x"}, {"action", "protect"}, {"connection", "b"}, {"level", "high"}, {"shared", "yes"}}),
              testing::HasSubstr("'user' or 'group'"));
  EXPECT_THAT(why({{"name", "x"}, {"group", "g"}, {"action", "bypass"}, {"shared", "yes"}}),
              testing::HasSubstr("which only 'level'"));
}

TEST(Policy, AUsersOwnTargetIsTakenApartAtTheFirstMark) {
  EXPECT_EQ(target_of_user("b/net", "alice@example.com"), "b/net@alice@example.com");
  const auto split = split_target("b/net@alice@example.com");
  EXPECT_EQ(split.target, "b/net");
  EXPECT_EQ(split.user, "alice@example.com");
  EXPECT_EQ(split_target("b/net").target, "b/net");
  EXPECT_EQ(split_target("b/net").user, "");
  EXPECT_THAT(why({{"name", "x@y"}, {"action", "bypass"}}), testing::HasSubstr("without '/' and '@'"));
}

TEST(Policy, TellsWhatIsDoneInTheClearOrNotAtAll) {
  EXPECT_EQ(get_word(policy({{"name", "p"}, {"action", "discard"}, {"tell", "yes"}}), "tell"), "yes");
  EXPECT_EQ(get_word(policy({{"name", "p"}, {"action", "bypass"}, {"tell", "no"}}), "tell"), "");
  EXPECT_EQ(why({{"name", "p"}, {"action", "ask"}, {"tell", "yes"}}),
            "policy 'p' has 'tell', which only the actions 'bypass' and 'discard' use");
  EXPECT_EQ(why({{"name", "p"}, {"action", "protect"}, {"connection", "b"}, {"level", "high"}, {"tell", "yes"}}),
            "policy 'p' has 'tell', which only the actions 'bypass' and 'discard' use");
  Policy p;
  EXPECT_FALSE(set_word(p, "tell", "perhaps"));
}

TEST(Policy, AsksAndNamesWhatProtectsWhereTheUserMayChooseThat) {
  const Policy bare = policy({{"name", "p"}, {"action", "ask"}});
  EXPECT_FALSE(bare.may_protect());
  const Policy full = policy({{"name", "p"}, {"action", "ask"}, {"connection", "b"}, {"level", "high"}});
  EXPECT_TRUE(full.may_protect());
  EXPECT_TRUE(full.owns_child());
  EXPECT_EQ(full.target(), "b/p");
  EXPECT_EQ(why({{"name", "p"}, {"action", "ask"}, {"level", "high"}}),
            "policy 'p' names no 'connection' or 'sa' by which users could choose to be protected");
  EXPECT_EQ(why({{"name", "p"}, {"action", "ask"}, {"connection", "b"}}),
            "policy 'p' needs exactly one of 'child', 'level', 'esp_proposals' and 'ah_proposals' beside 'connection'");
}

}  // namespace
}  // namespace sallyport::policy
