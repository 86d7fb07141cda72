// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/consent.hpp"

#include <gmock/gmock.h>

#include <random>

namespace sallyport::gateway {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint8_t kTcp = 6;
const Flow kHere{IpAddress::from_v4(0x0a010007), 40000};
const Flow kHereAgain{kHere.source, 40001};

Subject web(std::uint32_t last = 9, const std::string& user = "alice") {
  return {user, "ask", IpAddress::from_v4(0x0a020000 + last), kTcp, 443};
}
Held packet(std::uint8_t number = 1) { return {Buffer{number}, 7}; }

class ConsentTest : public testing::Test {
 protected:
  Consent::Steps send(const Subject& subject, const Flow& flow = kHere, std::uint8_t number = 1,
                      bool may_protect = false) {
    return consent_.on_packet(subject, flow, may_protect, packet(number), now_);
  }
  // The question that a first packet raises.
  Consent::Id ask(const Subject& subject, bool may_protect = false) {
    const auto steps = send(subject, kHere, 1, may_protect);
    EXPECT_THAT(steps.asked, SizeIs(1));
    return steps.asked.at(0).id;
  }
  Result<Consent::Steps> answer(Consent::Id id, Choice choice, Remember remember = Remember::kFlow,
                                const std::string& user = "alice") {
    return consent_.answer(user, "session", id, choice, remember, now_);
  }
  // What the rule for these packets does; none: there is no rule.
  [[nodiscard]] std::optional<policy::Action> rule_for(const Subject& subject, const Flow& flow = kHere) const {
    for (const auto& rule : consent_.front_rules()) {
      const bool meant = rule.user == subject.user && rule.policy == subject.policy && rule.outbound &&
                         rule.destination.addresses.contains(subject.destination) &&
                         rule.destination.first_port <= subject.port && subject.port <= rule.destination.last_port &&
                         rule.source.addresses.contains(flow.source) && rule.source.first_port <= flow.port &&
                         flow.port <= rule.source.last_port;
      if (meant) return rule.action;
    }
    return std::nullopt;
  }

  Consent consent_;
  Consent::Time now_{std::chrono::hours(1)};
};

TEST_F(ConsentTest, HoldsTheFirstPacketsUntilTheUserLetsThemGo) {
  const auto id = ask(web());
  EXPECT_THAT(send(web(), kHere, 2).asked, IsEmpty()) << "one question";
  EXPECT_EQ(rule_for(web()), std::nullopt);
  const auto steps = answer(id, Choice::kClear).value();
  EXPECT_EQ(steps.go_on, (std::vector<Held>{packet(1), packet(2)}));
  EXPECT_TRUE(steps.rules);
  EXPECT_EQ(rule_for(web()), policy::Action::kBypass);
  EXPECT_EQ(rule_for(web(), kHereAgain), std::nullopt) << "another flow is another question";
  EXPECT_THAT(send(web(), kHereAgain).asked, SizeIs(1));
}

TEST_F(ConsentTest, DropsWhatTheUserRefuses) {
  const auto id = ask(web());
  const auto steps = answer(id, Choice::kRefuse).value();
  EXPECT_THAT(steps.go_on, IsEmpty());
  EXPECT_EQ(steps.dropped, 1U);
  EXPECT_THAT(steps.refused, IsEmpty()) << "who refused need not be told";
  EXPECT_EQ(rule_for(web()), policy::Action::kDiscard);
}

TEST_F(ConsentTest, ProtectsWhereThatIsAChoice) {
  EXPECT_EQ(answer(ask(web(1)), Choice::kProtect).error().code, Errc::kInvalid);
  EXPECT_THAT(answer(ask(web(2), true), Choice::kProtect).value().go_on, SizeIs(1));
  EXPECT_EQ(rule_for(web(2)), policy::Action::kProtect);
}

TEST_F(ConsentTest, AQuestionIsAnsweredByItsUserAndOnce) {
  const auto id = ask(web());
  EXPECT_EQ(answer(id, Choice::kClear, Remember::kFlow, "bob").error().code, Errc::kNotFound);
  ASSERT_TRUE(answer(id, Choice::kRefuse));
  EXPECT_EQ(answer(id, Choice::kClear).error().code, Errc::kNotFound);
  EXPECT_EQ(rule_for(web()), policy::Action::kDiscard);
}

TEST_F(ConsentTest, RefusesWhatNobodyAnswersAndAsksAgainLater) {
  ask(web());
  now_ += seconds(29);
  EXPECT_THAT(consent_.tick(now_).closed, IsEmpty());
  now_ += seconds(1);
  const auto steps = consent_.tick(now_);
  ASSERT_THAT(steps.closed, SizeIs(1));
  EXPECT_EQ(steps.closed[0].second, Consent::Why::kNoAnswer);
  EXPECT_EQ(steps.dropped, 1U);
  EXPECT_THAT(steps.refused, SizeIs(1)) << "to be told";
  EXPECT_EQ(rule_for(web()), policy::Action::kDiscard);
  EXPECT_EQ(send(web()).dropped, 1U) << "it was on its way";
  now_ += minutes(2);
  EXPECT_TRUE(consent_.tick(now_).rules);
  EXPECT_EQ(rule_for(web()), std::nullopt);
  ask(web());
}

TEST_F(ConsentTest, RefusesWhereNobodyIsThereToBeAsked) {
  const auto steps = consent_.nobody_there(ask(web()), now_);
  EXPECT_EQ(steps.dropped, 1U);
  EXPECT_EQ(steps.refused.at(0).second, Consent::Why::kNobody);
  EXPECT_EQ(rule_for(web()), policy::Action::kDiscard);
  now_ += seconds(10);
  EXPECT_TRUE(consent_.tick(now_).rules);
  ask(web());
}

TEST_F(ConsentTest, AFlowsAnswerHoldsWhileTheFlowGoesOn) {
  ASSERT_TRUE(answer(ask(web()), Choice::kClear));
  for (int i = 0; i < 3; ++i) {
    now_ += minutes(5);
    EXPECT_TRUE(consent_.tick(now_).rules);
    EXPECT_EQ(rule_for(web()), std::nullopt) << "its next packet comes to the host";
    EXPECT_THAT(consent_.front_rules(), SizeIs(1)) << "and the answers to it still pass";
    const auto steps = send(web());
    EXPECT_THAT(steps.go_on, SizeIs(1));
    EXPECT_THAT(steps.asked, IsEmpty());
    EXPECT_EQ(rule_for(web()), policy::Action::kBypass);
  }
  now_ += minutes(5);
  (void)consent_.tick(now_);
  now_ += minutes(5);
  (void)consent_.tick(now_);
  EXPECT_THAT(consent_.answers(), IsEmpty());
  ask(web());
}

TEST_F(ConsentTest, ASessionsAnswersEndWithItAndThoseForAlwaysDoNot) {
  ASSERT_TRUE(answer(ask(web(1)), Choice::kClear));
  ASSERT_TRUE(answer(ask(web(2)), Choice::kClear, Remember::kSession));
  const auto always = answer(ask(web(3)), Choice::kClear, Remember::kAlways);
  ASSERT_TRUE(always);
  EXPECT_TRUE(always->stored);
  EXPECT_EQ(rule_for(web(2), kHereAgain), policy::Action::kBypass) << "whatever the flow";
  EXPECT_FALSE(consent_.session_ended("another", "alice", false).rules);
  ask(web(4));
  const auto steps = consent_.session_ended("session", "alice", true);
  EXPECT_THAT(steps.closed, SizeIs(1));
  EXPECT_EQ(steps.dropped, 1U);
  ASSERT_THAT(consent_.front_rules(), SizeIs(1));
  EXPECT_EQ(rule_for(web(3)), policy::Action::kBypass);
  Consent later;
  later.restore(consent_.durable());
  EXPECT_THAT(later.front_rules(), SizeIs(1));
  EXPECT_TRUE(consent_.user_deleted("alice").stored);
  EXPECT_THAT(consent_.front_rules(), IsEmpty()) << "whoever gets the name has not agreed to anything";
}

TEST_F(ConsentTest, AnAnswerIsTakenBackByItsUserOrAnAdministrator) {
  const auto one = ask(web(1));
  const auto two = ask(web(2));
  ASSERT_TRUE(answer(one, Choice::kClear, Remember::kAlways));
  ASSERT_TRUE(answer(two, Choice::kClear, Remember::kSession));
  EXPECT_FALSE(consent_.forget("bob", one));
  EXPECT_TRUE(consent_.forget("alice", one)->stored);
  EXPECT_FALSE(consent_.forget("", two)->stored);
  EXPECT_THAT(consent_.front_rules(), IsEmpty());
}

TEST_F(ConsentTest, WhatCannotBeStoredHoldsForTheSession) {
  const auto id = ask(web());
  ASSERT_TRUE(answer(id, Choice::kClear, Remember::kAlways));
  consent_.keep_for_session(id, "session");
  EXPECT_THAT(consent_.durable(), IsEmpty());
  EXPECT_TRUE(consent_.session_ended("session", "alice", false).rules);
}

TEST_F(ConsentTest, HoldsSoMuchAndLetsTheCardRefuseTheRest) {
  const auto id = ask(web());
  for (int i = 2; i <= 8; ++i) EXPECT_EQ(send(web()).dropped, 0U);
  const auto steps = send(web());
  EXPECT_EQ(steps.dropped, 1U);
  EXPECT_TRUE(steps.rules);
  EXPECT_EQ(rule_for(web()), policy::Action::kDiscard);
  EXPECT_THAT(answer(id, Choice::kClear)->go_on, SizeIs(8));
  EXPECT_EQ(rule_for(web()), policy::Action::kBypass);
}

TEST_F(ConsentTest, AsksAUserSoMuchAndRefusesTheRestForAMoment) {
  for (std::uint32_t i = 1; i <= 8; ++i) ask(web(i));
  const auto steps = send(web(9));
  EXPECT_EQ(steps.refused.at(0).second, Consent::Why::kTooMany);
  EXPECT_EQ(rule_for(web(9)), policy::Action::kDiscard);
  EXPECT_EQ(rule_for(web(10)), policy::Action::kDiscard) << "the whole policy, for this user";
  ask(web(9, "bob"));
  ASSERT_TRUE(answer(1, Choice::kClear));
  EXPECT_EQ(rule_for(web(1)), policy::Action::kBypass) << "what is decided stands before";
  now_ += seconds(5);
  EXPECT_TRUE(consent_.tick(now_).rules);
  ask(web(9));
}

TEST_F(ConsentTest, WhatOneUserLetsInAnotherRefusesForThemselvesAlone) {
  ASSERT_TRUE(answer(ask(web()), Choice::kRefuse, Remember::kSession));
  ASSERT_TRUE(answer(ask(web(9, "dave"), true), Choice::kProtect, Remember::kSession, "dave"));
  ASSERT_TRUE(answer(ask(web(9, "zoe")), Choice::kClear, Remember::kSession, "zoe"));
  const auto nobody = ask(web(9, "bob"));
  ASSERT_TRUE(consent_.nobody_there(nobody, now_).rules);
  std::vector<std::pair<std::string, policy::Action>> order;
  for (const auto& rule : consent_.front_rules()) order.emplace_back(rule.user, *rule.action);
  using enum policy::Action;
  EXPECT_THAT(order, ElementsAre(std::pair("zoe", kBypass), std::pair("dave", kProtect), std::pair("alice", kDiscard),
                                 std::pair("bob", kDiscard)));
}

TEST_F(ConsentTest, AUserHasSoManyAnswersOfWhichThoseForAlwaysStay) {
  consent_ = Consent({.answers_of_user = 2});
  ASSERT_TRUE(answer(ask(web(1)), Choice::kClear, Remember::kAlways));
  ASSERT_TRUE(answer(ask(web(2)), Choice::kClear, Remember::kSession));
  ASSERT_TRUE(answer(ask(web(3)), Choice::kClear, Remember::kAlways));
  EXPECT_EQ(rule_for(web(2)), std::nullopt);
  const auto id = ask(web(4));
  EXPECT_EQ(answer(id, Choice::kClear).error().code, Errc::kFull);
  ASSERT_TRUE(consent_.forget("alice", 1));
  EXPECT_TRUE(answer(id, Choice::kClear));
}

// ---- any order -----------------------------------------------------------------------------------------------------

// What a user has said that may pass, kept in the most obvious way.
struct Permit {
  Subject subject;
  std::set<Flow> flows;  // empty: all
  std::string session;   // empty: always
};

class Model {
 public:
  std::vector<Permit> permits;
  [[nodiscard]] bool allows(const Subject& subject, const Flow& flow) const {
    return std::any_of(permits.begin(), permits.end(), [&](const Permit& p) {
      return p.subject == subject && (p.flows.empty() || p.flows.contains(flow));
    });
  }
  // A later answer about the same takes its place.
  void said(const Permit& permit, bool pass) {
    if (permit.flows.empty()) std::erase_if(permits, [&](const Permit& p) { return p.subject == permit.subject; });
    if (pass) permits.push_back(permit);
  }
};

TEST_F(ConsentTest, InAnyOrderNothingPassesUnlessItsUserSaidSoAndNothingOutgrowsItsBounds) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto any = [&](std::uint32_t n) { return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(random); };

  const ConsentLimits limits{.held = {3, 40, seconds(30)},
                             .questions_of_user = 3,
                             .questions = 4,
                             .answers_of_user = 4,
                             .answers = 6,
                             .refusals = 3};
  consent_ = Consent(limits);
  Model model;
  struct Sent {
    Subject subject;
    Flow flow;
    bool over = false;  // went on, or was dropped
  };
  std::vector<Sent> sent;
  std::size_t dropped = 0;
  std::size_t passed = 0;
  const std::string users[] = {"alice", "bob", "carol"};

  const auto take = [&](const Consent::Steps& steps) {
    dropped += steps.dropped;
    for (const Held& held : steps.go_on) {
      ++passed;
      Sent& one = sent.at(ByteReader(held.frame).u32());
      EXPECT_FALSE(one.over) << "a packet went on twice";
      one.over = true;
      EXPECT_TRUE(model.allows(one.subject, one.flow)) << "a packet went on without leave";
    }
  };
  for (int step = 0; step < 20000; ++step) {
    const std::string user = users[any(3)];
    const std::string session = user + std::to_string(any(2));
    switch (any(10)) {
      default: {
        const Subject subject = web(any(4), user);
        const Flow flow{kHere.source, static_cast<std::uint16_t>(any(3))};
        sent.push_back({subject, flow});
        Held held{ByteWriter().u32(static_cast<std::uint32_t>(sent.size() - 1)).zeros(any(12)).take(), 1};
        take(consent_.on_packet(subject, flow, any(2) == 0, std::move(held), now_));
        break;
      }
      case 5:
      case 6: {
        const Consent::Id id =
            consent_.questions().empty() || any(4) == 0
                ? any(1000)
                : std::next(consent_.questions().begin(), any(static_cast<std::uint32_t>(consent_.questions().size())))
                      ->first;
        const auto question = consent_.questions().find(id);
        const auto before = question == consent_.questions().end() ? Consent::Question{} : question->second;
        const auto choice = static_cast<Choice>(any(3));
        const auto remember = static_cast<Remember>(any(3));
        auto steps = consent_.answer(user, session, id, choice, remember, now_);
        EXPECT_EQ(steps.has_value() || steps.error().code == Errc::kFull || steps.error().code == Errc::kInvalid,
                  before.id != 0 && before.subject.user == user);
        if (!steps) break;
        model.said({before.subject, remember == Remember::kFlow ? before.flows : std::set<Flow>{},
                    remember == Remember::kAlways ? "" : session},
                   choice != Choice::kRefuse);
        take(*steps);
        break;
      }
      case 7: {
        const bool left = any(2) == 0;
        take(consent_.session_ended(session, user, left));
        std::erase_if(model.permits, [&](const Permit& p) {
          return !p.session.empty() && (p.session == session || (left && p.subject.user == user));
        });
        break;
      }
      case 8:
        now_ += seconds(any(20));
        take(consent_.tick(now_));
        if (!consent_.questions().empty() && any(4) == 0) {
          take(consent_.nobody_there(consent_.questions().begin()->first, now_));
        }
        break;
      case 9:
        if (any(20) == 0) {
          take(consent_.user_deleted(user));
          std::erase_if(model.permits, [&](const Permit& p) { return p.session.empty() && p.subject.user == user; });
        } else if (!consent_.answers().empty()) {
          const auto gone = consent_.answers().begin()->second;
          take(consent_.forget("", gone.id).value());
          // Flows of several answers may be alike, of which one goes: only what all of them said is known.
          if (gone.remember != Remember::kFlow) {
            std::erase_if(model.permits, [&](const Permit& p) { return p.subject == gone.subject; });
          }
        }
        break;
    }
    for (const auto& rule : consent_.front_rules()) {
      if (rule.action == policy::Action::kDiscard) continue;
      const Subject subject{rule.user, rule.policy, rule.destination.addresses.first, rule.destination.protocol,
                            rule.destination.first_port};
      ASSERT_EQ(rule.destination.addresses.first, rule.destination.addresses.last);
      const bool one_flow = !rule.source.any_port();
      const Flow flow{rule.source.addresses.first, rule.source.first_port};
      const bool said = std::any_of(model.permits.begin(), model.permits.end(), [&](const Permit& p) {
        return p.subject == subject && (p.flows.empty() || (one_flow && p.flows.contains(flow)));
      });
      ASSERT_TRUE(said) << "a rule that nobody asked for, at step " << step;
    }
    std::map<std::string, std::size_t> questions;
    std::map<std::string, std::size_t> answers;
    for (const auto& [id, question] : consent_.questions()) ++questions[question.subject.user];
    for (const auto& [id, answer] : consent_.answers()) ++answers[answer.subject.user];
    for (const auto& [name, count] : questions) ASSERT_LE(count, limits.questions_of_user);
    for (const auto& [name, count] : answers) ASSERT_LE(count, limits.answers_of_user);
    ASSERT_LE(consent_.questions().size(), limits.questions);
    ASSERT_LE(consent_.answers().size(), limits.answers);
    ASSERT_LE(consent_.held_bytes(), limits.held.bytes);
  }
  // Every packet went on, was dropped, or waits.
  std::size_t waiting = 0;
  for (const std::string& user : users) {
    const auto steps = consent_.session_ended("", user, true);
    waiting += steps.dropped;
    EXPECT_THAT(steps.go_on, IsEmpty());
  }
  EXPECT_EQ(passed + dropped + waiting, sent.size());
  EXPECT_EQ(consent_.held_bytes(), 0U);
  EXPECT_GT(passed, 100U) << "the test has tested something";
}

}  // namespace
}  // namespace sallyport::gateway
