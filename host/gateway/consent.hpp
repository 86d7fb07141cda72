// SPDX-License-Identifier: Apache-2.0
// Questions to users about their own packets (policies with action ask), and what the users answered.
//
// It decides and does nothing else: it takes packets, answers, ends and the time, and says what follows. Nothing passes
// but by an answer. Everything is bounded: whatever does not fit is refused, by rules in front of the policy, so that
// packets nobody will decide on do not go on coming to the host.
#pragma once

#include <deque>
#include <set>

#include "host/gateway/hold_queue.hpp"
#include "host/policy/front_rule.hpp"

namespace sallyport::gateway {

enum class Choice : std::uint8_t { kClear, kRefuse, kProtect };
[[nodiscard]] std::string_view to_string(Choice choice);
[[nodiscard]] std::optional<Choice> parse_choice(std::string_view word);

// How long an answer holds.
enum class Remember : std::uint8_t {
  kFlow,     // for what waited, while it goes on
  kSession,  // until the one who answered logs out
  kAlways,
};
[[nodiscard]] std::string_view to_string(Remember remember);
[[nodiscard]] std::optional<Remember> parse_remember(std::string_view word);

// What a question is about, and an answer: a user's packets to one place.
struct Subject {
  std::string user;
  std::string policy;
  IpAddress destination;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;  // of the destination; 0 where the protocol has none
  friend std::strong_ordering operator<=>(const Subject&, const Subject&) = default;
  friend bool operator==(const Subject&, const Subject&) = default;
};

// Which of those packets: from here.
struct Flow {
  IpAddress source;
  std::uint16_t port = 0;
  friend std::strong_ordering operator<=>(const Flow&, const Flow&) = default;
  friend bool operator==(const Flow&, const Flow&) = default;
};

struct ConsentLimits {                                     // ours
  HoldLimits held{8, 1U << 20, std::chrono::seconds(30)};  // of a question; its time is the user's to answer
  std::size_t questions_of_user = 8;
  std::size_t questions = 256;
  std::size_t answers_of_user = 64;
  std::size_t answers = 4096;
  std::size_t refusals = 1024;
  std::chrono::seconds flow = std::chrono::minutes(5);      // without a look whether a flow goes on
  std::chrono::seconds silence = std::chrono::minutes(2);   // of questions, after one that was not answered
  std::chrono::seconds nobody = std::chrono::seconds(10);   // likewise, after nobody was there to be asked
  std::chrono::seconds too_many = std::chrono::seconds(5);  // likewise, after too many questions
};

class Consent {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Id = std::uint64_t;

  explicit Consent(ConsentLimits limits = {}) : limits_(limits), held_(limits.held) {}

  struct Question {
    Id id = 0;
    Subject subject;
    bool may_protect = false;  // a choice
    Time until;
    std::set<Flow> flows{};
    bool full = false;  // no more of its packets are held
  };
  struct Answer {
    Id id = 0;  // the question's
    Subject subject;
    Choice choice = Choice::kRefuse;
    Remember remember = Remember::kFlow;
    std::string session{};   // whose answer it is; empty: kAlways
    std::set<Flow> flows{};  // kFlow: of these alone
    Time looked_at{};        // kFlow: the flow was going on
    bool looking = false;    // kFlow: its next packet comes to the host and shows that it goes on
  };

  enum class Why : std::uint8_t { kAnswered, kNoAnswer, kNobody, kTooMany, kLeft };

  // What is to be done, in this order: the rules into the card, then the rest.
  struct Steps {
    bool rules = false;           // front_rules() has changed
    bool stored = false;          // durable() has changed
    std::vector<Question> asked;  // to be put to their users
    std::vector<std::pair<Question, Why>> closed;
    std::vector<std::pair<Subject, Why>> refused;  // without an answer, to be told
    std::vector<Held> go_on;
    std::size_t dropped = 0;  // packets
  };

  // A packet that the card gave to the host by the rule of a policy that asks.
  Steps on_packet(const Subject& subject, const Flow& flow, bool may_protect, Held packet, Time now);
  // The user of a question cannot be reached.
  Steps nobody_there(Id question, Time now);
  // kNotFound: there is no such question of this user, or no more; kInvalid: it does not have this choice; kFull: the
  // user has as many answers as one may have, all of them for always.
  Result<Steps> answer(const std::string& user, const std::string& session, Id question, Choice choice,
                       Remember remember, Time now);
  // Durable no more: it could not be stored.
  void keep_for_session(Id answer, const std::string& session);
  // Takes an answer back. `user` empty: whoever's.
  Result<Steps> forget(const std::string& user, Id answer);
  // `left`: it was the user's last one.
  Steps session_ended(const std::string& session, const std::string& user, bool left);
  // There is no such user any more.
  Steps user_deleted(const std::string& user);
  Steps tick(Time now);

  void restore(std::vector<Answer> durable);
  [[nodiscard]] std::vector<Answer> durable() const;

  // Those that were decided one by one stand before those that are refused all together; and of either, those that let
  // packets pass, whoever said so, before those that refuse them.
  [[nodiscard]] std::vector<policy::FrontRule> front_rules() const;
  [[nodiscard]] const std::map<Id, Question>& questions() const { return questions_; }
  [[nodiscard]] const std::map<Id, Answer>& answers() const { return answers_; }
  [[nodiscard]] std::size_t held_bytes() const { return held_.bytes(); }

 private:
  Answer* answer_for(const Subject& subject, const Flow& flow);
  void refuse(const Subject& subject, Time until, Steps& steps);
  void close(std::map<Id, Question>::iterator question, Why why, Steps& steps);
  [[nodiscard]] Result<void> make_room(const std::string& user, Steps& steps);

  ConsentLimits limits_;
  Id last_id_ = 0;
  std::map<Id, Question> questions_;
  std::map<Id, Answer> answers_;
  HoldQueue<Id> held_;
  std::map<Subject, Time> refused_;                               // without an answer, until then
  std::map<std::pair<std::string, std::string>, Time> too_many_;  // by user and policy: all of it, until then
};

}  // namespace sallyport::gateway
