// SPDX-License-Identifier: Apache-2.0
// SAs of one user's own, between two gateways of which only the one knows users.
#include <gmock/gmock.h>

#include "host/gateway/edits.hpp"
#include "host/gateway/test_requests.hpp"
#include "host/gateway/two_gateways.hpp"

namespace sallyport::gateway {
namespace {

using driver::Address;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using users::EndReason;

constexpr std::uint32_t kAlice = 0x0a01000a;   // 10.1.0.10
constexpr std::uint32_t kBob = 0x0a01000b;     // 10.1.0.11
constexpr std::uint32_t kServer = 0x0a02000a;  // 10.2.0.10
constexpr std::uint32_t kOther = 0x0a09000a;   // 10.9.0.10

// 10.9.0.0/16 is behind the LAN of each.
std::string configuration_of(const OneGateway& one, const std::string& policies) {
  return one.interfaces() + "[[lan.routes]]\ndestination = \"10.9.0.0/16\"\nvia = \"10." + std::to_string(one.number) +
         ".0.9\"\n" + one.connection() + policies + "[users]\n";
}

// As A writes them: 10.1.0.0/16 to a destination, with a cipher, and of whom.
std::string policy_text(const std::string& name, const std::string& destination, const std::string& proposals,
                        const std::string& more = "") {
  return "[[policies]]\nname = \"" + name + "\"\nsource = \"10.1.0.0/16\"\ndestination = \"" + destination +
         "\"\naction = \"protect\"\nconnection = \"peer\"\nesp_proposals = \"" + proposals + "\"\n" + more + "\n";
}
const std::string kStaff = policy_text("staff", "10.2.0.0/16", "aes256gcm16", "group = \"staff\"");
const std::string kGuests = policy_text("guests", "10.2.0.0/16", "aes128gcm16", "group = \"guests\"");
const std::string kOthers = policy_text("others", "10.9.0.0/16", "aes128gcm16");

// B's policies to 10.1.0.0/16 from its networks, by whatever A wants.
std::string answers(const std::string& name, const std::string& source) {
  return "[[policies]]\nname = \"" + name + "\"\nsource = \"" + source +
         "\"\ndestination = \"10.1.0.0/16\"\naction = \"protect\"\nconnection = \"peer\"\nesp_proposals = "
         "\"aes256gcm16, aes128gcm16\"\n";
}

class UserSasTest : public testing::Test {
 protected:
  void start(const std::string& policies_of_a, const std::string& policies_of_b = answers("net", "10.2.0.0/16")) {
    const auto one = world_.start(world_.a, configuration_of(world_.a, policies_of_a));
    ASSERT_TRUE(one) << one.error().detail;
    const auto two = world_.start(world_.b, configuration_of(world_.b, policies_of_b));
    ASSERT_TRUE(two) << two.error().detail;
  }

  static users::Session session(const std::string& user, std::uint32_t address, std::vector<std::string> groups) {
    return {user + "'s", user, std::move(groups), "password", IpAddress::from_number(Address::from_v4(address)), 1000};
  }
  void log_in(const users::Session& who) {
    const auto begun = gateway().principals().on_begin(who);
    ASSERT_TRUE(begun) << begun.error().detail;
  }
  void log_out(const users::Session& who) {
    bool told = false;
    gateway().principals().on_end(who, EndReason::kLogout, [&] {
      told = true;
      EXPECT_EQ(esp_of(who.address.number().v4()), std::nullopt) << "when it is told, it is so";
    });
    gateway().principals().settle();
    EXPECT_TRUE(told);
  }
  Gateway& gateway() { return *world_.a.gateway; }

  static void send(OneGateway& from, std::uint32_t source, std::uint32_t destination) {
    from.send(driver::testing::udp_packet(source, destination));
  }
  bool reaches(OneGateway& from, std::uint32_t source, std::uint32_t destination, int tries = 1) {
    OneGateway& to = world_.other(from);
    const auto arrived = [&] {
      return std::any_of(to.lan.begin(), to.lan.end(), [&](const Buffer& frame) {
        const auto p = ip_packet(frame);
        return p && p->source == Address::from_v4(source) && p->destination == Address::from_v4(destination);
      });
    };
    to.lan.clear();
    for (int i = 0; i < tries; ++i) {
      send(from, source, destination);
      if (world_.run_until(arrived, tries > 1 ? std::chrono::seconds(2) : kPatience)) return true;
    }
    return false;
  }
  // Both ways between a user's computer and the server.
  bool talks(std::uint32_t user, std::uint32_t server = kServer) {
    return reaches(world_.a, user, server) && reaches(world_.b, server, user);
  }
  // The SPI by which a packet of this computer to the server leaves at once, if it does.
  std::optional<Spi> esp_of(std::uint32_t user) {
    world_.a.wan.clear();
    send(world_.a, user, kServer);
    if (world_.a.wan.empty()) return std::nullopt;
    return Spi{ByteReader(Bytes(world_.a.wan.front()).subspan(34)).u32()};
  }
  static std::vector<std::string> targets(const OneGateway& of) {
    std::vector<std::string> out;
    for (const auto& sa : of.gateway->keeper().sas()) out.push_back(sa.target);
    return out;
  }
  const InstalledSa& sa_of(const std::string& target) { return *gateway().keeper().sending_for(target); }
  // Both gateways hold so many SAs.
  bool settle_at(std::size_t sas) {
    return world_.run_until([&] { return targets(world_.a).size() == sas && targets(world_.b).size() == sas; });
  }

  // Alice's packet asks for her SA by the words of a commit that is given up, as B has no policy for what `others` are
  // to be; before or after the commit asks for that.
  void ask_amid_a_commit_that_fails(bool before) {
    start(kStaff + kOthers);
    log_in(alice_);
    world_.b.lost_on_wan = [](Bytes) { return true; };
    if (before) send(world_.a, kAlice, kServer);
    const auto edit = [&](const std::string& name, const std::string& destination) {
      boost::json::object words{{"source", "10.1.0.0/16"},
                                {"destination", destination},
                                {"action", "protect"},
                                {"connection", "peer"},
                                {"esp_proposals", "aes128gcm16"}};
      if (name == "staff") words["group"] = "staff";
      ask(world_.io, gateway(), "PUT", {"candidate", name}, words);
    };
    edit("staff", "10.2.0.0/16");
    edit("others", "10.9.0.0/24");
    const Answer report = begin_to_ask(gateway(), "POST", {"commit"}, boost::json::object{});
    ASSERT_TRUE(world_.run_until([&] { return gateway().commits().busy(); }));
    if (!before) send(world_.a, kAlice, kServer);
    world_.b.lost_on_wan = nullptr;
    ASSERT_TRUE(world_.run_until([&] { return report->has_value(); }));
    EXPECT_FALSE((*report)->at("committed").as_bool()) << **report;
  }
  bool alice_is_protected_by(const std::string& algorithm) {
    return world_.run_until([&] {
      const InstalledSa* sa = gateway().keeper().sending_for("peer/staff@alice");
      return sa != nullptr && sa->algorithm == algorithm;
    });
  }

  TwoGateways world_;
  const users::Session alice_ = session("alice", kAlice, {"staff"});
  const users::Session bob_ = session("bob", kBob, {"staff"});
  const users::Session guest_ = session("bob", kBob, {"guests"});
};

TEST_F(UserSasTest, EachUserOfAGroupHasAnSaAndThePeerMayAnswerByAny) {
  start(kStaff);
  log_in(alice_);
  log_in(bob_);
  EXPECT_THAT(targets(world_.a), IsEmpty()) << "the first packet brings it up";
  EXPECT_TRUE(talks(kAlice));
  EXPECT_TRUE(talks(kBob));
  EXPECT_THAT(targets(world_.a), ElementsAre("peer/staff@alice", "peer/staff@bob"));
  EXPECT_THAT(targets(world_.b), ElementsAre("peer/net", "peer/net"));
  EXPECT_EQ(esp_of(kAlice), sa_of("peer/staff@alice").spi_out);
  EXPECT_EQ(esp_of(kBob), sa_of("peer/staff@bob").spi_out);
  EXPECT_TRUE(talks(kAlice)) << "the peer answers by bob's, the newest";
  EXPECT_EQ(world_.a.gateway->keeper().inbound_state(sa_of("peer/staff@alice"))->packets, 1U) << "before bob came";
  EXPECT_EQ(world_.a.drops(layout::Drop::kInnerPolicy), 0U);
}

TEST_F(UserSasTest, TheirPacketsOf1500BytesArriveWholeWhereTheConnectionFragments) {
  start("too_big = \"fragment\"\n" + kStaff);
  log_in(alice_);
  ASSERT_TRUE(talks(kAlice));
  world_.b.lan.clear();
  world_.a.send(driver::testing::udp_packet(kAlice, kServer, 1472, true));
  EXPECT_TRUE(world_.run_until(
      [&] { return std::ranges::any_of(world_.b.lan, [](const Buffer& frame) { return frame.size() == 1514; }); }));
}

TEST_F(UserSasTest, ALogoutEndsTheUsersSaAndThePeerGoesOnWithTheOthers) {
  start(kStaff);
  log_in(alice_);
  log_in(bob_);
  ASSERT_TRUE(talks(kAlice) && talks(kBob));
  log_out(bob_);
  EXPECT_TRUE(reaches(world_.b, kServer, kAlice)) << "by bob's SA, which the peer has not yet heard the end of";
  EXPECT_TRUE(settle_at(1));
  EXPECT_THAT(targets(world_.a), ElementsAre("peer/staff@alice"));
  EXPECT_TRUE(talks(kAlice)) << "by alice's";
  EXPECT_FALSE(esp_of(kBob));
  const auto refused = world_.a.drops(layout::Drop::kInnerPolicy);
  send(world_.b, kServer, kBob);
  EXPECT_TRUE(world_.run_until([&] { return world_.a.drops(layout::Drop::kInnerPolicy) > refused; }));
  log_in(bob_);
  EXPECT_TRUE(talks(kBob));
  EXPECT_EQ(esp_of(kBob), sa_of("peer/staff@bob").spi_out);
}

TEST_F(UserSasTest, WhoComesBackBeforeThePeerKnowsThatTheyWentGetsAnotherSa) {
  start(kStaff);
  log_in(alice_);
  ASSERT_TRUE(talks(kAlice));
  const Spi first = sa_of("peer/staff@alice").spi_out;
  log_out(alice_);
  log_in(alice_);
  EXPECT_FALSE(esp_of(kAlice)) << "not by the one that ends";
  EXPECT_TRUE(reaches(world_.a, kAlice, kServer, 5));
  EXPECT_TRUE(settle_at(1));
  EXPECT_NE(sa_of("peer/staff@alice").spi_out, first);
}

TEST_F(UserSasTest, AnSaThatComesWhenItsUserIsGoneIsEnded) {
  start(kStaff);
  log_in(alice_);
  send(world_.a, kAlice, kServer);
  bool asked = false;  // IKE_AUTH, or CREATE_CHILD_SA, is on its way
  world_.a.lost_on_wan = [&](Bytes frame) {
    const auto packet = ip_packet(frame);
    if (packet && packet->protocol == driver::kProtocolUdp && !std::exchange(asked, true)) world_.io.stop();
    return false;
  };
  ASSERT_TRUE(world_.run_until([&] { return asked; }));
  log_out(alice_);
  ASSERT_TRUE(world_.run_until([&] {
    const auto all = gateway().engine().status(std::chrono::steady_clock::now());
    return all.size() == 1 && all[0].state == ike::IkeState::kEstablished;
  }));
  EXPECT_TRUE(settle_at(0));
}

TEST_F(UserSasTest, AnSaThatCameUpForACommitThatFailsIsRenewed) {
  ask_amid_a_commit_that_fails(true);
  EXPECT_TRUE(alice_is_protected_by("aes256gcm16"));
  EXPECT_TRUE(settle_at(1));
  EXPECT_TRUE(talks(kAlice));
}

TEST_F(UserSasTest, AnSaThatComesWhenItsCommitHasFailedIsAskedForAnew) {
  ask_amid_a_commit_that_fails(false);
  EXPECT_TRUE(alice_is_protected_by("aes256gcm16"));
  EXPECT_TRUE(settle_at(1));
  EXPECT_TRUE(talks(kAlice));
}

// U1: the same destination, another security type for another user.
TEST_F(UserSasTest, TwoUsersHaveTwoSecurityTypesToOneServerAndMayBeAnsweredByEither) {
  start(kStaff + kGuests);
  log_in(alice_);
  log_in(guest_);
  ASSERT_TRUE(talks(kAlice) && talks(kBob));
  EXPECT_EQ(sa_of("peer/staff@alice").algorithm, "aes256gcm16");
  EXPECT_EQ(sa_of("peer/guests@bob").algorithm, "aes128gcm16");
  EXPECT_EQ(esp_of(kAlice), sa_of("peer/staff@alice").spi_out);
  EXPECT_EQ(esp_of(kBob), sa_of("peer/guests@bob").spi_out);
  const auto received = [&](const std::string& target) {
    return gateway().keeper().inbound_state(sa_of(target))->packets;
  };
  const auto by_bobs = received("peer/guests@bob");
  EXPECT_TRUE(talks(kAlice) && talks(kBob));
  EXPECT_EQ(received("peer/guests@bob"), by_bobs + 2);
  // Now the staff's is the newer.
  bool renewed = false;
  gateway().rekey("peer", "staff", [&](const Result<Outcome>& outcome) { renewed = outcome.has_value(); });
  EXPECT_TRUE(renewed);
  ASSERT_TRUE(world_.run_until([&] { return targets(world_.a).size() == 3; }));
  ASSERT_TRUE(settle_at(2));
  EXPECT_TRUE(talks(kAlice) && talks(kBob));
  EXPECT_EQ(received("peer/staff@alice"), 2U);
  EXPECT_EQ(world_.a.drops(layout::Drop::kInnerPolicy), 0U);
}

// RFC 4301 5.2. The policies are exchanged under the SA's feet, as if the peer sent what the SA is not for.
TEST_F(UserSasTest, AnSaOfAnUnrelatedPolicyDeliversNothingToAUser) {
  start(kStaff + kOthers, answers("net", "10.2.0.0/16") + answers("others", "10.9.0.0/16"));
  ASSERT_TRUE(talks(kAlice, kOther)) << "others' SA is up";
  log_in(alice_);
  EXPECT_TRUE(reaches(world_.b, kOther, kAlice));
  auto policies = gateway().keeper().policies();
  std::swap(policies.at(0).destination, policies.at(1).destination);
  gateway().keeper().set_policies(policies, {});
  ASSERT_TRUE(gateway().keeper().commit());
  world_.a.lan.clear();
  send(world_.b, kOther, kAlice);
  EXPECT_TRUE(world_.run_until([&] { return world_.a.drops(layout::Drop::kInnerPolicy) == 1; }));
  EXPECT_THAT(world_.a.lan, IsEmpty());
}

TEST_F(UserSasTest, StartBringsItUpAtLogin) {
  start(policy_text("staff", "10.2.0.0/16", "aes256gcm16", "group = \"staff\"\nstart_action = \"start\""));
  log_in(guest_);
  log_in(alice_);
  EXPECT_TRUE(settle_at(1));
  EXPECT_TRUE(esp_of(kAlice));
  EXPECT_THAT(targets(world_.a), ElementsAre("peer/staff@alice"));
}

TEST_F(UserSasTest, SharedIsOneForAll) {
  start(policy_text("staff", "10.2.0.0/16", "aes256gcm16", "group = \"staff\"\nshared = \"yes\""));
  log_in(alice_);
  log_in(bob_);
  EXPECT_TRUE(talks(kAlice) && talks(kBob));
  EXPECT_THAT(targets(world_.a), ElementsAre("peer/staff"));
  log_out(bob_);
  EXPECT_TRUE(talks(kAlice));
}

TEST_F(UserSasTest, AUsersOwnIsNobodysWhereAllHaveOneTogether) {
  start(kStaff);
  log_in(alice_);
  ASSERT_TRUE(talks(kAlice));
  auto policies = gateway().keeper().policies();
  policies.at(0).shared = true;
  gateway().keeper().set_policies(policies, {});
  ASSERT_TRUE(gateway().keeper().commit());
  EXPECT_FALSE(esp_of(kAlice));
}

TEST_F(UserSasTest, TheSaOfAllGoesOnWhileItsSuccessorsOfUsersWaitUntilItIsIdle) {
  start(policy_text("staff", "10.2.0.0/16", "aes256gcm16", "group = \"staff\"\nshared = \"yes\""));
  log_in(alice_);
  ASSERT_TRUE(talks(kAlice));
  const Spi before = sa_of("peer/staff").spi_out;
  policy::Policy own = gateway().keeper().policies().at(0);
  own.shared = false;
  own.change = policy::TakeOver::kAfterIdle;
  std::string said;
  replace_policy(gateway(), own, "administrator",
                 [&](const Result<Outcome>& outcome) { said = outcome ? outcome->sentence : outcome.error().detail; });
  ASSERT_TRUE(world_.run_until([&] { return !said.empty(); }));
  EXPECT_THAT(said, testing::HasSubstr("takes over when the old SA is idle"));
  EXPECT_FALSE(world_.run_until([&] { return targets(world_.a).empty(); }, std::chrono::milliseconds(300)));
  EXPECT_EQ(esp_of(kAlice), before);
  // Renewed it would not be what it was: the change comes.
  said.clear();
  gateway().rekey("peer", "staff",
                  [&](const Result<Outcome>& outcome) { said = outcome ? outcome->sentence : outcome.error().detail; });
  ASSERT_TRUE(world_.run_until([&] { return gateway().commits().configurations().pending().empty(); }));
  EXPECT_THAT(said, testing::HasSubstr("connected"));
  EXPECT_TRUE(talks(kAlice));
  ASSERT_TRUE(settle_at(1));
  EXPECT_THAT(targets(world_.a), ElementsAre("peer/staff@alice"));
}

TEST_F(UserSasTest, SasOfUsersWhoDoNotGoOnEnd) {
  start(kStaff);
  log_in(alice_);
  ASSERT_TRUE(talks(kAlice));
  world_.kill(world_.a);
  ASSERT_TRUE(world_.start(world_.a, configuration_of(world_.a, kStaff)));
  EXPECT_FALSE(esp_of(kAlice));
  EXPECT_TRUE(settle_at(0));
  log_in(alice_);
  EXPECT_TRUE(talks(kAlice));
}

TEST_F(UserSasTest, SasOfUsersWhoGoOnDoSoToo) {
  start(kStaff);
  users::Session alice = alice_;
  alice.begun = std::chrono::steady_clock::now();
  alice.ends = alice.renew_by = alice.begun + std::chrono::hours(1);
  log_in(alice);
  ASSERT_TRUE(talks(kAlice));
  const Spi spi = sa_of("peer/staff@alice").spi_out;
  world_.kill(world_.a);
  world_.vouch = [](const users::Session& session) {
    return session.user == "alice" ? Result<void>() : Error{Errc::kDenied, "nobody knows them"};
  };
  ASSERT_TRUE(world_.start(world_.a, configuration_of(world_.a, kStaff)));
  EXPECT_TRUE(talks(kAlice));
  EXPECT_EQ(esp_of(kAlice), spi);
  EXPECT_THAT(targets(world_.a), ElementsAre("peer/staff@alice"));
  log_out(alice);
  EXPECT_TRUE(settle_at(0));
}

// What a policy in between brings together is renewed, so that both bring what either brought.
TEST_F(UserSasTest, SasThatCameToBeConfusedAreRenewed) {
  start(policy_text("one", "10.2.0.0/16", "aes128gcm16") + kOthers,
        answers("net", "10.2.0.0/16") + answers("others", "10.9.0.0/16"));
  ASSERT_TRUE(talks(kAlice) && talks(kAlice, kOther));
  const auto number = [&](const std::string& target) { return sa_of(target).policy_id; };
  EXPECT_NE(number("peer/one"), number("peer/others"));
  policy::Policy all = gateway().keeper().policies().at(0);
  all.name = "all";
  all.group = "staff";
  all.destination = TrafficSelector::of(AddressRange::any());
  bool added = false;
  add_policy(gateway(), all, "one", "administrator",
             [&](const Result<Outcome>& outcome) { added = outcome.has_value(); });
  ASSERT_TRUE(world_.run_until([&] { return added; }));
  EXPECT_TRUE(world_.run_until([&] { return number("peer/one") == number("peer/others"); }));
  ASSERT_TRUE(settle_at(2));
  EXPECT_TRUE(talks(kBob) && talks(kBob, kOther));
}

TEST_F(UserSasTest, SasThatCameToBeConfusedGoOnWhileTheirPoliciesWait) {
  start(policy_text("one", "10.2.0.0/16", "aes128gcm16") + kOthers,
        answers("net", "10.2.0.0/16") + answers("others", "10.9.0.0/16"));
  ASSERT_TRUE(talks(kAlice) && talks(kAlice, kOther));
  const auto spis = [&] { return std::pair(sa_of("peer/one").spi_out, sa_of("peer/others").spi_out); };
  const auto before = spis();
  std::string said;
  const auto told = [&](const Result<Outcome>& outcome) {
    said = outcome ? outcome->sentence : outcome.error().detail;
  };
  const std::vector<policy::Policy> policies = gateway().keeper().policies();
  for (policy::Policy waits : policies) {
    waits.source = TrafficSelector::of(AddressRange::parse("10.1.0.0/24").value());
    waits.change = policy::TakeOver::kAfterIdle;
    said.clear();
    replace_policy(gateway(), waits, "administrator", told);
    ASSERT_TRUE(world_.run_until([&] { return !said.empty(); }));
    ASSERT_THAT(said, testing::HasSubstr("takes over when the old SA is idle"));
  }
  policy::Policy all = policies.at(0);
  all.name = "all";
  all.group = "staff";
  all.destination = TrafficSelector::of(AddressRange::any());
  said.clear();
  add_policy(gateway(), all, "one", "administrator", told);
  ASSERT_TRUE(world_.run_until([&] { return !said.empty(); }));
  EXPECT_FALSE(world_.run_until([&] { return spis() != before; }, std::chrono::milliseconds(300)));
  EXPECT_TRUE(talks(kAlice) && talks(kAlice, kOther));
  EXPECT_EQ(spis(), before);
}

// Of the rules of the card, `left` are there for policies in front of these.
std::string policies_that_leave(unsigned left) {
  std::string text;
  for (unsigned i = 0; i < layout::kSpdRules - left; ++i) {
    const std::string number = std::to_string(i);
    text += "[[policies]]\nname = \"filler" + number + "\"\ndestination = \"10.8." + std::to_string(i / 256) + "." +
            std::to_string(i % 256) + "\"\naction = \"bypass\"\n";
  }
  return text;
}

TEST_F(UserSasTest, WhoIsOneTooManyIsToldSoAndNobodyElseNotices) {
  start(kStaff + policies_that_leave(2));
  const users::Session carol = session("carol", kAlice + 2, {"staff"});
  for (const auto& who : {alice_, bob_, carol}) log_in(who);
  ASSERT_TRUE(talks(kAlice)) << "her rule, and one for those who have no SA";
  std::string told;
  gateway().initiate("peer", "staff@bob",
                     [&](const Result<Outcome>& outcome) { told = outcome ? "" : outcome.error().detail; });
  EXPECT_THAT(told, testing::HasSubstr("an SA of 'bob' alone takes a rule of the card, and its 1024 are in use"));
  EXPECT_FALSE(esp_of(kBob));
  EXPECT_TRUE(talks(kAlice));
  log_out(carol);
  EXPECT_TRUE(reaches(world_.a, kBob, kServer, 5)) << "instead of the rule for those who have none";
  EXPECT_TRUE(talks(kAlice) && talks(kBob));
  EXPECT_THAT(targets(world_.a), ElementsAre("peer/staff@alice", "peer/staff@bob"));
}

// The peer narrows, so that an SA takes two rules: what that is, is known when it is there.
TEST_F(UserSasTest, AnSaThatTheCardHasNoRoomForIsTakenBack) {
  start(kStaff + policies_that_leave(3), answers("net", "10.2.0.0/17"));
  log_in(alice_);
  log_in(bob_);
  ASSERT_TRUE(talks(kAlice));
  std::string told;
  gateway().initiate("peer", "staff@bob",
                     [&](const Result<Outcome>& outcome) { told = outcome ? "" : outcome.error().detail; });
  EXPECT_TRUE(world_.run_until([&] { return !told.empty(); }));
  EXPECT_THAT(told, testing::HasSubstr("1025 rules in one direction"));
  EXPECT_TRUE(settle_at(1));
  EXPECT_THAT(targets(world_.a), ElementsAre("peer/staff@alice"));
  EXPECT_TRUE(talks(kAlice));
  log_out(bob_);  // the card takes what others ask of it
  EXPECT_TRUE(talks(kAlice));
}

TEST_F(UserSasTest, AnSaIsNotAskedForByHandForNobody) {
  start(kStaff);
  std::string told;
  const auto tell = [&](const Result<Outcome>& outcome) { told = outcome ? "" : outcome.error().detail; };
  gateway().initiate("peer", "staff", tell);
  EXPECT_THAT(told, testing::HasSubstr("name one who is logged in: staff@USER"));
  gateway().initiate("peer", "staff@alice", tell);
  EXPECT_THAT(told, testing::HasSubstr("'alice' is not logged in"));
  log_in(alice_);
  gateway().initiate("peer", "staff@alice", tell);
  EXPECT_TRUE(settle_at(1));
  EXPECT_EQ(told, "");
}

}  // namespace
}  // namespace sallyport::gateway
