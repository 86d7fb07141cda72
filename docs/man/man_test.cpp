// SPDX-License-Identifier: Apache-2.0
// The manual against the programs: what they take is described, and what is described they take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>

#include "host/cli/command_line.hpp"
#include "host/gateway/config.hpp"
#include "host/login/config.hpp"
#include "host/policy/expectations.hpp"
#include "host/policy/policy.hpp"

namespace sallyport {
namespace {

namespace fs = std::filesystem;
using Words = std::set<std::string>;

const fs::path kRoot = SALLYPORT_SOURCE_DIR;

std::string read(const fs::path& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The sources in a folder, without their tests.
std::string read_all(const fs::path& folder) {
  std::string text;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".cpp") && !name.ends_with("_test.cpp")) text += read(entry.path());
  }
  return text;
}

// Every first group of `pattern` in `text`.
Words found(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Words words;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) words.insert((*at)[1].str());
  return words;
}

Words without(const Words& all, const Words& known) {
  Words rest;
  std::set_difference(all.begin(), all.end(), known.begin(), known.end(), std::inserter(rest, rest.end()));
  return rest;
}

// A page's options are written "Fl -name", which mdoc shows as --name.
Words options_of_page(const std::string& page) { return found(read(kRoot / "docs/man" / page), "Fl -([a-z0-9-]+)"); }

// What sallyport's help lists, of itself and of every command below `path`.
void collect_help(const std::vector<std::string>& path, Words& commands, Words& options) {
  auto arguments = path;
  arguments.emplace_back("--help");
  std::ostringstream out, err;
  ASSERT_EQ(cli::run(arguments, out, err), cli::Exit::kDone);
  std::istringstream help(out.str());
  std::string line;
  for (bool in_commands = false; std::getline(help, line);) {
    if (line.empty()) in_commands = false;
    if (line == "Subcommands:") in_commands = true;
    std::smatch match;
    if (std::regex_search(line, match, std::regex("^  (?:-[a-z],)?--([a-z0-9-]+)"))) options.insert(match[1]);
    if (in_commands && std::regex_search(line, match, std::regex("^  ([a-z0-9-]+)"))) {
      auto below = path;
      below.push_back(match[1]);
      std::string name;
      for (const auto& word : below) name += (name.empty() ? "" : " ") + word;
      commands.insert(name);
      collect_help(below, commands, options);
    }
  }
}

TEST(ManPage, OfSallyportHasEveryCommandAndOptionOfItsHelpAndNoOthers) {
  Words commands, options;
  collect_help({}, commands, options);
  EXPECT_TRUE(commands.contains("policy add") && options.contains("esp-proposals"));
  const std::string page = read(kRoot / "docs/man/sallyport.1");
  EXPECT_THAT(without(options, options_of_page("sallyport.1")), testing::IsEmpty());
  EXPECT_THAT(without(options_of_page("sallyport.1"), options), testing::IsEmpty());
  for (const auto& command : commands) {
    if (command == "policy" || command == "user" || command == "group" || command == "session")
      continue;  // described by those below it
    EXPECT_NE(page.find(".It Cm " + command), std::string::npos) << command;
  }
}

TEST(ManPage, HasEveryOptionThatTheSourceOfItsProgramDeclaresAndNoOthers) {
  const std::string any = "\"--([a-z0-9-]+)\"";
  const std::tuple<const char*, const char*, std::string> kPrograms[] = {
      {"sallyportd.8", "host/gateway/daemon_main.cpp", any},
      {"sallyport-card.1", "sim/card/main.cpp", any},
      {"sallyport-bench.1", "sim/bench/main.cpp", any},
      {"sallyport-bench.1", "host/bench/main.cpp", "users->add_option\\(" + any},  // to which it hands `users` over
      {"sallyport-login.1", "host/login/command_line.cpp", any},
  };
  std::map<std::string, Words> declared;
  for (const auto& [page, source, pattern] : kPrograms) {
    Words here = found(read(kRoot / source), pattern);
    EXPECT_FALSE(here.empty()) << source;
    declared[page].insert("help");
    declared[page].merge(here);
  }
  for (const auto& [page, options] : declared) EXPECT_EQ(options_of_page(page), options) << page;
}

TEST(OperatingGuide, NamesOnlyCountersThatTheCardHas) {
  const std::string layout = read(kRoot / "hw/layout/gen/layout.md");
  const std::string guide = read(kRoot / "docs/operating.md");
  const auto table = guide.substr(guide.find("| counter |"));
  const Words named = found(table.substr(0, table.find("\n\n")), "(?:^|\n|, ?)(?:\\| )?`([a-z_]+)`");
  EXPECT_GT(named.size(), 10U);
  EXPECT_THAT(without(named, found(layout, "\\| [0-9]+ \\| `([a-z0-9_]+)` \\|")), testing::IsEmpty());
}

// Keys are the literals with which config.cpp and the ways to log in ask a section; those of a policy are the policy's
// words.
TEST(ManPage, OfTheConfigurationHasEveryKeyThatIsReadAndNoOthers) {
  const std::string source = read(kRoot / "host/gateway/config.cpp") + read(kRoot / "host/base/secret_file.cpp") +
                             read_all(kRoot / "host/users/authenticators");
  Words read_keys = found(
      source,
      R"re((?:section|root_|route|users)\.(?:text|texts|text_or|required_text|path|boolean|number|duration|choice|sections?)\("([a-z_]+)")re");
  read_keys.merge(
      found(source, R"re(read_(?:side|selectors|proposals|spi|keys|lifetime|vlan)\((?:section, )?"([a-z_]+)")re"));
  read_keys.merge(found(source, R"re(identity\("([a-z_]+)")re"));
  for (const auto& key : found(source, R"re(section, "([a-z_]+_)" \+ direction)re")) {
    for (const char* direction : {"in", "out"}) {
      read_keys.insert(key + direction);
      read_keys.insert(key + direction + "_file");
    }
  }
  for (const auto word : policy::policy_words()) read_keys.emplace(word);
  for (const auto word : policy::expectation_words()) read_keys.emplace(word);

  const std::string page = read(kRoot / "docs/man/sallyport.toml.5");
  Words described = found(page, R"(\[+([a-z_]+)\]+)");
  const std::regex item("\n\\.It Cm ([a-z_ ,]+)|\n\\.Cm (destination|via) ,");
  for (std::sregex_iterator at(page.begin(), page.end(), item), end; at != end; ++at) {
    const std::string names = (*at)[1].matched ? (*at)[1].str() : (*at)[2].str();
    described.merge(found(names, "([a-z_]+)"));
  }
  EXPECT_GT(read_keys.size(), 50U);
  EXPECT_THAT(without(read_keys, described), testing::IsEmpty()) << "read, but not described";
  EXPECT_THAT(without(described, read_keys), testing::IsEmpty()) << "described, but not read";
}

TEST(ManPage, OfSallyportLoginHasEveryKeyOfItsConfigurationAndNoOthers) {
  const Words read_keys =
      found(read_all(kRoot / "host/login"),
            R"re((?:section|configuration)\.(?:text|texts|text_or|required_text|path|number|choice)\("([a-z_]+)")re");
  const std::string page = read(kRoot / "docs/man/sallyport-login.1");
  const auto from = page.find(".Sh CONFIGURATION");
  ASSERT_NE(from, std::string::npos);
  Words described;
  const std::string keys = page.substr(from, page.find(".Sh ENVIRONMENT") - from);
  const std::regex item("\n\\.It Cm ([a-z_ ,]+)");
  for (std::sregex_iterator at(keys.begin(), keys.end(), item), end; at != end; ++at) {
    described.merge(found((*at)[1].str(), "([a-z_]+)"));
  }
  EXPECT_GT(read_keys.size(), 8U);
  EXPECT_EQ(described, read_keys);
}

// The manual's own example.
TEST(Example, OfSallyportLoginIsOneThatItTakes) {
  const std::string page = read(kRoot / "docs/man/sallyport-login.1");
  const std::string begin = ".Bd -literal -offset indent\n";
  const auto from = page.find(begin);
  ASSERT_NE(from, std::string::npos);
  const std::string text = page.substr(from + begin.size(), page.find("\n.Ed", from) - from - begin.size());
  const auto config = login::parse_config(text, "/etc/sallyport/login.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->method, "smart_card");
}

TEST(Example, OfAConfigurationIsOneThatTheDaemonTakes) {
  const fs::path folder = fs::path(testing::TempDir()) / ("sallyport-man-test-" + std::to_string(getpid()));
  fs::create_directories(folder);
  fs::copy_file(kRoot / "docs/examples/gateway.toml", folder / "gateway.toml");
  std::ofstream(folder / "office.psk") << "a secret of the test\n";
  ASSERT_EQ(::chmod((folder / "office.psk").c_str(), 0600), 0);
  const auto config = gateway::load_config(folder / "gateway.toml");
  EXPECT_TRUE(config) << config.error().detail;
  fs::remove_all(folder);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->connections.size(), 1U);
  EXPECT_EQ(config->policies.size(), 4U);
}

// The manual's own example, but for its secret's file.
TEST(Example, OfTheManualIsOneThatTheDaemonTakes) {
  const std::string page = read(kRoot / "docs/man/sallyport.toml.5");
  const std::string begin = ".Bd -literal -offset indent\n";
  const auto from = page.find(begin);
  ASSERT_NE(from, std::string::npos);
  std::string text = page.substr(from + begin.size(), page.find("\n.Ed", from) - from - begin.size());
  text = std::regex_replace(text, std::regex("secret_file = [^\n]+"), "secret = \"of the test\"");
  const auto config = gateway::parse_config(text, "/etc/sallyport/gateway.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->policies.size(), 2U);
}

}  // namespace
}  // namespace sallyport
