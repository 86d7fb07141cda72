// SPDX-License-Identifier: Apache-2.0
// For tests: a desk with the directory's password and two ways of the test's own, on a clock of the test's own.
#pragma once

#include <boost/json.hpp>

#include "host/users/authenticators/password_authenticator.hpp"
#include "host/users/sessions/login_desk.hpp"
#include "host/users/sessions/test_owner.hpp"
#include "host/users/test_login.hpp"

namespace sallyport::users {

// As a card: it must be shown at each renewal. The answer "nonce" is the challenge's, while the card is in.
class FakeCard : public Authenticator {
 public:
  [[nodiscard]] std::string_view name() const override { return "card"; }
  [[nodiscard]] Result<Challenge> begin(const Claim& claim) override {
    return Challenge{{"nonce", "for " + claim.attempt}};
  }
  [[nodiscard]] Result<Identity> finish(const Claim& claim, const Challenge& challenge, const Answer& answer) override {
    if (answer.text("nonce") != challenge.at("nonce")) return Error{Errc::kAuthFailed, "no such card"};
    return Identity{claim.user.empty() ? "alice" : claim.user};
  }
  [[nodiscard]] bool proves_presence() const override { return true; }
};

// As a server elsewhere: it knows everybody, or is silent.
class FakeServer : public Authenticator {
 public:
  [[nodiscard]] std::string_view name() const override { return "server"; }
  [[nodiscard]] Result<Challenge> begin(const Claim&) override { return Challenge{}; }
  [[nodiscard]] Result<Identity> finish(const Claim& claim, const Challenge&, const Answer& answer) override {
    if (answer.text("password") == "silence") return Error{Errc::kTimeout, "no server answers"};
    return Identity{answer.text("password") == "rename" ? "not a name" : claim.user, {"guests"}, std::chrono::hours(1)};
  }
  [[nodiscard]] bool brings_its_users() const override { return true; }
};

class FakeStream : public api::EventStream {
 public:
  void send(std::string_view event, const boost::json::value& data) override {
    events.push_back(std::string(event) + " " + boost::json::serialize(data));
  }
  void close() override { is_open = false; }
  [[nodiscard]] bool open() const override { return is_open; }

  std::vector<std::string> events;
  bool is_open = true;
};

class DeskTest : public LoginTest {
 protected:
  LoginDesk::Authenticators authenticators() {
    LoginDesk::Authenticators all;
    all.push_back(std::make_unique<PasswordAuthenticator>(directory_));
    all.push_back(std::make_unique<FakeCard>());
    all.push_back(std::make_unique<FakeServer>());
    return all;
  }
  DeskSettings settings() {
    DeskSettings s;
    s.gateway_key = "0123abcd";
    s.addresses = {IpAddress::parse("10.0.0.1").value(), IpAddress::parse("2001:db8::1").value()};
    s.now = [this] { return now_; };
    return s;
  }

  // Calls `ask` with a responder and runs the loop until it is used.
  template <class T, class Ask>
  T answer_of(Ask ask) {
    std::optional<T> out;
    ask([&](T result) { out = std::move(result); });
    loop_.restart();
    const auto work = boost::asio::make_work_guard(loop_);
    while (!out) loop_.run_one();
    return std::move(*out);
  }
  Result<LoginDesk::Started> start(const std::string& method, const std::string& user, std::uint32_t uid = 1000) {
    return answer_of<Result<LoginDesk::Started>>(
        [&](auto respond) { desk_->start(method, user, here_, uid, false, std::move(respond)); });
  }
  Result<Sessions::Begun> finish(const std::string& login, Answer words) {
    return answer_of<Result<Sessions::Begun>>(
        [&](auto respond) { desk_->answer(login, here_, std::move(words), std::move(respond)); });
  }
  Result<Sessions::Begun> log_in(const std::string& method, const std::string& user, std::string_view password,
                                 std::uint32_t uid = 1000) {
    const auto started = start(method, user, uid);
    if (!started) return started.error();
    const auto nonce = started->challenge.find("nonce");
    return finish(started->login,
                  answer({{"password", password}, {"nonce", nonce == started->challenge.end() ? "" : nonce->second}}));
  }
  Result<LoginDesk::Renewal> renew(const Secret& token, std::optional<Answer> words = {}) {
    return answer_of<Result<LoginDesk::Renewal>>(
        [&](auto respond) { desk_->renew(token, here_, std::move(words), std::move(respond)); });
  }
  // Of the last entries of the audit log: "action subject detail".
  std::vector<std::string> audit(std::size_t most) {
    desk_.reset();  // all that was at work is written
    auto entries = directory_.with([](Directory& d) { return d.audit(0, 10000).value(); });
    std::vector<std::string> out;
    for (const AuditEntry& e : entries) out.push_back(e.action + " " + e.subject + " " + e.detail);
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(std::min(most, out.size())));
    return out;
  }

  Session::Time now_{std::chrono::hours(1000)};
  IpAddress here_ = IpAddress::parse("10.0.0.5").value();
  boost::asio::io_context loop_;
  RecordingOwner owner_;
  std::unique_ptr<LoginDesk> desk_ =
      std::make_unique<LoginDesk>(loop_, directory_, authenticators(), owner_, settings());
};

}  // namespace sallyport::users
