// SPDX-License-Identifier: Apache-2.0
// Policies that speak to users.
#include <random>

#include "host/gateway/test_disk.hpp"
#include "host/gateway/test_gateway_of_users.hpp"

namespace sallyport::gateway {
namespace {

using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr const char* kSpeaking = R"([[policies]]
name = "told"
destination = "192.0.2.96/28"
action = "bypass"
tell = "yes"
[[policies]]
name = "refused"
destination = "192.0.2.112/28"
action = "discard"
tell = "yes"
[[policies]]
name = "asked"
destination = "192.0.2.128/25"
action = "ask"
sa = "m"
[users]
)";
constexpr std::uint32_t kTold = 0xc0000261;     // 192.0.2.97
constexpr std::uint32_t kRefused = 0xc0000271;  // 192.0.2.113
constexpr std::uint32_t kAsked = 0xc0000281;    // 192.0.2.129
constexpr std::uint32_t kBobs = 0x0a01000b;     // 10.1.0.11, where bob sits

class Listener : public api::EventStream {
 public:
  void send(std::string_view event, const json::value& data) override { events.emplace_back(event, data); }
  void close() override { is_open = false; }
  [[nodiscard]] bool open() const override { return is_open; }
  [[nodiscard]] std::vector<json::value> all(const std::string& event) const {
    std::vector<json::value> out;
    for (const auto& [name, data] : events) {
      if (name == event) out.push_back(data);
    }
    return out;
  }
  std::vector<std::pair<std::string, json::value>> events;
  bool is_open = true;
};

class GatewayThatSpeaksTest : public GatewayOfUsersTest {
 protected:
  struct User {
    std::uint32_t address = 0;
    json::value session{};
    [[nodiscard]] std::string_view token() const { return session.at("token").as_string(); }
    std::shared_ptr<Listener> ear = std::make_shared<Listener>();
  };
  void speak() {
    start_with_users(card_, kConfiguration + kSpeaking);
    gateway_->dialogue().reach_by([this](const std::string& user, std::string_view event, const json::value& data) {
      return login_->tell(user, event, data);
    });
  }
  User enter(const std::string& name, std::uint32_t address, bool listens = true) {
    User user{address, log_in(name, 1000, false, address)};
    if (listens) {
      EXPECT_TRUE(login_->desk().listen(
          {"GET", {"events"}, nullptr, IpAddress::from_v4(address).to_string(), Secret(as_bytes(user.token()))},
          user.ear));
    }
    return user;
  }
  void leave(const User& user) { log_out(user.session, user.address); }
  json::value answer(const User& user, std::uint64_t id, const std::string& choice,
                     const std::string& remember = "flow") {
    return request("POST", {"answers", std::to_string(id)}, {{"choice", choice}, {"remember", remember}}, user.address,
                   user.token());
  }
  // Waits until the host has seen everything.
  void settle() {
    (void)run_until([this] { return !driver::CardControl::open(card_)->status()->in_flight[0]; });
    for (int i = 0; i < 3; ++i) {
      gateway_->poll();
      io_.poll();
      io_.restart();
    }
  }
  // Those that left in the clear, to `to`; its neighbour answers.
  std::size_t clear(std::uint32_t to) {
    settle();
    return static_cast<std::size_t>(std::count_if(
        wan_.begin(), wan_.end(), [&](const Buffer& frame) { return frame[23] == 17 && u32(frame, 30) == to; }));
  }
  std::size_t protected_packets() {
    settle();
    return static_cast<std::size_t>(
        std::count_if(wan_.begin(), wan_.end(), [](const Buffer& frame) { return frame[23] == 50; }));
  }
  std::uint64_t asked(const User& user, std::size_t which = 0) {
    EXPECT_TRUE(run_until([&] { return user.ear->all("ask").size() > which; }));
    return user.ear->all("ask").at(which).at("id").to_number<std::uint64_t>();
  }
};

TEST_F(GatewayThatSpeaksTest, TellsThatPacketsGoInTheClearAndLetsTheCardGoOn) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kTold);
  ASSERT_TRUE(run_until([&] { return clear(kTold) == 1; }));
  const auto messages = alice.ear->all("message");
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(std::string(messages[0].at("text").as_string()), HasSubstr("to 192.0.2.97 are sent in the clear"));
  EXPECT_EQ(messages[0].at("news").as_string(), "sent_clear");
  EXPECT_EQ(messages[0].at("destination").as_string(), "192.0.2.97");
  for (int i = 0; i < 10; ++i) send(kHost, kTold, 20);
  EXPECT_EQ(std::count_if(wan_.begin(), wan_.end(), [](const Buffer& f) { return f[23] == 17; }), 11)
      << "without the host";
  EXPECT_EQ(alice.ear->all("message").size(), 1U);
  send(kBobs, kTold);
  ASSERT_TRUE(run_until([&] { return clear(kTold) == 12; })) << "nobody's packets are not held up";
}

TEST_F(GatewayThatSpeaksTest, TellsThatPacketsAreRefused) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kRefused);
  ASSERT_TRUE(run_until([&] { return !alice.ear->all("message").empty(); }));
  EXPECT_THAT(std::string(alice.ear->all("message")[0].at("text").as_string()), HasSubstr("192.0.2.113 are refused"));
  const auto before = drops(layout::Drop::kSpdDiscard);
  for (int i = 0; i < 10; ++i) send(kHost, kRefused);
  EXPECT_EQ(drops(layout::Drop::kSpdDiscard), before + 10) << "by the card";
  EXPECT_EQ(clear(kRefused), 0U);
}

TEST_F(GatewayThatSpeaksTest, AnAnswerLetsGoWhatWaitedAndWhatFollows) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kAsked);
  send(kHost, kAsked);
  const auto id = asked(alice);
  const auto question = alice.ear->all("ask").at(0);
  EXPECT_EQ(question.at("destination").as_string(), "192.0.2.129");
  EXPECT_EQ(question.at("protocol").as_string(), "udp");
  EXPECT_EQ(question.at("port").to_number<int>(), 2000);
  EXPECT_EQ(question.at("choices"), (json::array{"clear", "refuse", "protect"}));
  EXPECT_EQ(question.at("until_s").to_number<int>(), 30);
  EXPECT_EQ(clear(kAsked), 0U);
  EXPECT_EQ(request("GET", {"questions"}, nullptr, kHost, alice.token()).at("questions").as_array().size(), 1U);

  EXPECT_TRUE(answer(alice, id, "clear").is_object());
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 2; }));
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 3U);
  EXPECT_EQ(alice.ear->all("answered").at(0).at("id"), question.at("id"));
  EXPECT_TRUE(request("GET", {"questions"}, nullptr, kHost, alice.token()).at("questions").as_array().empty());
  // What comes back to her is let in, and to nobody else.
  const auto back = [&](std::uint32_t to, std::chrono::seconds patience) {
    lan_.clear();
    driver::IpHeader header;
    header.ttl = 64;
    header.source = Address::from_v4(kAsked);
    header.destination = Address::from_v4(to);
    const Buffer udp = ByteWriter().u16(2000).u16(1000).u16(12).u16(0).zeros(4).take();
    arrives(driver::write_ip(header, driver::kProtocolUdp, udp));
    return run_until([&] { return !lan_.empty(); }, patience);
  };
  EXPECT_TRUE(back(kHost, kPatience));
  EXPECT_FALSE(back(kBobs, std::chrono::seconds(3)));
}

TEST_F(GatewayThatSpeaksTest, TheUserMayRefuseOrWantProtection) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kAsked);
  EXPECT_TRUE(answer(alice, asked(alice), "refuse", "session").is_object());
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 0U);
  send(kHost, kAsked + 1);
  EXPECT_TRUE(answer(alice, asked(alice, 1), "protect", "session").is_object());
  ASSERT_TRUE(run_until([&] { return protected_packets() == 1; }));
  send(kHost, kAsked + 1);
  EXPECT_EQ(protected_packets(), 2U);
  EXPECT_EQ(clear(kAsked + 1), 0U);
}

TEST_F(GatewayThatSpeaksTest, NothingPassesWhereNobodyAnswersOrListens) {
  speak();
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 0U) << "nobody's";
  const User deaf = enter("alice", kHost, false);
  send(kHost, kAsked);
  settle();
  EXPECT_EQ(clear(kAsked), 0U);
  const auto before = drops(layout::Drop::kSpdDiscard);
  send(kHost, kAsked);
  EXPECT_EQ(drops(layout::Drop::kSpdDiscard), before + 1) << "by the card";

  const User bob = enter("bob", kBobs);
  send(kBobs, kAsked);
  const auto id = asked(bob);
  gateway_->dialogue().tick(steady_clock::now() + std::chrono::seconds(31));
  EXPECT_EQ(bob.ear->all("answered").at(0).at("why").as_string(), "no_answer");
  EXPECT_THAT(std::string(bob.ear->all("message").at(0).at("text").as_string()), HasSubstr("have not answered"));
  EXPECT_THAT(json::serialize(answer(bob, id, "clear")), HasSubstr("there is no question"));
  EXPECT_EQ(clear(kAsked), 0U);
}

TEST_F(GatewayThatSpeaksTest, AnAnswerIsItsUsersAloneAndEndsWithTheSession) {
  speak();
  User alice = enter("alice", kHost);
  const User bob = enter("bob", kBobs);
  send(kHost, kAsked);
  const auto id = asked(alice);
  EXPECT_THAT(json::serialize(answer(bob, id, "clear")), HasSubstr("there is no question"));
  EXPECT_TRUE(bob.ear->all("ask").empty());
  EXPECT_TRUE(answer(alice, id, "clear", "session").is_object());
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  send(kBobs, kAsked);
  EXPECT_EQ(clear(kAsked), 1U) << "bob has been asked, and has not answered";
  leave(alice);
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 1U) << "nobody's";
  alice = enter("alice", kHost);
  send(kHost, kAsked);
  (void)asked(alice);
  EXPECT_EQ(clear(kAsked), 1U);
}

TEST_F(GatewayThatSpeaksTest, AnAnswerForAlwaysOutlivesTheDaemonAndIsTakenBack) {
  speak();
  User alice = enter("alice", kHost);
  send(kHost, kAsked);
  EXPECT_TRUE(answer(alice, asked(alice), "clear", "always").is_object());
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  kill();
  wan_.clear();
  start(card_, kConfiguration + kSpeaking);
  ASSERT_TRUE(peer_is_known());
  open_login();
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 0U) << "she is not there";
  alice = enter("alice", kHost);
  send(kHost, kAsked);
  EXPECT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  const auto answers = ask("GET", {"answers"}).at("answers").as_array();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].at("user").as_string(), "alice");
  EXPECT_EQ(answers[0].at("remember").as_string(), "always");
  const std::string number = std::to_string(answers[0].at("id").to_number<std::uint64_t>());
  EXPECT_TRUE(ask("DELETE", {"answers", number}).as_object().empty());
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 1U) << "she is to be asked again, and does not listen";
  EXPECT_TRUE(ask("GET", {"answers"}).at("answers").as_array().empty());
}

TEST_F(GatewayThatSpeaksTest, AnAnswerThatCannotBeStoredHoldsUntilTheLogout) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kAsked);
  const auto id = asked(alice);
  disk.set(Disk::State::kBroken);
  EXPECT_THAT(json::serialize(answer(alice, id, "clear", "always")), HasSubstr("until you log out"));
  disk.set(Disk::State::kFine);
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  leave(alice);
  const User again = enter("alice", kHost);
  send(kHost, kAsked);
  (void)asked(again);
  EXPECT_EQ(clear(kAsked), 1U);
}

TEST_F(GatewayThatSpeaksTest, TellsWhosePacketsCannotBeProtectedAndWhy) {
  speak();
  const User alice = enter("alice", kHost);
  const User bob = enter("bob", kBobs);
  const auto principal = gateway_->keeper().users().at("alice").principal;
  Dialogue& dialogue = gateway_->dialogue();
  dialogue.waits("b/net", principal, IpAddress::from_v4(kRemote));
  dialogue.not_connected("b/other", Errc::kTimeout, steady_clock::now());
  EXPECT_TRUE(alice.ear->all("message").empty());
  dialogue.not_connected("b/net", Errc::kTimeout, steady_clock::now());
  ASSERT_EQ(alice.ear->all("message").size(), 1U);
  EXPECT_EQ(alice.ear->all("message")[0].at("news").as_string(), "not_protected");
  EXPECT_THAT(std::string(alice.ear->all("message")[0].at("text").as_string()),
              HasSubstr("10.2.0.10 cannot be protected and are not sent, as the other gateway does not answer"));
  EXPECT_TRUE(bob.ear->all("message").empty());
}

// G1's message, once it is more than a packet that was late.
TEST_F(GatewayThatSpeaksTest, TellsThatAPeerProtectsByWhatIsNotKnownHere) {
  speak();
  const User alice = enter("alice", kHost);
  const auto unknown = [&](std::uint32_t from) {
    driver::IpHeader header;
    header.ttl = 64;
    header.source = Address::from_v4(from);
    header.destination = kOurs;
    const Buffer esp = ByteWriter().u32(0x7777).u32(1).zeros(64).take();
    const auto before = drops(layout::Drop::kSpiUnknown);
    arrives(driver::write_ip(header, driver::kProtocolEsp, esp));
    EXPECT_EQ(drops(layout::Drop::kSpiUnknown), before + 1);
    settle();
  };
  unknown(kTold);  // no peer of ours
  gateway_->dialogue().spi_unknown(IpAddress::from_v4(kTold), steady_clock::now() + std::chrono::seconds(5));
  unknown(kPeer);
  EXPECT_TRUE(alice.ear->all("message").empty());
  gateway_->dialogue().spi_unknown(IpAddress::from_v4(kPeer), steady_clock::now() + std::chrono::seconds(5));
  ASSERT_EQ(alice.ear->all("message").size(), 1U);
  EXPECT_EQ(alice.ear->all("message")[0].at("news").as_string(), "spi_unknown");
  EXPECT_EQ(alice.ear->all("message")[0].at("destination").as_string(), "192.0.2.2");
}

// A policy that asks may become another one while answers to it are there.
TEST_F(GatewayThatSpeaksTest, AnAnswerDoesNotOutliveItsQuestion) {
  speak();
  const User alice = enter("alice", kHost);
  send(kHost, kAsked);
  EXPECT_TRUE(answer(alice, asked(alice), "clear", "session").is_object());
  ASSERT_TRUE(run_until([&] { return clear(kAsked) == 1; }));
  ask("PUT", {"policies", "asked"}, {{"action", "discard"}, {"destination", "192.0.2.128/25"}});
  send(kHost, kAsked);
  EXPECT_EQ(clear(kAsked), 1U);
}

// Two users, their packets, questions, answers, logouts and silence in any order: what leaves in the clear was let go
// by its sender, who is there.
TEST_F(GatewayThatSpeaksTest, InAnyOrderNothingLeavesThatItsUserHasNotLetGo) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto any = [&](std::uint32_t n) { return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(random); };
  speak();
  struct Person {
    std::string name;
    std::uint32_t address;
    std::optional<User> here;
    std::map<std::uint32_t, std::string> said;  // of a destination: the last answer
    std::size_t heard = 0;                      // questions
  };
  Person people[] = {{"alice", kHost, {}, {}}, {"bob", kBobs, {}, {}}};
  std::size_t left_in_the_clear = 0;
  for (int step = 0; step < 300 || left_in_the_clear <= 5; ++step) {  // until the test has tested something
    ASSERT_LT(step, 10000) << "hardly anything leaves in the clear";
    Person& person = people[any(2)];
    wan_.clear();
    const std::uint32_t to = kAsked + any(3);
    switch (any(8)) {
      default:
        send(person.address, to);
        break;
      case 4:
      case 5:
        if (person.here) {
          const auto questions =
              request("GET", {"questions"}, nullptr, person.address, person.here->token()).at("questions").as_array();
          ASSERT_LE(questions.size(), 3U) << "one of each destination";
          if (questions.empty()) break;
          const auto& question = questions[any(static_cast<std::uint32_t>(questions.size()))];
          const std::string choice = any(2) == 0 ? "clear" : "refuse";
          const auto about = IpAddress::parse(std::string(question.at("destination").as_string())).value().v4();
          person.said[about] = choice;
          ASSERT_TRUE(answer(*person.here, question.at("id").to_number<std::uint64_t>(), choice,
                             any(2) == 0 ? "flow" : "session")
                          .is_object());
        }
        break;
      case 6:
        if (person.here && any(3) == 0) {
          leave(*person.here);
          person.here.reset();
          person.said.clear();
        } else if (!person.here) {
          person.here = enter(person.name, person.address);
        }
        break;
      case 7:
        gateway_->dialogue().tick(steady_clock::now() + std::chrono::seconds(any(2) == 0 ? 31 : 200));
        break;
    }
    settle();
    for (const Buffer& frame : wan_) {
      if (frame[23] != 17) continue;
      ++left_in_the_clear;
      const std::uint32_t from = u32(frame, 26);
      const Person& sender = from == kHost ? people[0] : people[1];
      ASSERT_TRUE(sender.here) << "nobody's packet left, at step " << step;
      const auto said = sender.said.find(u32(frame, 30));
      ASSERT_TRUE(said != sender.said.end() && said->second == "clear") << "without leave, at step " << step;
    }
  }
}

}  // namespace
}  // namespace sallyport::gateway
