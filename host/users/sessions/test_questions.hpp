// SPDX-License-Identifier: Apache-2.0
// For tests: somebody who asks users, and notes what they answer.
#pragma once

#include <boost/json.hpp>

#include "host/users/sessions/questions.hpp"

namespace sallyport::users {

class RecordingQuestions : public Questions {
 public:
  [[nodiscard]] boost::json::array open_questions(const std::string& user) const override {
    return user == asks ? questions : boost::json::array{};
  }
  [[nodiscard]] boost::json::array answers_of(const std::string& user) const override {
    return user == asks ? given : boost::json::array{};
  }
  void answer(const Session& session, const std::string& question, const std::string& choice,
              const std::string& remember, std::function<void(Result<std::string>)> respond) override {
    if (session.user != asks || question != "3") return respond(Error{Errc::kNotFound, "no such question"});
    if (choice != "clear" && choice != "refuse") return respond(Error{Errc::kInvalid, "no such choice"});
    answers.push_back(choice + " " + remember);
    questions.clear();
    respond(choice + " for " + remember);
  }
  void forget(const std::string& user, const std::string& answer,
              std::function<void(Result<std::string>)> respond) override {
    if (user != asks || answer != "3") return respond(Error{Errc::kNotFound, "no such answer"});
    answers.emplace_back("forgotten");
    respond(std::string("10.2.0.9"));
  }

  std::string asks = "alice";
  boost::json::array questions;      // as they are told
  boost::json::array given;          // likewise
  std::vector<std::string> answers;  // "clear session", "forgotten"
};

}  // namespace sallyport::users
