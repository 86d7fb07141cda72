// SPDX-License-Identifier: Apache-2.0
#include "host/login/inbox.hpp"

#include <boost/json.hpp>
#include <utility>

#include "host/base/text.hpp"

namespace sallyport::login {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

// Ours: a gateway cannot make this computer remember more.
constexpr std::size_t kMostMessages = 64;
constexpr std::size_t kMostQuestions = 64;
constexpr std::uint64_t kLongestWait = 3600;  // seconds

}  // namespace

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? on_one_line(value->get_string()) : std::string();
}

std::uint64_t number_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  boost::system::error_code failure;
  const auto number = value != nullptr && value->is_number() ? value->to_number<std::uint64_t>(failure) : 0;
  return failure ? 0 : number;
}

std::string place_of(const json::object& question) {
  const std::uint64_t port = number_of(question, "port");
  return text_of(question, "destination") + ", " + text_of(question, "protocol") +
         (port == 0 ? "" : " port " + std::to_string(port));
}

std::string choices_of(const json::object& question) {
  std::string out;
  const auto* choices = question.if_contains("choices");
  if (choices == nullptr || !choices->is_array()) return out;
  for (const auto& choice : choices->get_array()) {
    if (choice.is_string()) out += (out.empty() ? "" : ", ") + on_one_line(choice.get_string());
  }
  return out;
}

std::string Inbox::on_message(const json::object& data) {
  messages_.push_back(text_of(data, "text"));
  if (messages_.size() > kMostMessages) {
    messages_.pop_front();
    ++forgotten_;
  }
  return messages_.back();
}

std::string Inbox::on_ask(const json::object& data, Time now) {
  const std::uint64_t id = number_of(data, "id");
  std::erase_if(questions_, [now](const auto& entry) { return entry.second.until <= now; });
  if (id == 0 || questions_.size() >= kMostQuestions) return {};
  const auto until = now + seconds(std::min(number_of(data, "until_s"), kLongestWait));
  if (!questions_.insert_or_assign(id, Question{data, until}).second) return {};
  return "your packets to " + place_of(data) + " wait for your answer; see: sallyport-login watch";
}

std::vector<std::string> Inbox::on_list(const json::array& questions, Time now) {
  const auto known = std::exchange(questions_, {});
  std::vector<std::string> news;
  for (const auto& question : questions) {
    if (!question.is_object()) continue;
    std::string sentence = on_ask(question.get_object(), now);
    if (!sentence.empty() && !known.contains(number_of(question.get_object(), "id")))
      news.push_back(std::move(sentence));
  }
  return news;
}

json::array Inbox::messages() const { return json::array(messages_.begin(), messages_.end()); }

json::array Inbox::questions(Time now) const {
  json::array all;
  for (const auto& [id, question] : questions_) {
    if (question.until <= now) continue;
    json::object out = question.data;
    out["until_s"] = std::chrono::ceil<seconds>(question.until - now).count();
    all.push_back(std::move(out));
  }
  return all;
}

}  // namespace sallyport::login
