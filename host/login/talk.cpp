// SPDX-License-Identifier: Apache-2.0
#include "host/login/talk.hpp"

#include <poll.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <map>
#include <sstream>

#include "host/login/inbox.hpp"

namespace sallyport::login {
namespace {

namespace json = boost::json;

constexpr int kLookMs = 300;
constexpr std::size_t kLongestLine = 256;

class Watch {
 public:
  Watch(const AskKeeper& ask, bool as_json, std::ostream& out)
      : ask_(ask), as_json_(as_json), typed_(!as_json && ::isatty(STDIN_FILENO) != 0), out_(out) {}

  void run() {
    while (true) {
      const auto status = ask_({"GET", "/v1/status", nullptr});
      if (!status || !status->is_object()) break;
      show_messages(status->get_object());
      show_questions(status->get_object());
      prompt();
      wait();
    }
    if (!as_json_) out_ << "logged out" << std::endl;
  }

 private:
  void show_messages(const json::object& status) {
    const auto* messages = status.if_contains("messages");
    if (messages == nullptr || !messages->is_array()) return;
    const std::uint64_t forgotten = number_of(status, "messages_forgotten");
    const json::array& all = messages->get_array();
    if (!began_) shown_ = forgotten + all.size();  // `status` shows the old ones
    began_ = true;
    for (; shown_ < forgotten + all.size(); ++shown_) {
      if (shown_ < forgotten) continue;
      const json::value& message = all[shown_ - forgotten];
      if (as_json_) {
        say(json::object{{"message", message}});
      } else if (message.is_string()) {
        line() << message.get_string() << std::endl;
      }
    }
  }

  void show_questions(const json::object& status) {
    const auto* listed = status.if_contains("questions");
    if (listed == nullptr || !listed->is_array()) return;
    std::map<std::uint64_t, json::object> now;
    for (const auto& question : listed->get_array()) {
      if (question.is_object()) now.emplace(number_of(question.get_object(), "id"), question.get_object());
    }
    for (const auto& [id, question] : open_) {
      if (now.contains(id)) continue;
      if (as_json_) {
        say(json::object{{"over", id}});
      } else if (id == asked_) {
        line() << "question " << id << " is over" << std::endl;
      }
      if (id == asked_) asked_ = 0;
    }
    for (const auto& [id, question] : now) {
      if (open_.contains(id)) continue;
      if (as_json_) {
        say(json::object{{"ask", question}});
      } else {
        line() << "question " << id << ": your packets to " << place_of(question) << " wait, for "
               << number_of(question, "until_s") << " s; " << choices_of(question) << "?" << std::endl;
        if (asked_ != 0) asked_ = 0;  // to be prompted for again, below what was written over it
      }
    }
    open_ = std::move(now);
  }

  void prompt() {
    if (!typed_ || asked_ != 0 || open_.empty()) return;
    asked_ = open_.begin()->first;
    out_ << "answer " << asked_ << " (" << choices_of(open_.at(asked_))
         << "; and session or always, to be remembered): " << std::flush;
    prompted_ = true;
  }

  // For a moment, or until a line is typed.
  void wait() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, typed_ ? 1 : 0, kLookMs) <= 0) return;
    char part[kLongestLine];
    const ssize_t size = ::read(STDIN_FILENO, part, sizeof part);
    if (size <= 0) {  // nobody types any more
      typed_ = false;
      return;
    }
    line_.append(part, static_cast<std::size_t>(size));
    const auto end = line_.find('\n');
    if (end == std::string::npos) {
      if (line_.size() > kLongestLine) line_.clear();
      return;
    }
    std::istringstream words(line_.substr(0, end));
    line_.erase(0, end + 1);
    prompted_ = false;
    std::string choice;
    std::string remember;
    if (asked_ == 0 || !(words >> choice)) {
      asked_ = 0;
      return;
    }
    if (!(words >> remember)) remember = "flow";
    const auto answered = ask_(answer_request(std::to_string(asked_), choice, remember));
    if (answered) {
      out_ << "answered" << std::endl;
      open_.erase(asked_);
    } else {
      out_ << answered.error().detail << std::endl;
    }
    asked_ = 0;
  }

  // Where something is said amid a prompt, it begins a line of its own.
  std::ostream& line() {
    if (std::exchange(prompted_, false)) out_ << "\n";
    return out_;
  }
  void say(const json::object& object) { out_ << json::serialize(object) << std::endl; }

  const AskKeeper& ask_;
  bool as_json_;
  bool typed_;  // somebody may type answers
  std::ostream& out_;
  bool began_ = false;
  std::uint64_t shown_ = 0;  // messages
  std::map<std::uint64_t, json::object> open_;
  std::uint64_t asked_ = 0;  // the question that was prompted for; 0: none
  bool prompted_ = false;    // the cursor stands behind a prompt
  std::string line_;         // typed so far
};

}  // namespace

api::ClientRequest answer_request(const std::string& question, const std::string& choice, const std::string& remember) {
  return {"POST", "/v1/answers/" + api::path_segment(question), {{"choice", choice}, {"remember", remember}}};
}

void watch(const AskKeeper& ask, bool as_json, std::ostream& out) { Watch(ask, as_json, out).run(); }

}  // namespace sallyport::login
