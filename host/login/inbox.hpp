// SPDX-License-Identifier: Apache-2.0
// What the gateway has said to the user: the newest messages, and the questions that wait for an answer.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace sallyport::login {

class Inbox {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Each returns the sentence for the user; empty: there is nothing new.
  std::string on_message(const boost::json::object& data);
  std::string on_ask(const boost::json::object& data, Time now);
  void on_answered(std::uint64_t question) { questions_.erase(question); }
  // All that wait, as the gateway lists them. Returns the sentences of those that were not known.
  std::vector<std::string> on_list(const boost::json::array& questions, Time now);

  [[nodiscard]] boost::json::array messages() const;
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }  // messages that stood before those
  [[nodiscard]] boost::json::array questions(Time now) const;           // `until_s` counted from now

 private:
  struct Question {
    boost::json::object data;
    Time until;
  };
  std::deque<std::string> messages_;
  std::uint64_t forgotten_ = 0;
  std::map<std::uint64_t, Question> questions_;  // by id
};

// "10.2.0.9, tcp port 443"
[[nodiscard]] std::string place_of(const boost::json::object& question);
// "clear, refuse"
[[nodiscard]] std::string choices_of(const boost::json::object& question);
// Whatever the gateway sends: what is missing or of another kind is nothing, and what would steer a terminal is written
// so that it does not.
[[nodiscard]] std::string text_of(const boost::json::object& object, std::string_view key);
[[nodiscard]] std::uint64_t number_of(const boost::json::object& object, std::string_view key);

}  // namespace sallyport::login
