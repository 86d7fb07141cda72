// SPDX-License-Identifier: Apache-2.0
#include "host/users/sessions/login_service.hpp"

#include <gmock/gmock.h>

#include "host/users/sessions/test_desk.hpp"
#include "host/users/sessions/test_questions.hpp"

namespace sallyport::users {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class LoginServiceTest : public DeskTest {
 protected:
  Result<json::value> ask(const std::string& method, std::vector<std::string> path, const json::value& body = nullptr,
                          const std::string& token = "", const std::string& from = "10.0.0.5") {
    return answer_of<Result<json::value>>([&](api::Respond respond) {
      service_.call({method, std::move(path), body, from, secret(token)}, std::move(respond));
    });
  }
  json::value log_in_with_marking() {
    const auto started =
        ask("POST", {"logins"}, {{"method", "password"}, {"user", "alice"}, {"uid", 1000}, {"marking", "tag"}}).value();
    return ask("POST", {"logins", std::string(started.at("login").as_string())},
               {{"answer", {{"password", kPassword}}}})
        .value();
  }
  json::value log_in_by_json() {
    const auto started = ask("POST", {"logins"}, {{"method", "password"}, {"user", "alice"}, {"uid", 1000}}).value();
    return ask("POST", {"logins", std::string(started.at("login").as_string())},
               {{"answer", {{"password", kPassword}}}})
        .value();
  }

  RecordingQuestions questions_;
  LoginService service_{*desk_, questions_};
};

TEST_F(LoginServiceTest, CarriesALoginFromItsStartToItsEnd) {
  const json::value session = log_in_by_json();
  const std::string token(session.at("token").as_string());
  EXPECT_EQ(session.at("user"), "alice");
  EXPECT_EQ(session.at("groups"), (json::array{"staff"}));
  EXPECT_EQ(session.at("lifetime_s"), 36000);
  EXPECT_EQ(session.at("renewal_s"), 120);
  const json::value status = ask("GET", {"session"}, nullptr, token).value();
  EXPECT_EQ(status.at("session"), session.at("session"));
  EXPECT_FALSE(status.as_object().contains("token"));
  EXPECT_EQ(ask("POST", {"session", "renew"}, nullptr, token).value(), (json::object{{"renewal_s", 120}}));
  EXPECT_EQ(ask("POST", {"session", "logout"}, {{"reason", "logout"}}, token).value(), json::object{});
  EXPECT_EQ(ask("GET", {"session"}, nullptr, token).error().code, Errc::kDenied);
}

TEST_F(LoginServiceTest, GivesTheTagOfASessionOnceAndToThoseWhoAskForIt) {
  EXPECT_FALSE(log_in_by_json().as_object().contains("tag"));
  const json::value session = log_in_with_marking();
  EXPECT_EQ(session.at("tag"),
            (json::object{{"handle", 0x89abcdef}, {"key", "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"}, {"plain", false}}));
  const std::string token(session.at("token").as_string());
  EXPECT_FALSE(ask("GET", {"session"}, nullptr, token)->as_object().contains("tag"));
}

TEST_F(LoginServiceTest, TellsWhereASessionJoinsByItsOtherAddresses) {
  const json::value session = log_in_with_marking();
  EXPECT_EQ(session.at("gateway_addresses"), (json::array{"10.0.0.1", "2001:db8::1"}));
  EXPECT_EQ(session.at("also_at"), json::array{});
  const std::string token(session.at("token").as_string());
  const std::string there = "2001:db8::5";
  EXPECT_EQ(ask("GET", {"session"}, nullptr, token, there).error().code, Errc::kDenied);
  EXPECT_EQ(ask("POST", {"session", "addresses"}, nullptr, "", there).error().code, Errc::kDenied);
  EXPECT_EQ(ask("POST", {"session", "addresses"}, nullptr, token, there).value(), (json::object{{"renewal_s", 120}}));
  EXPECT_EQ(ask("GET", {"session"}, nullptr, token, there)->at("also_at"), json::array{there});
  EXPECT_THAT(audit(1),
              testing::ElementsAre("session.joined alice 2001:db8::5, of the session from 10.0.0.5, uid 1000"));
}

TEST_F(LoginServiceTest, CarriesAChallengeAndItsAnswer) {
  const auto started = ask("POST", {"logins"}, {{"method", "card"}, {"user", ""}, {"uid", 7}}).value();
  const json::value answer{{"answer", started.at("challenge")}};
  const auto session = ask("POST", {"logins", std::string(started.at("login").as_string())}, answer).value();
  const std::string token(session.at("token").as_string());
  const auto asked = ask("POST", {"session", "renew"}, nullptr, token).value();
  EXPECT_TRUE(ask("POST", {"session", "renew"}, {{"answer", asked.at("challenge")}}, token));
}

TEST_F(LoginServiceTest, CarriesQuestionsAndAnswersOfWhoIsLoggedIn) {
  const std::string token(log_in_by_json().at("token").as_string());
  questions_.questions = {json::object{{"id", 3}, {"destination", "10.2.0.9"}}};
  EXPECT_EQ(ask("GET", {"questions"}).error().code, Errc::kDenied);
  EXPECT_EQ(ask("GET", {"questions"}, nullptr, token)->at("questions"), questions_.questions);
  const json::value clear{{"choice", "clear"}, {"remember", "session"}};
  EXPECT_EQ(ask("POST", {"answers", "3"}, clear).error().code, Errc::kDenied);
  EXPECT_EQ(ask("POST", {"answers", "4"}, clear, token).error().code, Errc::kNotFound);
  EXPECT_EQ(ask("POST", {"answers", "3"}, {{"choice", "clear"}}, token).error().code, Errc::kInvalid);
  EXPECT_EQ(ask("POST", {"answers", "3"}, {{"choice", 1}, {"remember", "flow"}}, token).error().code, Errc::kInvalid);
  EXPECT_EQ(ask("DELETE", {"answers", "3"}).error().code, Errc::kDenied);
  EXPECT_TRUE(questions_.answers.empty());
  EXPECT_TRUE(ask("POST", {"answers", "3"}, clear, token));
  EXPECT_TRUE(ask("GET", {"questions"}, nullptr, token)->at("questions").as_array().empty());
  EXPECT_TRUE(ask("DELETE", {"answers", "3"}, nullptr, token));
  EXPECT_EQ(questions_.answers, (std::vector<std::string>{"clear session", "forgotten"}));
  const auto noted = audit(2);
  EXPECT_EQ(noted.at(0), "answer.given alice clear for session");
  EXPECT_EQ(noted.at(1), "answer.deleted alice 10.2.0.9");
}

TEST_F(LoginServiceTest, TellsItsMethods) {
  EXPECT_EQ(ask("GET", {"methods"}).value(), (json::object{{"methods",
                                                            {{{"name", "password"}, {"proves_presence", false}},
                                                             {{"name", "card"}, {"proves_presence", true}},
                                                             {{"name", "server"}, {"proves_presence", false}}}}}));
}

TEST_F(LoginServiceTest, RefusesWhatIsNoRequestOfItsOwn) {
  const std::string long_text(5000, 'x');
  const json::value kWrong[] = {
      nullptr,
      "text",
      json::array{},
      json::object{},
      {{"method", 1}, {"user", "alice"}, {"uid", 1}},
      {{"method", "password"}, {"user", nullptr}, {"uid", 1}},
      {{"method", "password"}, {"user", "alice"}},
      {{"method", "password"}, {"user", "alice"}, {"uid", "1"}},
      {{"method", "password"}, {"user", "alice"}, {"uid", -1}},
      {{"method", "password"}, {"user", "alice"}, {"uid", 4294967296}},
      {{"method", "password"}, {"user", "alice"}, {"uid", 1.5}},
      {{"method", long_text}, {"user", "alice"}, {"uid", 1}},
      {{"method", "password"}, {"user", "alice"}, {"uid", 1}, {"marking", "paint"}},
      {{"method", "password"}, {"user", "alice"}, {"uid", 1}, {"marking", true}},
  };
  for (const auto& body : kWrong) {
    EXPECT_EQ(ask("POST", {"logins"}, body).error().code, Errc::kInvalid) << json::serialize(body);
  }
  json::object many;
  for (int i = 0; i < 9; ++i) many["word" + std::to_string(i)] = "x";
  const json::value kWrongAnswers[] = {nullptr,
                                       {{"answer", nullptr}},
                                       {{"answer", "text"}},
                                       {{"answer", {{"password", 1}}}},
                                       {{"answer", {{"password", long_text}}}},
                                       {{"answer", {{long_text, "x"}}}},
                                       {{"answer", many}}};
  for (const auto& body : kWrongAnswers) {
    EXPECT_EQ(ask("POST", {"logins", "0"}, body).error().code, Errc::kInvalid) << json::serialize(body);
  }
  EXPECT_EQ(ask("GET", {"logins"}).error().code, Errc::kNotFound);
  EXPECT_EQ(ask("POST", {"session"}).error().code, Errc::kNotFound);
  EXPECT_EQ(ask("POST", {"logins", "0", "x"}).error().code, Errc::kNotFound);
  EXPECT_EQ(ask("POST", {"session", "logout"}, {{"reason", "administrator"}}).error().code, Errc::kInvalid)
      << "which is not the user's to say";
}

TEST_F(LoginServiceTest, TakesEventsForWhoHasAToken) {
  const std::string token(log_in_by_json().at("token").as_string());
  const auto listen = [&](std::vector<std::string> path, const std::string& by) {
    return service_.listen({"GET", std::move(path), nullptr, here_.to_string(), secret(by)},
                           std::make_shared<FakeStream>());
  };
  EXPECT_TRUE(listen({"events"}, token));
  EXPECT_EQ(listen({"events"}, "").error().code, Errc::kDenied);
  EXPECT_EQ(listen({"elsewhere"}, token).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace sallyport::users
