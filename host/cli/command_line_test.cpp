// SPDX-License-Identifier: Apache-2.0
// The command line before a real API server, behind which a service notes what it was asked.
#include "host/cli/command_line.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "driver/discovery/discovery.hpp"
#include "host/api/server.hpp"
#include "host/policy/policy.hpp"

namespace sallyport::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace json = boost::json;
namespace fs = std::filesystem;

struct Ran {
  Exit exit;
  std::string out;
  std::string err;
};

Ran sallyport(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const Exit exit = run(arguments, out, err);
  return {exit, out.str(), err.str()};
}

constexpr const char* kPolicies = R"({"generation": 4, "policies": [
  {"name": "b/1 web", "source": "10.1.0.0/24", "destination": "", "protocol": "tcp", "destination_port": "80", "action": "protect",
   "connection": "b", "level": "high", "rows": 3}]})";

// Answers what it is told to and keeps what it was asked.
class Recorder : public api::Service {
 public:
  void call(const api::Request& request, api::Respond respond) override {
    requests.push_back(request);
    if (request.method == "GET" && request.path.back() == "policies") return respond(json::parse(kPolicies));
    respond(answer);
  }

  std::vector<api::Request> requests;
  Result<json::value> answer = json::value(json::object{{"outcome", "as you wish"}});
};

class CommandLine : public testing::Test {
 protected:
  void SetUp() override { serve(); }
  void TearDown() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

  void serve() {
    auto listening = api::Server::listen(loop_, socket_, recorder_);
    ASSERT_TRUE(listening) << listening.error().message();
    server_ = std::move(listening).value();
    thread_ = std::thread([this] { loop_.run(); });
  }

  // The server is quiet again when a command has returned, so what it noted can be read.
  Ran with_daemon(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--socket", socket_});
    return sallyport(arguments);
  }
  const api::Request& asked() const { return recorder_.requests.back(); }

  std::string socket_ = "/tmp/sallyport-cli-test-" + std::to_string(getpid()) + ".sock";
  Recorder recorder_;
  boost::asio::io_context loop_;
  std::unique_ptr<api::Server> server_;
  std::thread thread_;
};

TEST_F(CommandLine, EveryLookAsksForOneAnswerAndPrintsItAsItIsWithJson) {
  const json::value answer = {{"drops", {{"no_route", 3}}}};
  recorder_.answer = answer;
  for (const std::string name : {"status", "sas", "counters", "card"}) {
    const Ran ran = with_daemon({name, "--json"});
    EXPECT_EQ(ran.exit, Exit::kDone) << ran.err;
    EXPECT_EQ(json::parse(ran.out), answer);
    EXPECT_EQ(asked().method, "GET");
    EXPECT_EQ(asked().path, std::vector<std::string>{name});
  }
  EXPECT_THAT(with_daemon({"counters"}).out, HasSubstr("no_route      3"));
  EXPECT_EQ(json::parse(with_daemon({"policies", "--json"}).out), json::parse(kPolicies));
}

TEST_F(CommandLine, APolicyIsSentWithTheWordsGivenAndNoOthers) {
  const Ran ran =
      with_daemon({"policy", "add", "web", "--source", "10.1.0.0/24", "--source-port", "1000-2000", "--action",
                   "protect", "--connection", "b", "--esp-proposals", "aes256gcm16", "--before", "rest"});
  EXPECT_EQ(ran.exit, Exit::kDone) << ran.err;
  EXPECT_EQ(ran.out, "as you wish\n");
  EXPECT_EQ(asked().method, "POST");
  EXPECT_EQ(asked().path, std::vector<std::string>{"policies"});
  EXPECT_EQ(asked().body, (json::value{{"name", "web"},
                                       {"source", "10.1.0.0/24"},
                                       {"source_port", "1000-2000"},
                                       {"action", "protect"},
                                       {"connection", "b"},
                                       {"esp_proposals", "aes256gcm16"},
                                       {"before", "rest"}}));
}

TEST_F(CommandLine, WhatThereIsToSayAboutAPolicysPlaceIsSaidBelowItsOutcome) {
  recorder_.answer = json::parse(R"({"outcome": "in force", "findings": [{"sentence": "it never decides"}]})");
  const Ran ran = with_daemon({"policy", "add", "web", "--action", "bypass"});
  EXPECT_EQ(ran.exit, Exit::kDone);
  EXPECT_EQ(ran.out, "in force\nnote: it never decides\n");
}

TEST_F(CommandLine, ReplaceReplacesTheWholePolicyAndDeleteSendsNothingButItsName) {
  EXPECT_EQ(with_daemon({"policy", "replace", "b/1 web", "--action", "bypass"}).exit, Exit::kDone);
  EXPECT_EQ(asked().method, "PUT");
  EXPECT_EQ(asked().path, (std::vector<std::string>{"policies", "b/1 web"}));
  EXPECT_EQ(asked().body, (json::value{{"name", "b/1 web"}, {"action", "bypass"}}));

  EXPECT_EQ(with_daemon({"policy", "delete", "b/1 web"}).exit, Exit::kDone);
  EXPECT_EQ(asked().method, "DELETE");
  EXPECT_EQ(asked().path, (std::vector<std::string>{"policies", "b/1 web"}));
  EXPECT_TRUE(asked().body.is_null());
}

TEST_F(CommandLine, ExplainAsksAboutThePacketAsItIsWritten) {
  recorder_.answer = json::parse(R"({"packet": "p", "answers": [{"as": "now", "sentence": "it leaves"}]})");
  const Ran ran =
      with_daemon({"policy", "explain", "--user", "alice", "--to", "10.2.0.1", "--source-port", "7", "--port", "443"});
  EXPECT_EQ(ran.exit, Exit::kDone) << ran.err;
  EXPECT_EQ(ran.out, "p\n\nnow: it leaves\n");
  EXPECT_EQ(asked().method, "POST");
  EXPECT_EQ(asked().path, std::vector<std::string>{"explain"});
  EXPECT_EQ(asked().body, (json::value{{"user", "alice"}, {"to", "10.2.0.1"}, {"source_port", "7"}, {"port", "443"}}));
  EXPECT_EQ(json::parse(with_daemon({"policy", "explain", "--to", "10.2.0.1", "--json"}).out), *recorder_.answer);
  EXPECT_EQ(with_daemon({"policy", "explain", "--user", "alice"}).exit, Exit::kUsage);
}

TEST_F(CommandLine, ATestThatFailsIsAReportAndAnExitStatus) {
  recorder_.answer = json::parse(R"({"failed": 1, "expectations": [{"name": "a", "holds": false, "sentence": "no"}]})");
  const Ran ran = with_daemon({"policy", "test"});
  EXPECT_EQ(ran.exit, Exit::kFailed);
  EXPECT_EQ(ran.out, "FAILS: a: no\n1 of 1 fail\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(asked().path, std::vector<std::string>{"expectations"});
  recorder_.answer = json::parse(R"({"failed": 0, "expectations": [{"name": "a", "holds": true, "sentence": "yes"}]})");
  EXPECT_EQ(with_daemon({"policy", "test"}).exit, Exit::kDone);
}

TEST_F(CommandLine, AFileIsTestedWithoutADaemon) {
  const std::string file = socket_ + ".toml";
  std::ofstream(file) << R"([card]
backend = "software"
lan_interface = "eth0"
wan_interface = "eth1"
[lan]
address = "10.1.0.1/24"
[wan]
address = "192.0.2.1/24"
[[policies]]
name = "web"
group = "staff"
protocol = "tcp"
destination_port = "443"
action = "bypass"
[users]
[[expectations]]
name = "staff reaches the web"
user = "alice"
groups = ["staff"]
to = "198.51.100.1"
port = "443"
action = "bypass"
[[expectations]]
name = "nobody else does"
to = "198.51.100.1"
port = "443"
policy = "none"
)";
  const Ran ran = sallyport({"policy", "test", file});
  EXPECT_EQ(ran.exit, Exit::kDone) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("holds: staff reaches the web: policy 'web' (bypass) decides about 10.1.0.2 to"));
  EXPECT_THAT(ran.out, HasSubstr("0 of 2 fail"));
  std::ofstream(file, std::ios::app)
      << "[[expectations]]\nname = \"all\"\nto = \"198.51.100.1\"\naction = \"bypass\"\n";
  const Ran failing = sallyport({"policy", "test", file, "--json"});
  EXPECT_EQ(failing.exit, Exit::kFailed);
  EXPECT_EQ(json::parse(failing.out).at("failed"), 1);
  std::ofstream(file, std::ios::app) << "[[expectations]]\nname = \"x\"\n";
  const Ran broken = sallyport({"policy", "test", file});
  EXPECT_EQ(broken.exit, Exit::kFailed);
  EXPECT_EQ(broken.out, "");
  EXPECT_THAT(broken.err, HasSubstr("expects nothing"));
  fs::remove(file);
}

TEST_F(CommandLine, SetKeepsTheWordsThatItDoesNotName) {
  const Ran ran =
      with_daemon({"policy", "set", "b/1 web", "destination-port=443", "level=", "child=net", "source=10.1.0.7"});
  EXPECT_EQ(ran.exit, Exit::kDone) << ran.err;
  EXPECT_EQ(asked().method, "PUT");
  EXPECT_EQ(asked().body, (json::value{{"name", "b/1 web"},
                                       {"source", "10.1.0.7"},
                                       {"protocol", "tcp"},
                                       {"destination_port", "443"},
                                       {"action", "protect"},
                                       {"connection", "b"},
                                       {"child", "net"}}));
}

TEST_F(CommandLine, SetOfAPolicyThatIsNotThereChangesNothing) {
  const Ran ran = with_daemon({"policy", "set", "wbe", "action=bypass"});
  EXPECT_EQ(ran.exit, Exit::kFailed);
  EXPECT_EQ(ran.err, "sallyport: there is no policy 'wbe'; see: sallyport policies\n");
  EXPECT_EQ(recorder_.requests.size(), 1U);
}

TEST_F(CommandLine, TheCandidateIsEditedByTheWordsOfPoliciesAndShownAfterEachEdit) {
  recorder_.answer =
      json::parse(R"({"exists": true, "base": 3, "newest": 4, "policies": [{"name": "web", "action": "bypass"}],
    "changes": [{"policy": "web", "change": "added", "words": [{"word": "action", "before": "", "after": "bypass"}]}]})");
  const Ran added = with_daemon({"candidate", "add", "web", "--action", "bypass", "--before", "rest"});
  EXPECT_EQ(added.exit, Exit::kDone) << added.err;
  EXPECT_THAT(added.out, HasSubstr("  web added: action bypass\n"));
  EXPECT_EQ(asked().path, std::vector<std::string>{"candidate"});
  EXPECT_EQ(asked().body, (json::value{{"name", "web"}, {"action", "bypass"}, {"before", "rest"}}));
  const std::vector<std::tuple<std::vector<std::string>, std::string, std::vector<std::string>>> kEdits = {
      {{"candidate"}, "GET", {"candidate"}},
      {{"candidate", "replace", "web", "--action", "discard"}, "PUT", {"candidate", "web"}},
      {{"candidate", "set", "web", "action=discard"}, "PUT", {"candidate", "web"}},
      {{"candidate", "delete", "web"}, "DELETE", {"candidate", "web"}},
      {{"candidate", "move", "web", "--before", "rest"}, "POST", {"candidate", "web"}},
      {{"candidate", "level", "set", "middle", "aes128gcm16"}, "PUT", {"candidate", "levels", "middle"}},
      {{"candidate", "expectation", "add", "e", "--to", "10.2.0.9", "--action", "protect"},
       "POST",
       {"candidate", "expectations", "e"}},
      {{"candidate", "expectation", "delete", "e"}, "DELETE", {"candidate", "expectations", "e"}},
      {{"candidate", "rebase"}, "POST", {"rebase"}},
      {{"candidate", "discard"}, "DELETE", {"candidate"}},
  };
  for (const auto& [arguments, method, path] : kEdits) {
    const Ran ran = with_daemon(arguments);
    EXPECT_EQ(ran.exit, Exit::kDone) << ran.err;
    EXPECT_EQ(asked().method, method);
    EXPECT_EQ(asked().path, path);
    EXPECT_THAT(ran.out, HasSubstr("4 is in force since: sallyport candidate rebase"));
  }
  EXPECT_EQ(json::parse(with_daemon({"candidate", "--json"}).out), *recorder_.answer);
}

TEST_F(CommandLine, ACommitThatChangesNothingShowsWhyAndFails) {
  recorder_.answer = json::parse(R"({"committed": false, "number": 4, "policies": [
    {"policy": "web", "change": "changed", "connected": false, "pending": false, "detail": "no proposal in common"}]})");
  const Ran failed = with_daemon({"commit", "--comment", "stronger", "--confirm", "60"});
  EXPECT_EQ(failed.exit, Exit::kFailed);
  EXPECT_THAT(failed.out, HasSubstr("web     changed  NOT: no proposal in common\n"));
  EXPECT_THAT(failed.out, HasSubstr("nothing has changed, because not all of it connects; --force"));
  EXPECT_EQ(asked().body, (json::value{{"confirm_s", 60}, {"comment", "stronger"}}));
  EXPECT_EQ(json::parse(with_daemon({"commit", "--json"}).out), *recorder_.answer);

  recorder_.answer = json::parse(R"json({"committed": true, "number": 5, "generation": 9, "confirm_s": 59, "policies": [
    {"policy": "web", "change": "changed", "connected": true, "pending": true,
     "detail": "connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)"},
    {"policy": "old", "change": "removed", "connected": true, "pending": false, "detail": ""}]})json");
  const Ran done = with_daemon({"rollback", "3", "--force"});
  EXPECT_EQ(done.exit, Exit::kDone);
  EXPECT_EQ(done.out, R"(POLICY  CHANGE   CONNECTION
web     changed  connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA); takes over when the old SA is idle
old     removed  -
configuration 5 is in force as generation 9
rolled back in 59 s unless: sallyport confirm
)");
  EXPECT_EQ(asked().path, std::vector<std::string>{"rollback"});
  EXPECT_EQ(asked().body, (json::value{{"number", 3}, {"force", true}}));
}

TEST_F(CommandLine, ALevelIsSetByItsProposalsAndSaysOfEachPolicyWhatBecameOfIt) {
  recorder_.answer = json::parse(R"json({"committed": true, "number": 5, "generation": 9, "policies": [
    {"policy": "web", "change": "changed", "connected": true, "pending": false,
     "detail": "connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)"}]})json");
  const Ran set = with_daemon({"level", "set", "middle", "aes256gcm16-ecp384", "aes128gcm16", "--confirm", "60"});
  EXPECT_EQ(set.exit, Exit::kDone) << set.err;
  EXPECT_THAT(set.out, HasSubstr("web     changed  connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)\n"));
  EXPECT_EQ(asked().method, "PUT");
  EXPECT_EQ(asked().path, (std::vector<std::string>{"levels", "middle"}));
  EXPECT_EQ(asked().body, (json::value{{"esp_proposals", {"aes256gcm16-ecp384", "aes128gcm16"}}, {"confirm_s", 60}}));
  EXPECT_EQ(json::parse(with_daemon({"level", "set", "low", "aes128gcm16", "--json"}).out), *recorder_.answer);
  recorder_.answer->as_object()["committed"] = false;
  EXPECT_EQ(with_daemon({"level", "set", "low", "aes128gcm16"}).exit, Exit::kFailed);
  EXPECT_EQ(with_daemon({"level", "set", "low"}).exit, Exit::kUsage);
}

TEST_F(CommandLine, AnExpectationIsAddedByItsWordsAndSaysWhetherItHolds) {
  recorder_.answer = json::parse(R"({"failed": 0, "expectations": [{"name": "e", "holds": true, "sentence": "so"}]})");
  const Ran added = with_daemon({"expectation", "add", "e", "--to", "10.2.0.9", "--source-port", "500", "--protocol",
                                 "udp", "--port", "500", "--groups", "staff", "--user", "alice", "--level", "high"});
  EXPECT_EQ(added.exit, Exit::kDone) << added.err;
  EXPECT_EQ(added.out, "holds: e: so\n0 of 1 fail\n");
  EXPECT_EQ(asked().method, "POST");
  EXPECT_EQ(asked().path, (std::vector<std::string>{"expectations", "e"}));
  EXPECT_EQ(asked().body, (json::value{{"to", "10.2.0.9"},
                                       {"source_port", "500"},
                                       {"protocol", "udp"},
                                       {"port", "500"},
                                       {"groups", "staff"},
                                       {"user", "alice"},
                                       {"level", "high"}}));
  EXPECT_EQ(with_daemon({"expectation", "delete", "e"}).exit, Exit::kDone);
  EXPECT_EQ(asked().method, "DELETE");
  EXPECT_EQ(with_daemon({"expectation", "add", "e", "--action", "protect"}).exit, Exit::kUsage) << "of which packet?";
}

TEST_F(CommandLine, ACommitSaysWhatTheCandidateMeansAndWhichExpectationFails) {
  recorder_.answer = json::parse(R"({"committed": false, "number": 4, "policies": [],
    "findings": [{"sentence": "policy 'own' never decides"}], "failed": 1, "expectations": [
    {"name": "a", "holds": true, "sentence": "as it should"}, {"name": "b", "holds": false, "sentence": "it is not"}]})");
  const Ran refused = with_daemon({"commit"});
  EXPECT_EQ(refused.exit, Exit::kFailed);
  EXPECT_EQ(refused.out,
            "note: policy 'own' never decides\nFAILS: b: it is not\n"
            "nothing has changed, because not all expectations hold; --force commits it all the same\n");
  recorder_.answer = json::parse(R"({"committed": true, "number": 5, "generation": 9, "failed": 1,
    "policies": [{"policy": "web", "change": "changed", "connected": true, "pending": true, "takes_over": "syn",
                  "detail": ""}],
    "expectations": [{"name": "b", "holds": false, "sentence": "it is not"}]})");
  const Ran forced = with_daemon({"commit", "--force"});
  EXPECT_EQ(forced.exit, Exit::kDone);
  EXPECT_EQ(forced.out, R"(FAILS: b: it is not
POLICY  CHANGE   CONNECTION
web     changed  takes over with new connections, else when the old SA is idle
configuration 5 is in force as generation 9
)");
}

TEST_F(CommandLine, TheHistoryIsAListAndOneOfItIsShownWhole) {
  recorder_.answer = json::parse(
      R"({"configurations": [{"number": 1, "time": 0, "who": "configuration file", "comment": "", "summary": ""},
    {"number": 2, "time": 3600, "who": "root", "comment": "stronger", "summary": "web changed"}]})");
  EXPECT_THAT(with_daemon({"history"}).out, HasSubstr("root                web changed  stronger\n"));
  recorder_.answer = json::parse(R"({"number": 2, "time": 3600, "who": "root", "comment": "stronger", "policies": [],
    "level_changes": [{"level": "low", "before": ["aes128gcm16"], "after": ["aes256gcm16", "aes192gcm16"]}],
    "expectation_changes": [{"expectation": "e", "change": "added", "words": [{"word": "to", "before": "", "after": "10.2.0.9"}]}],
    "changes": [{"policy": "web", "change": "changed", "moved": true, "words": [{"word": "level", "before": "low", "after": ""}]}]})");
  const Ran one = with_daemon({"history", "2"});
  EXPECT_THAT(one.out, HasSubstr(", root: stronger\n"));
  EXPECT_THAT(one.out, HasSubstr("  level low: aes128gcm16 -> aes256gcm16, aes192gcm16\n"
                                 "  web changed: level low -> any, and moved\n"
                                 "  expectation e added: to 10.2.0.9\n"));
  EXPECT_EQ(asked().path, (std::vector<std::string>{"history", "2"}));
  recorder_.answer = json::value(json::object{{"outcome", "configuration 2 is confirmed"}});
  EXPECT_EQ(with_daemon({"confirm"}).out, "configuration 2 is confirmed\n");
}

TEST_F(CommandLine, InitiateTerminateAndRekeyNameTheConnectionAndTheChild) {
  for (const std::string name : {"initiate", "terminate", "rekey"}) {
    EXPECT_EQ(with_daemon({name, "b", "net"}).out, "as you wish\n");
    EXPECT_EQ(asked().method, "POST");
    EXPECT_EQ(asked().path, std::vector<std::string>{name});
    EXPECT_EQ(asked().body, (json::value{{"connection", "b"}, {"child", "net"}}));
  }
}

TEST_F(CommandLine, TerminateAndRekeyWithoutAChildAreForTheIkeSa) {
  for (const std::string name : {"terminate", "rekey"}) {
    EXPECT_EQ(with_daemon({name, "b"}).exit, Exit::kDone);
    EXPECT_EQ(asked().body, (json::value{{"connection", "b"}}));
  }
}

TEST_F(CommandLine, InitiateWithoutAChildIsForEveryChildThatIsNotUp) {
  recorder_.answer =
      json::parse(R"({"outcome": "up", "connections": [{"name": "a", "children": [{"name": "x", "state": "down"}]},
    {"name": "b", "children": [{"name": "net", "state": "trap"}, {"name": "voice", "state": "installed"}, {"name": "web", "state": "down"}]}]})");
  EXPECT_EQ(with_daemon({"initiate", "b"}).out, "up\nup\n");
  ASSERT_EQ(recorder_.requests.size(), 3U);
  EXPECT_EQ(recorder_.requests[1].body, (json::value{{"connection", "b"}, {"child", "net"}}));
  EXPECT_EQ(recorder_.requests[2].body, (json::value{{"connection", "b"}, {"child", "web"}}));
  EXPECT_EQ(with_daemon({"initiate", "c"}).err, "sallyport: there is no connection 'c'; see: sallyport status\n");
}

TEST_F(CommandLine, TheDaemonsRefusalIsOneSentenceAndExitStatus1) {
  // Even one whose code is that of a daemon gone away.
  for (const auto code : {Errc::kExists, Errc::kDisconnected, Errc::kTimeout}) {
    recorder_.answer = Error{code, "policy 'web' exists already; replace it"};
    const Ran ran = with_daemon({"policy", "add", "web", "--action", "bypass"});
    EXPECT_EQ(ran.exit, Exit::kFailed);
    EXPECT_EQ(ran.err, "sallyport: policy 'web' exists already; replace it\n");
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(CommandLine, AUserIsEnrolledByTheWordsOfAnyMethod) {
  const std::string file = socket_ + ".words";
  std::ofstream(file) << R"({"shape": "circle"})";
  recorder_.answer = json::value(json::object{});
  EXPECT_EQ(with_daemon({"user", "enrol", "alice", "gesture", "--words", file}).out, "'alice' logs in by gesture\n");
  EXPECT_EQ(recorder_.requests.back().method, "PUT");
  EXPECT_EQ(recorder_.requests.back().path, (std::vector<std::string>{"users", "alice", "gesture"}));
  EXPECT_EQ(recorder_.requests.back().body, (json::object{{"shape", "circle"}}));
  recorder_.answer = json::value(json::object{{"code", "12"}});
  EXPECT_EQ(with_daemon({"user", "enrol", "alice", "gesture"}).out, "{\"code\":\"12\"}\n");
  EXPECT_EQ(recorder_.requests.back().body, json::object{});
  EXPECT_EQ(with_daemon({"user", "enrol", "alice", "gesture", "--remove"}).exit, Exit::kDone);
  EXPECT_EQ(recorder_.requests.back().method, "DELETE");
  const auto asked_so_far = recorder_.requests.size();
  std::ofstream(file) << "[1]";
  EXPECT_EQ(with_daemon({"user", "enrol", "alice", "gesture", "--words", file}).err,
            "sallyport: " + file + " is no JSON object\n");
  fs::remove(file);
  EXPECT_EQ(with_daemon({"user", "enrol", "alice", "gesture", "--words", file}).err,
            "sallyport: cannot read " + file + "\n");
  EXPECT_EQ(recorder_.requests.size(), asked_so_far);
}

TEST_F(CommandLine, AnImportNamesALineThatNoDirectoryTakesAndSendsNothing) {
  const std::string file = socket_ + ".csv";
  std::ofstream(file) << "name,full_name\nhans,M\xfcller\n";
  const std::string line_2 = "sallyport: " + file + ": line 2 is ";
  EXPECT_EQ(with_daemon({"user", "import", file}).err,
            line_2 + "no text in UTF-8; save the file as UTF-8; nothing was imported\n");
  std::ofstream(file) << "name,full_name\nhans," << std::string(2'000'000, 'x') << "\n";
  const Ran ran = with_daemon({"user", "import", file});
  EXPECT_EQ(ran.err, line_2 + "longer than that of a user can be; nothing was imported\n");
  EXPECT_EQ(ran.exit, Exit::kFailed);
  EXPECT_TRUE(recorder_.requests.empty());
  fs::remove(file);
}

TEST_F(CommandLine, APasswordIsTheFirstLineOfStandardInputHoweverItEnds) {
  const int before = ::dup(STDIN_FILENO);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);  // no terminal
  for (const char* line : {"correct horse", "correct horse\n", "correct horse\r\nand more\n"}) {
    std::istringstream typed(line);
    auto* usual = std::cin.rdbuf(typed.rdbuf());
    EXPECT_EQ(with_daemon({"user", "password", "alice"}).exit, Exit::kDone);
    std::cin.rdbuf(usual);
    std::cin.clear();
    EXPECT_EQ(asked().body, (json::object{{"password", "correct horse"}}));
  }
  ::dup2(before, STDIN_FILENO);
  ::close(nothing);
  ::close(before);
}

TEST_F(CommandLine, AUserIsAddedAndChangedByWhatIsNamed) {
  EXPECT_EQ(with_daemon({"user", "add", "alice", "--group", "staff", "night", "--role", "view"}).exit, Exit::kDone);
  EXPECT_EQ(recorder_.requests.back().body,
            (json::object{{"name", "alice"}, {"role", "view"}, {"groups", {"staff", "night"}}}));
  EXPECT_EQ(with_daemon({"user", "change", "alice", "--disable"}).exit, Exit::kDone);
  EXPECT_EQ(recorder_.requests.back().method, "PUT");
  EXPECT_EQ(recorder_.requests.back().body, (json::object{{"name", "alice"}, {"enabled", false}}));
  EXPECT_EQ(with_daemon({"session", "end", "0123456789abcdef"}).out, "'0123456789abcdef' is ended\n");
  EXPECT_EQ(recorder_.requests.back().path, (std::vector<std::string>{"sessions", "0123456789abcdef"}));
}

TEST_F(CommandLine, TheSocketMayStandBehindTheCommandOrInTheEnvironment) {
  EXPECT_EQ(sallyport({"card", "--socket", socket_}).exit, Exit::kDone);
  ::setenv("SALLYPORT_SOCKET", socket_.c_str(), 1);
  const Ran ran = sallyport({"card"});
  ::unsetenv("SALLYPORT_SOCKET");
  EXPECT_EQ(ran.exit, Exit::kDone) << ran.err;
}

TEST_F(CommandLine, StatusWaitsForAChildAndSaysWhatItIsInstead) {
  const auto status = [](const char* state) {
    return json::value{{"connections", {{{"name", "b"}, {"children", {{{"name", "net"}, {"state", state}}}}}}}};
  };
  recorder_.answer = status("installed");
  EXPECT_EQ(with_daemon({"status", "--wait-child", "b/net"}).exit, Exit::kDone);
  recorder_.answer = status("connecting");
  Ran ran = with_daemon({"status", "--wait", "1", "--wait-child", "b/net"});
  EXPECT_EQ(ran.exit, Exit::kFailed);
  EXPECT_THAT(ran.err, StartsWith("sallyport: the child b/net is not installed but connecting;"));
  EXPECT_GT(recorder_.requests.size(), 3U);
  ran = with_daemon({"status", "--wait-child", "b/nte"});
  EXPECT_EQ(ran.err, "sallyport: there is no child b/nte; see: sallyport status\n");
}

TEST(CommandLineAlone, WithoutADaemonTheExitStatusIs3) {
  const Ran ran = sallyport({"--socket", "/tmp/sallyport-cli-test-nobody.sock", "status"});
  EXPECT_EQ(ran.exit, Exit::kNoDaemon);
  EXPECT_THAT(ran.err, StartsWith("sallyport: no sallyportd answers at /tmp/sallyport-cli-test-nobody.sock"));
  EXPECT_EQ(ran.out, "");
}

class CommandLineLate : public CommandLine {
 protected:
  void SetUp() override {}
};

TEST_F(CommandLineLate, StatusWaitsUntilTheDaemonAnswers) {
  recorder_.answer = json::value{{"version", "0.1.0"}};
  std::thread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    serve();
  });
  const Ran ran = with_daemon({"status", "--wait", "30"});
  later.join();
  EXPECT_EQ(ran.exit, Exit::kDone) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("sallyport 0.1.0"));
}

TEST(CommandLineAlone, WhatIsWrongIsSaidWithTheHelpThatTellsMoreAndExitStatus2) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> kWrong = {
      {{}, "sallyport: a command is missing; see: sallyport --help\n"},
      {{"statsu"}, "sallyport: there is no command 'statsu'; see: sallyport --help\n"},
      {{"policy", "ad"}, "sallyport: there is no command 'ad'; see: sallyport policy --help\n"},
      {{"policy"}, "sallyport: a command is missing; see: sallyport policy --help\n"},
      {{"policy", "add", "web"}, "sallyport: --action is required; see: sallyport policy add --help\n"},
      {{"rollback"}, "sallyport: NUMBER is required; see: sallyport rollback --help\n"},
      {{"policy", "set", "web"}, "sallyport: CHANGES is required; see: sallyport policy set --help\n"},
      {{"initiate"}, "sallyport: CONNECTION is required; see: sallyport initiate --help\n"},
  };
  for (const auto& [arguments, sentence] : kWrong) {
    const Ran ran = sallyport(arguments);
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_EQ(ran.err, sentence);
    EXPECT_EQ(ran.out, "");
  }
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"status", "--jsn"},
                                                {"status", "--wait", "soon"},
                                                {"sas", "b"},
                                                {"commit", "--confirm", "0"},
                                                {"rollback", "one"},
                                                {"policy", "set", "web", "colour=red"},
                                                {"policy", "set", "web", "name=other"},
                                                {"policy", "set", "web", "action"}}) {
    const Ran ran = sallyport(wrong);
    EXPECT_EQ(ran.exit, Exit::kUsage) << wrong.back();
    EXPECT_THAT(ran.err, HasSubstr("; see: sallyport " + wrong.front())) << wrong.back();
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
}

TEST(CommandLineAlone, EveryWordOfAPolicyIsAnOptionThatSaysWhatItIs) {
  std::istringstream help(sallyport({"policy", "add", "--help"}).out);
  std::string all, line;
  while (std::getline(help, line)) {
    all += line + "\n";
    if (line.find("  --") == std::string::npos) continue;
    EXPECT_GT(line.size(), 40U) << line << ": says nothing";
  }
  for (const auto word : policy::policy_words()) {
    std::string option = "--" + std::string(word);
    std::replace(option.begin(), option.end(), '_', '-');
    if (word == "name") continue;  // which stands before the options
    EXPECT_THAT(all, HasSubstr(option + " "));
  }
}

TEST(CommandLineAlone, HelpAndVersionAreDone) {
  const Ran help = sallyport({"--help"});
  EXPECT_EQ(help.exit, Exit::kDone);
  EXPECT_THAT(help.out, HasSubstr("Exit status: 0 done; 1 the gateway refused or failed; 2"));
  const Ran version = sallyport({"--version"});
  EXPECT_EQ(version.exit, Exit::kDone);
  EXPECT_THAT(version.out, testing::MatchesRegex("sallyport [0-9.]+\n"));
  EXPECT_EQ(sallyport({"policy", "add", "--help"}).exit, Exit::kDone);
}

TEST(CommandLineAlone, DiscoverSaysWhatIsInADumpOrThatNoCardIs) {
  const std::string path = testing::TempDir() + "/sallyport-cli-test-" + std::to_string(getpid()) + ".dump";
  std::ofstream(path) << "65:00.1 Processing accelerators: Xilinx Corporation Device 505d\n"
                         "00: ee 10 5d 50 06 04 10 00 00 00 00 12 00 00 00 00\n";
  Ran ran = sallyport({"discover", "--pci-dump", path});
  EXPECT_EQ(ran.exit, Exit::kDone) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Alveo U55C [10ee:505d]"));
  EXPECT_EQ(json::parse(sallyport({"discover", "--json", "--pci-dump", path}).out).at("cards").as_array().size(), 1U);

  std::ofstream(path) << "01:00.0 Ethernet controller: another\n00: 86 80 21 15 06 04 10 00 01 00 00 02 00 00 00 00\n";
  ran = sallyport({"discover", "--pci-dump", path});
  EXPECT_EQ(ran.exit, Exit::kFailed);
  EXPECT_EQ(ran.err, "sallyport: " + driver::no_card_sentence() + "\n");
  fs::remove(path);
}

}  // namespace
}  // namespace sallyport::cli
