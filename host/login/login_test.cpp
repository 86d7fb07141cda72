// SPDX-License-Identifier: Apache-2.0
// The program on a terminal, before a gateway's login desk over real TLS.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/prctl.h>
#include <termios.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <future>
#include <thread>

#include "host/api/test_pki.hpp"
#include "host/api/tls_server.hpp"
#include "host/login/test_card.hpp"
#include "host/users/authenticators/password_authenticator.hpp"
#include "host/users/authenticators/smart_card_authenticator.hpp"
#include "host/users/authenticators/totp.hpp"
#include "host/users/authenticators/totp_authenticator.hpp"
#include "host/users/sessions/login_service.hpp"
#include "host/users/sessions/test_owner.hpp"
#include "host/users/sessions/test_questions.hpp"
#include "host/users/test_login.hpp"
#include "host/users/test_process.hpp"

namespace sallyport::login {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using users::kPassword;

// A program on a terminal of its own, and who sits there.
class OnTerminal {
 public:
  OnTerminal(std::vector<std::string> arguments, const std::filesystem::path& folder) {
    std::vector<char*> words;
    for (std::string& a : arguments) words.push_back(a.data());
    words.push_back(nullptr);
    child_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setenv("XDG_RUNTIME_DIR", folder.c_str(), 1);
      ::unsetenv("USER");
      ::execv(words[0], words.data());
      ::_exit(127);
    }
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  ~OnTerminal() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    ::close(terminal_);
  }

  // Waits for it to say `sentence`.
  bool says(const std::string& sentence) {
    while (shown_.find(sentence, heard_) == std::string::npos) {
      if (!read()) return false;
    }
    heard_ = shown_.find(sentence, heard_) + sentence.size();
    return true;
  }
  void type(std::string_view text) const {
    ASSERT_EQ(::write(terminal_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] bool echoes() const {
    termios settings{};
    ::tcgetattr(terminal_, &settings);
    return (settings.c_lflag & ECHO) != 0;
  }
  void signal(int number) const { ::kill(child_, number); }
  // Waits for its end.
  int status() {
    while (read()) {
    }
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }
  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  bool read() {
    char part[1024];
    const ssize_t size = ::read(terminal_, part, sizeof part);
    if (size > 0) shown_.append(part, static_cast<std::size_t>(size));
    return size > 0;
  }

  int terminal_ = -1;
  pid_t child_ = -1;
  std::string shown_;
  std::size_t heard_ = 0;
};

class LoginProgramTest : public users::LoginTest {
 protected:
  void SetUp() override {
    users::LoginDesk::Authenticators ways;
    ways.push_back(std::make_unique<users::PasswordAuthenticator>(directory_));
    ways.push_back(std::make_unique<users::TotpAuthenticator>(directory_, key_));
    ways.push_back(std::make_unique<users::SmartCardAuthenticator>(directory_));
    const api::TlsIdentity identity = pki_.issue("gateway");
    users::DeskSettings settings;
    settings.gateway_key = api::key_digest(identity.certificate).value();
    settings.sessions.renewal = seconds(4);
    desk_ = std::make_unique<users::LoginDesk>(loop_, directory_, std::move(ways), owner_, settings);
    service_ = std::make_unique<users::LoginService>(*desk_, questions_);
    server_ = std::move(
        api::TlsServer::listen(loop_, {{asio::ip::make_address("127.0.0.1"), 0}, identity}, *service_).value());
    digest_ = server_->key_digest();
    configure("method = 'password'\nuser = 'alice'");
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    (void)run({"logout"});
    loop_.stop();
    thread_.join();
    server_.reset();
    desk_.reset();
  }

  void configure(const std::string& lines) {
    write_file(folder_ / "login.toml", "gateway = '127.0.0.1'\nport = " + std::to_string(server_->port()) +
                                           "\nkey = '" + digest_ + "'\n" + lines + "\n");
  }
  std::unique_ptr<OnTerminal> start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), SALLYPORT_LOGIN);
    if (arguments.size() > 1 && arguments[1] == "login")
      arguments.push_back("--config=" + (folder_ / "login.toml").string());
    return std::make_unique<OnTerminal>(std::move(arguments), folder_);
  }
  // Its exit status and what it showed.
  std::pair<int, std::string> run(std::vector<std::string> arguments,
                                  std::vector<std::pair<std::string, std::string>> answers = {}) const {
    const auto program = start(std::move(arguments));
    for (const auto& [question, answer] : answers) {
      if (!program->says(question)) break;
      program->type(answer + "\r");
    }
    const int status = program->status();
    return {status, program->shown()};
  }
  std::pair<int, std::string> log_in(std::string_view password = kPassword) const {
    return run({"login"}, {{"Password: ", std::string(password)}});
  }

  // In the gateway's thread.
  template <class Work>
  auto at_gateway(Work work) {
    std::promise<decltype(work())> done;
    asio::post(loop_, [&] { done.set_value(work()); });
    return done.get_future().get();
  }
  std::vector<users::Session> sessions() {
    return at_gateway([this] {
      desk_->tick();
      return desk_->sessions().all();
    });
  }
  std::vector<std::string> events() {
    return at_gateway([this] { return owner_.events; });
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 600; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }

  const Secret key_{32};
  api::TestPki pki_{folder_};
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  users::RecordingOwner owner_;
  users::RecordingQuestions questions_;
  std::unique_ptr<users::LoginDesk> desk_;
  std::unique_ptr<users::LoginService> service_;
  std::unique_ptr<api::TlsServer> server_;
  std::string digest_;
  std::thread thread_;
};

TEST_F(LoginProgramTest, LogsInShowsItAndLogsOut) {
  const auto [status, shown] = log_in();
  EXPECT_EQ(status, 0) << shown;
  EXPECT_THAT(shown, AllOf(HasSubstr("logged in at 127.0.0.1 as alice (staff) for 10 h"),
                           Not(HasSubstr(std::string(kPassword)))));
  const auto here = sessions();
  ASSERT_EQ(here.size(), 1U);
  EXPECT_EQ(here[0].user, "alice");
  EXPECT_EQ(here[0].uid, ::getuid());
  EXPECT_EQ(here[0].address.to_string(), "127.0.0.1");

  EXPECT_THAT(run({"status"}), testing::Pair(0, HasSubstr("logged in at 127.0.0.1 as alice (staff)\r\nby password")));
  const auto [ok, text] = run({"status", "--json"});
  const json::value status_json = json::parse(text);
  EXPECT_EQ(status_json.at("user"), "alice");
  EXPECT_EQ(status_json.at("session").as_string(), here[0].id);
  EXPECT_FALSE(status_json.as_object().contains("token"));

  EXPECT_THAT(run({"login"}), testing::Pair(1, HasSubstr("already logged in")));
  EXPECT_THAT(run({"logout"}), testing::Pair(0, "logged out\r\n"));
  EXPECT_THAT(events(), ElementsAre("begin alice", "end alice logout"));
  EXPECT_TRUE(eventually([this] { return run({"status"}).first == 4; }));
  EXPECT_THAT(run({"logout"}), testing::Pair(4, HasSubstr("not logged in")));
}

TEST_F(LoginProgramTest, SaysThatItIsRefusedAndLeavesNothingBehind) {
  EXPECT_THAT(log_in("a wrong one"), testing::Pair(1, HasSubstr("the gateway refuses: this is not what is known")));
  EXPECT_EQ(run({"status"}).first, 4);
  EXPECT_THAT(sessions(), IsEmpty());
  EXPECT_EQ(log_in().first, 0) << "and the next time it is right";
}

// Before a gateway that answers what no gateway should.
class StrangeGateway : public api::Service {
 public:
  void call(const api::Request& request, api::Respond respond) override {
    std::string what = request.method;
    for (const std::string& part : request.path) what += " " + part;
    const auto found = answers.find(what);
    respond(found == answers.end() ? json::value(json::object{}) : found->second);
  }
  std::map<std::string, Result<json::value>> answers;
};

class LoginAtAStrangeGatewayTest : public LoginProgramTest {
 protected:
  void SetUp() override {
    LoginProgramTest::SetUp();
    at_gateway([this] {
      server_ = std::move(
          api::TlsServer::listen(loop_, {{asio::ip::make_address("127.0.0.1"), 0}, pki_.issue("stranger")}, strange_)
              .value());
      return 0;
    });
    digest_ = server_->key_digest();
    configure("method = 'password'\nuser = 'alice'");
    strange_.answers.emplace("POST logins", json::object{{"login", "1"}, {"challenge", json::object{}}});
    strange_.answers.emplace(
        "POST logins 1", json::object{{"session", "1"}, {"user", "alice\x1b[2J"}, {"token", "1"}, {"renewal_s", 2}});
  }
  StrangeGateway strange_;
};

TEST_F(LoginAtAStrangeGatewayTest, SaysThatItsAnswersAreNone) {
  for (const json::value& nonsense : {json::value(json::array{1}), json::value("no"), json::value(nullptr)}) {
    strange_.answers.insert_or_assign("POST logins", nonsense);
    EXPECT_THAT(log_in(), testing::Pair(1, HasSubstr("the gateway answers what is no answer")));
  }
}

TEST_F(LoginAtAStrangeGatewayTest, TriesARenewalAgainThatIsAnsweredStrangely) {
  strange_.answers.emplace("POST session renew", json::array{1});
  EXPECT_THAT(run({"login", "--foreground"}, {{"Password: ", "x"}}), testing::Pair(1, HasSubstr("(gateway_lost)")));
}

TEST_F(LoginAtAStrangeGatewayTest, DoesNotLetItSteerTheTerminal) {
  EXPECT_THAT(log_in(), testing::Pair(0, AllOf(HasSubstr("alice\\x1b[2J"), Not(HasSubstr("\x1b")))));
  strange_.answers.insert_or_assign("POST logins", Error{Errc::kAuthFailed, "\x1b[2J"});
  (void)run({"logout"});
  EXPECT_THAT(log_in(), testing::Pair(1, AllOf(HasSubstr("refuses: \\x1b[2J"), Not(HasSubstr("\x1b")))));
}

TEST_F(LoginProgramTest, AsksWithoutEchoAndGivesTheTerminalBack) {
  const auto program = start({"login"});
  ASSERT_TRUE(program->says("Password: "));
  EXPECT_FALSE(program->echoes());
  program->type("abc\x03");
  EXPECT_EQ(program->status(), 1);
  EXPECT_TRUE(program->echoes());
  EXPECT_THAT(program->shown(), AllOf(HasSubstr("nothing was entered"), Not(HasSubstr("abc"))));
}

TEST_F(LoginProgramTest, LetsTypingErrorsBeMended) {
  std::string typed(kPassword);
  EXPECT_EQ(log_in("wrong\x15" + typed.substr(0, 5) + "x\xc3\xbc\x7f\x7f" + typed.substr(5)).first, 0);
}

TEST_F(LoginProgramTest, TellsNobodyElseThePassword) {
  digest_[0] = digest_[0] == '0' ? '1' : '0';
  configure("method = 'password'\nuser = 'alice'");
  EXPECT_THAT(log_in(), testing::Pair(3, HasSubstr("is not the gateway that is known")));
  write_file(folder_ / "login.toml", "gateway = '127.0.0.1'\nport = 1\nkey = '" + digest_ + "'\nmethod = 'password'\n");
  EXPECT_THAT(log_in(), testing::Pair(3, HasSubstr("no gateway answers")));
  EXPECT_THAT(
      at_gateway([this] { return directory_.with([](users::Directory& d) { return d.audit(4, 10)->size(); }); }), 0U)
      << "nobody tried";
}

TEST_F(LoginProgramTest, TakesNoPasswordFromArgumentsAndSaysWhatIsWrongWithThem) {
  EXPECT_EQ(run({"login", "--password=x"}).first, 2);
  EXPECT_EQ(run({"login", "x"}).first, 2);
  EXPECT_EQ(run({}).first, 2);
  configure("method = 'magic'");
  EXPECT_THAT(run({"login"}), testing::Pair(2, HasSubstr("'magic' is none of")));
  EXPECT_THAT(run({"--help"}), testing::Pair(0, HasSubstr("Exit status")));
}

TEST_F(LoginProgramTest, KeepsTheSessionAlive) {
  ASSERT_EQ(log_in().first, 0);
  const auto first = sessions().at(0);
  EXPECT_TRUE(eventually([&] {
    const auto now = sessions();
    return now.empty() || now[0].renew_by > first.renew_by + seconds(6);
  }));
  EXPECT_EQ(sessions().size(), 1U);
}

TEST_F(LoginProgramTest, ShowsWhatTheGatewaySaysAndEndsWhenItSaysSo) {
  ASSERT_EQ(log_in().first, 0);
  const std::string id = sessions().at(0).id;
  EXPECT_TRUE(eventually([&] {
    at_gateway([&] {
      desk_->tell(id, "message", json::object{{"text", "10.2.0.7: sent in the clear"}});
      return 0;
    });
    return run({"status"}).second.find("the gateway says:\r\n  10.2.0.7: sent in the clear") != std::string::npos;
  }));
  at_gateway([&] {
    desk_->sessions().end(id, users::EndReason::kAdministrator, [] {});
    return 0;
  });
  EXPECT_TRUE(eventually([this] { return run({"status"}).first == 4; }));
}

class LoginAskedTest : public LoginProgramTest {
 protected:
  void SetUp() override {
    LoginProgramTest::SetUp();
    ASSERT_EQ(log_in().first, 0);
    id_ = sessions().at(0).id;
    ask_until_heard();
  }
  void tell(const std::string& event, const json::value& data) {
    at_gateway([&] { return desk_->tell(id_, event, data); });
  }
  // Somebody listens a moment after the login.
  void ask_until_heard() {
    const json::object question{{"id", 3},     {"destination", "10.2.0.9"},      {"protocol", "tcp"},
                                {"port", 443}, {"choices", {"clear", "refuse"}}, {"until_s", 300}};
    ASSERT_TRUE(eventually([&] {
      return at_gateway([&] {
        questions_.questions = {question};
        return desk_->tell(id_, "ask", question);
      });
    }));
    ASSERT_TRUE(eventually([this] { return run({"status"}).second.find("question 3") != std::string::npos; }));
  }
  std::vector<std::string> given() {
    return at_gateway([this] { return questions_.answers; });
  }
  std::string id_;
};

TEST_F(LoginAskedTest, ShowsItByAProgramOfTheUsers) {
  ASSERT_EQ(run({"logout"}).first, 0);
  ASSERT_TRUE(eventually([this] { return run({"status"}).first == 4; }));
  write_file(folder_ / "show", "#!/bin/sh\necho \"$1\" >> " + (folder_ / "shown").string() + "\n");
  std::filesystem::permissions(folder_ / "show", std::filesystem::perms::owner_all);
  configure("method = 'password'\nuser = 'alice'\nnotify = '" + (folder_ / "show").string() + "'");
  ASSERT_EQ(log_in().first, 0);
  id_ = sessions().at(0).id;
  ask_until_heard();
  EXPECT_TRUE(eventually([this] {
    std::ifstream shown(folder_ / "shown");
    std::string line;
    return std::getline(shown, line) &&
           line == "Sallyport: your packets to 10.2.0.9, tcp port 443 wait for your answer; see: sallyport-login watch";
  }));
}

TEST_F(LoginAskedTest, ShowsAQuestionAndCarriesTheAnswer) {
  EXPECT_THAT(run({"status"}).second, HasSubstr("question 3: your packets to 10.2.0.9, tcp port 443 wait, for"));
  const json::value status = json::parse(run({"status", "--json"}).second);
  EXPECT_EQ(status.at("questions").at(0).at("id").to_number<int>(), 3);
  EXPECT_EQ(run({"answer", "3", "perhaps"}).first, 2);
  EXPECT_THAT(run({"answer", "4", "clear"}), testing::Pair(1, HasSubstr("no such question")));
  EXPECT_THAT(given(), IsEmpty());
  EXPECT_THAT(run({"answer", "3", "clear", "--remember", "session"}), testing::Pair(0, "answered\r\n"));
  EXPECT_THAT(given(), ElementsAre("clear session"));
  EXPECT_THAT(run({"status"}).second, Not(HasSubstr("question")));
}

TEST_F(LoginAskedTest, ListsAnswersAndTakesOneBack) {
  at_gateway([this] {
    questions_.given = {json::object{
        {"id", 3}, {"destination", "10.2.0.9"}, {"protocol", "icmp"}, {"choice", "clear"}, {"remember", "always"}}};
    return 0;
  });
  EXPECT_THAT(run({"answers"}), testing::Pair(0, "3: 10.2.0.9, icmp: clear for always\r\n"));
  EXPECT_THAT(run({"forget", "3"}), testing::Pair(0, "forgotten\r\n"));
  EXPECT_EQ(run({"forget", "9"}).first, 1);
  EXPECT_THAT(given(), ElementsAre("forgotten"));
}

TEST_F(LoginAskedTest, WhoeverWatchesIsAskedAndToldUntilTheEnd) {
  const auto program = start({"watch"});
  ASSERT_TRUE(program->says("question 3: your packets to 10.2.0.9, tcp port 443 wait, for"));
  ASSERT_TRUE(program->says("answer 3 (clear, refuse; and session or always, to be remembered): "));
  program->type("perhaps\r");
  ASSERT_TRUE(program->says("no such choice"));
  ASSERT_TRUE(program->says("answer 3 ("));
  tell("message", json::object{{"text", "10.2.0.7 is sent in the clear"}});
  ASSERT_TRUE(program->says("10.2.0.7 is sent in the clear"));
  program->type("refuse always\r");
  ASSERT_TRUE(program->says("answered"));
  EXPECT_THAT(given(), testing::Contains("refuse always"));
  ASSERT_EQ(run({"logout"}).first, 0);
  EXPECT_TRUE(program->says("logged out"));
  EXPECT_EQ(program->status(), 0);
}

TEST_F(LoginAskedTest, WatchesForProgramsToo) {
  const auto program = start({"watch", "--json"});
  ASSERT_TRUE(program->says(R"({"ask":{"id":3)"));
  tell("message", json::object{{"text", "refused"}});
  ASSERT_TRUE(program->says(R"({"message":"refused"})"));
  tell("answered", json::object{{"id", 3}, {"why", "no_answer"}});
  EXPECT_TRUE(program->says(R"({"over":3})"));
}

TEST_F(LoginProgramTest, StaysInTheForegroundAndLogsOutWhenItIsTerminated) {
  const auto program = start({"login", "--foreground"});
  ASSERT_TRUE(program->says("Password: "));
  program->type(std::string(kPassword) + "\r");
  ASSERT_TRUE(program->says("logged in at"));
  EXPECT_EQ(sessions().size(), 1U);
  program->signal(SIGTERM);
  EXPECT_TRUE(program->says("logged out (logout)")) << program->shown();
  EXPECT_EQ(program->status(), 0);
  EXPECT_THAT(events(), ElementsAre("begin alice", "end alice logout"));
}

TEST_F(LoginProgramTest, AsksForACodeWhereTheMethodWantsOne) {
  const Secret secret = users::make_totp_secret();
  directory_.with([&](users::Directory& d) {
    ASSERT_TRUE(d.set_credential("admin", "alice", users::CredentialKind::kTotp,
                                 users::seal_totp(key_, "alice", secret).value()));
  });
  configure("method = 'totp'\nuser = 'alice'");
  const std::string command = "oathtool --totp " + to_hex(secret.reveal());
  const std::unique_ptr<FILE, int (*)(FILE*)> out(::popen(command.c_str(), "r"), ::pclose);
  char code[7] = {};
  ASSERT_EQ(std::fread(code, 1, 6, out.get()), 6U);
  EXPECT_THAT(run({"login"}, {{"Password: ", std::string(kPassword)}, {"One-time code: ", code}}),
              testing::Pair(0, HasSubstr("as alice")));
}

// That packets are marked is shown by tests/marking: nobody has the rights here, and root's packets never are.
TEST_F(LoginProgramTest, IsNotLoggedInWithoutTheMarkThatItsUserWants) {
  configure("method = 'password'\nuser = 'alice'\nmarking = 'tag'");
  EXPECT_THAT(log_in(), testing::Pair(1, HasSubstr("the packets cannot be marked: ")));
  EXPECT_THAT(events(), ElementsAre("begin alice", "end alice logout"));
  at_gateway([this] { return owner_.gives_tags = false; });
  EXPECT_THAT(log_in(), testing::Pair(1, HasSubstr("gives no tag")));
  EXPECT_THAT(sessions(), IsEmpty());
}

class LoginByCardTest : public LoginProgramTest {
 protected:
  void SetUp() override {
    LoginProgramTest::SetUp();
    cards_.add("alices", "123456", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    const auto key = users::CardKey::parse_pem(cards_.public_key("alices")).value();
    // Read apart from the code under test.
    const std::unique_ptr<FILE, int (*)(FILE*)> out(
        ::popen("softhsm2-util --show-slots | sed -n 's/ *Serial number: *\\([0-9a-f]\\{16\\}\\).*/\\1/p' | head -1",
                "r"),
        ::pclose);
    char number[17] = {};
    ASSERT_EQ(std::fread(number, 1, 16, out.get()), 16U);
    directory_.with([&](users::Directory& d) { ASSERT_TRUE(users::enrol_card(d, "admin", "alice", number, key)); });
    configure("method = 'smart_card'\nmodule = '" + TestCards::module().string() + "'");
  }
  [[nodiscard]] std::pair<int, std::string> log_in_by_card(const std::string& pin) const {
    return run({"login"}, {{"PIN of the card 'alices': ", pin}});
  }
  std::filesystem::path card_folder_ = [this] {
    std::filesystem::create_directory(folder_ / "cards");
    return folder_ / "cards";
  }();
  TestCards cards_{card_folder_};
};

TEST_F(LoginByCardTest, FindsItsUserAndGoesOnWhileTheCardIsIn) {
  EXPECT_THAT(log_in_by_card("111111"), testing::Pair(1, HasSubstr("the PIN is wrong")));
  const auto [status, shown] = log_in_by_card("123456");
  ASSERT_EQ(status, 0) << shown;
  EXPECT_THAT(shown, AllOf(HasSubstr("as alice (staff)"), Not(HasSubstr("123456"))));
  const auto first = sessions().at(0);
  EXPECT_EQ(first.method, "smart_card");
  EXPECT_TRUE(eventually([&] {
    const auto now = sessions();
    return now.empty() || now[0].renew_by > first.renew_by + seconds(6);
  }));
  EXPECT_EQ(sessions().size(), 1U) << "it signed again, and asked nobody";
}

TEST_F(LoginByCardTest, EndsWhenTheCardIsPulled) {
  ASSERT_EQ(log_in_by_card("123456").first, 0);
  cards_.pull();
  EXPECT_TRUE(eventually([this] { return events().size() == 2; }));
  EXPECT_THAT(events(), ElementsAre("begin alice", "end alice card_removed"));
  EXPECT_TRUE(eventually([this] { return run({"status"}).first == 4; }));
  EXPECT_THAT(log_in_by_card("123456"), testing::Pair(1, HasSubstr("no card in the reader")));
}

// A program that keeps silent about the card: what the gateway asks at the next renewal, nobody answers.
TEST_F(LoginByCardTest, IsEndedByTheGatewayWhenTheCardDoesNotAnswer) {
  const auto program = start({"login", "--foreground"});
  ASSERT_TRUE(program->says(": "));
  program->type("123456\r");
  ASSERT_TRUE(program->says("logged in at"));
  program->signal(SIGSTOP);
  EXPECT_TRUE(eventually([this] { return sessions().empty(); }));
  EXPECT_THAT(events(), ElementsAre("begin alice", "end alice not_renewed"));
  program->signal(SIGCONT);
  EXPECT_TRUE(program->says("logged out (")) << program->shown();
}

}  // namespace
}  // namespace sallyport::login
