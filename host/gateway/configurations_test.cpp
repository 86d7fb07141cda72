// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/configurations.hpp"

#include <gmock/gmock.h>

#include "host/gateway/policy_json.hpp"
#include "host/store/checked_value.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using policy::Configuration;

Proposals proposals(std::string_view text) { return parse_proposals(Protocol::kEsp, text).value(); }

// One policy, of level middle.
Configuration with_middle(std::string_view middle) {
  Configuration out;
  out.policies.push_back(policy_of({{"name", "office"},
                                    {"action", "protect"},
                                    {"connection", "peer"},
                                    {"level", "middle"},
                                    {"change", "after-idle"}})
                             .value());
  out.levels.set(Level::kMiddle, proposals(middle)).value();
  return out;
}

Configuration with_expectation(const char* to) {
  Configuration out = with_middle("aes128gcm16");
  out.expectations.push_back(expectation_of({{"name", "closed"}, {"to", to}, {"action", "protect"}}).value());
  return out;
}

// As the store has it.
store::StoredPolicies stored(const Configurations& all) { return {all.history(), all.state()}; }

// A history of two configurations, of which the newest has another level than the file.
Configurations with_history() {
  auto all = Configurations::begin({}, with_middle("aes128gcm16")).value();
  all.append(with_middle("aes256gcm16"), "alice", "", "level middle changed");
  return all;
}

Proposals middle_of(const Configuration& configuration) { return configuration.levels.esp_proposals(Level::kMiddle); }

TEST(Configurations, KeepTheLevelsThatWereCommittedWhateverTheFileHasHadAllTheTime) {
  const auto back = Configurations::begin(stored(with_history()), with_middle("aes128gcm16")).value();
  EXPECT_EQ(back.newest().number, 2U);
  EXPECT_EQ(middle_of(back.configuration()), proposals("aes256gcm16"));
  EXPECT_EQ(back.policies().front().level_proposals, proposals("aes256gcm16"));
  EXPECT_EQ(middle_of(back.of(1).value()), proposals("aes128gcm16"));
}

TEST(Configurations, AnEditOfTheFilesLevelsIsAConfigurationOfItsOwn) {
  const auto edited = Configurations::begin(stored(with_history()), with_middle("aes192gcm16")).value();
  EXPECT_EQ(edited.newest().number, 3U);
  EXPECT_EQ(edited.newest().who, "configuration file");
  EXPECT_EQ(edited.newest().summary, "level middle changed");
  EXPECT_EQ(middle_of(edited.configuration()), proposals("aes192gcm16"));
}

TEST(Configurations, APolicyThatWaitsKeepsWhatItsLevelStoodFor) {
  auto all = with_history();
  all.set_pending({{"office", policy::in_full(with_middle("aes128gcm16")).front()}});
  const auto back = Configurations::begin(stored(all), with_middle("aes128gcm16")).value();
  ASSERT_EQ(back.pending().count("office"), 1U);
  EXPECT_EQ(back.in_force().front().level_proposals, proposals("aes128gcm16"));
  EXPECT_EQ(back.policies().front().level_proposals, proposals("aes256gcm16"));
}

TEST(Configurations, ACandidateHasLevelsOfItsOwn) {
  auto all = with_history();
  all.set_candidate(Candidate{2, with_middle("aes192gcm16")});
  const auto back = Configurations::begin(stored(all), with_middle("aes128gcm16")).value();
  ASSERT_TRUE(back.candidate());
  EXPECT_EQ(back.candidate()->base, 2U);
  EXPECT_EQ(middle_of(back.edited()), proposals("aes192gcm16"));
}

TEST(Configurations, KeepTheExpectationsThatWereCommittedUntilTheFilesAreEdited) {
  auto all = Configurations::begin({}, with_expectation("10.2.0.1")).value();
  all.append(with_expectation("10.2.0.2"), "alice", "", "");
  all.set_candidate(Candidate{2, with_expectation("10.2.0.3")});
  const auto to = [](const Configuration& c) { return get_word(c.expectations.at(0), "to"); };
  const auto back = Configurations::begin(stored(all), with_expectation("10.2.0.1")).value();
  EXPECT_EQ(to(back.configuration()), "10.2.0.2");
  EXPECT_EQ(to(back.of(1).value()), "10.2.0.1");
  EXPECT_EQ(to(back.edited()), "10.2.0.3");
  const auto edited = Configurations::begin(stored(all), with_expectation("10.2.0.4")).value();
  EXPECT_EQ(to(edited.configuration()), "10.2.0.4");
  EXPECT_EQ(edited.newest().summary, "expectation closed changed");
}

// Before there were levels in a configuration: policies alone, and an origin of the file's policies alone.
TEST(Configurations, OfAnOlderVersionHaveTheFilesLevelsAndTheFileIsNotTakenForEdited) {
  Configuration of_file = with_middle("aes192gcm16");
  of_file.expectations = with_expectation("10.2.0.1").expectations;
  const std::string policies = json::serialize(array_of(of_file.policies));
  const auto digest = store::sha256(as_bytes(policies));
  store::StoredPolicies old;
  for (std::uint32_t n : {1U, 2U}) old.configurations.push_back({n, 0, "alice", "", "", policies});
  old.state.origin = to_hex(digest);
  old.state.pending = policies;
  old.state.candidate = "{\"base\": 2, \"policies\": " + policies + "}";
  const auto taken = Configurations::begin(old, of_file).value();
  EXPECT_EQ(taken.newest().number, 2U);
  EXPECT_EQ(middle_of(taken.configuration()), proposals("aes192gcm16"));
  EXPECT_EQ(middle_of(taken.of(1).value()), proposals("aes192gcm16"));
  EXPECT_EQ(middle_of(taken.edited()), proposals("aes192gcm16"));
  EXPECT_EQ(taken.configuration().expectations.size(), 1U);
  EXPECT_EQ(taken.in_force().front().level_proposals, proposals("aes192gcm16"));
  // From then on an edit of the file's levels is one.
  const auto edited = Configurations::begin(stored(taken), with_middle("aes128gcm16")).value();
  EXPECT_EQ(edited.newest().number, 3U);
}

TEST(Configurations, WhatIsNoConfigurationIsRefusedInWords) {
  auto broken = stored(with_history());
  for (const char* words : {"", "7", "{}", R"({"policies": {}})", R"({"policies": [7]})",
                            R"({"policies": [], "levels": 7})", R"({"policies": [], "expectations": [7]})",
                            R"({"policies": [], "expectations": [{"name": "x", "to": "10.2.0.1"}]})",
                            R"({"policies": [], "expectations": [{"to": "10.2.0.1", "action": "protect"}]})",
                            R"({"policies": [], "levels": [{}]})",
                            R"({"policies": [], "levels": [{"name": "top", "esp_proposals": ["aes128gcm16"]}]})",
                            R"({"policies": [], "levels": [{"name": "high", "esp_proposals": []}]})",
                            R"({"policies": [], "levels": [{"name": "high", "esp_proposals": ["rot13"]}]})"}) {
    broken.configurations.back().words = words;
    const auto read = Configurations::begin(broken, with_middle("aes128gcm16"));
    ASSERT_FALSE(read) << words;
    EXPECT_FALSE(read.error().detail.empty());
  }
}

}  // namespace
}  // namespace sallyport::gateway
