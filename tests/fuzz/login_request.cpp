// SPDX-License-Identifier: Apache-2.0
// Requests of users' computers, one a line: "METHOD path token-or-minus JSON". Each is answered once; nobody is let in
// who does not know the password, and what a service answers can be read again. Also the events a computer reads.
#include <boost/json.hpp>
#include <filesystem>

#include "host/api/events.hpp"
#include "host/api/target.hpp"
#include "host/login/inbox.hpp"
#include "host/users/sessions/login_service.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

using namespace users;
namespace json = boost::json;

class Owner : public SessionOwner {
 public:
  Result<std::optional<Tag>> on_begin(const Session& session) override {
    must(session.user == "alice", "only who is known gets in");
    return session.tagged ? std::optional(Tag{1, Secret(16)}) : std::optional<Tag>();
  }
  Result<void> on_joined(const Session&) override { return {}; }
  void on_left(const Session&) override {}
  void on_end(const Session&, EndReason, std::function<void()> done) override { done(); }
};

// Asks nobody but alice, who is logged in.
class Asker : public Questions {
 public:
  [[nodiscard]] json::array open_questions(const std::string& user) const override {
    must(user == "alice", "only who is logged in reads questions");
    return {json::object{{"id", 1}}};
  }
  [[nodiscard]] json::array answers_of(const std::string& user) const override { return open_questions(user); }
  void answer(const Session& session, const std::string& question, const std::string&, const std::string&,
              std::function<void(Result<std::string>)> respond) override {
    must(session.user == "alice", "only who is logged in answers");
    respond(question);
  }
  void forget(const std::string& user, const std::string& answer,
              std::function<void(Result<std::string>)> respond) override {
    must(user == "alice", "only who is logged in takes an answer back");
    respond(answer);
  }
};

// Whoever says "open sesame" is alice.
class Sesame : public Authenticator {
 public:
  [[nodiscard]] std::string_view name() const override { return "password"; }
  [[nodiscard]] Result<Challenge> begin(const Claim&) override { return Challenge{{"nonce", "1"}}; }
  [[nodiscard]] Result<Identity> finish(const Claim&, const Challenge&, const Answer& answer) override {
    if (answer.text("password") != "open sesame") return Error{Errc::kAuthFailed, "no"};
    return Identity{"alice"};
  }
  [[nodiscard]] bool proves_presence() const override { return true; }
};

struct World {
  World() : folder("/tmp/sallyport-fuzz-login-" + std::to_string(::getpid())) {
    std::filesystem::remove_all(folder);
    directory = std::make_unique<SharedDirectory>(Directory::open_file(folder / "users.db").value());
    directory->with([](Directory& d) { d.add_user("fuzz", {"alice"}).value(); });
    LoginDesk::Authenticators ways;
    ways.push_back(std::make_unique<Sesame>());
    DeskSettings settings;
    settings.threads = 1;
    desk = std::make_unique<LoginDesk>(loop, *directory, std::move(ways), owner, settings);
    service = std::make_unique<LoginService>(*desk, asker);
  }
  ~World() {
    desk.reset();
    std::filesystem::remove_all(folder);
  }
  std::filesystem::path folder;
  std::unique_ptr<SharedDirectory> directory;
  boost::asio::io_context loop;
  Owner owner;
  Asker asker;
  std::unique_ptr<LoginDesk> desk;
  std::unique_ptr<LoginService> service;
};

// As a user's computer takes what its gateway says.
void read_events(const std::string& text) {
  const auto events = api::EventParser().feed(text);
  login::Inbox inbox;
  for (const auto& event : events.value_or({})) {
    boost::system::error_code wrong;
    const json::value data = json::parse(event.data, wrong);
    if (wrong || !data.is_object()) continue;
    (void)inbox.on_message(data.get_object());
    (void)inbox.on_ask(data.get_object(), {});
    (void)inbox.on_list({data}, {});
    for (const auto& question : inbox.questions({})) {
      (void)login::place_of(question.as_object());
      (void)login::choices_of(question.as_object());
    }
  }
}

std::string_view next_word(std::string_view& line) {
  const auto end = std::min(line.find(' '), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

}  // namespace

std::vector<Buffer> seeds() {
  return {seed("GET /v1/methods - \n"),
          seed(R"(POST /v1/logins - {"method":"password","user":"alice","uid":1000,"marking":"tag"})"
               "\n"
               R"(POST /v1/logins/LOGIN - {"answer":{"password":"open sesame"}})"
               "\nPOST /v1/session/renew TOKEN \n"
               R"(POST /v1/session/renew TOKEN {"answer":{"password":"open sesame"}})"
               "\nGET /v1/session TOKEN \n"
               R"(POST /v1/answers/1 TOKEN {"choice":"clear","remember":"flow"})"
               "\nGET /v1/questions TOKEN \n"
               "DELETE /v1/answers/1 TOKEN \n"
               R"(POST /v1/session/logout TOKEN {"reason":"logout"})"
               "\n"),
          seed("event: message\ndata: {\"text\":\"sent in the clear\"}\n\nevent: end\ndata: {\"reason\":\"logout\"}\n\n"
               "event: ask\ndata: {\"id\":3,\"destination\":\"10.2.0.9\",\"protocol\":\"tcp\",\"port\":443,"
               "\"choices\":[\"clear\",\"refuse\"],\"until_s\":30}\n\n")};
}

void run(Bytes input) {
  static World world;
  const std::string text = text_of(input);
  read_events(text);

  std::string login;
  std::string token;
  std::string_view rest = text;
  for (int lines = 0; !rest.empty() && lines < 12; ++lines) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    api::Request request;
    request.method = next_word(line);
    auto target = api::parse_target(next_word(line));
    if (!target) continue;
    for (auto& part : target->path) {
      if (part == "LOGIN") part = login;
    }
    request.path = target->path;
    const std::string by(next_word(line));
    request.token = Secret(as_bytes(by == "TOKEN" ? token : by));
    request.from = "10.0.0.5";
    boost::system::error_code wrong;
    if (!line.empty()) request.body = json::parse(line, wrong);
    if (wrong) continue;

    unsigned answers = 0;
    world.service->call(request, [&](const Result<json::value>& answer) {
      ++answers;
      if (!answer) return;
      must(answer->is_object(), "an answer is an object");
      if (const auto* l = answer->as_object().if_contains("login")) login = l->as_string();
      if (const auto* t = answer->as_object().if_contains("token")) token = t->as_string();
    });
    world.loop.restart();
    const auto work = boost::asio::make_work_guard(world.loop);
    while (answers == 0) world.loop.run_one();
    must(answers == 1, "a request is answered once");
  }
}

}  // namespace sallyport::fuzz
