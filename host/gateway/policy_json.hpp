// SPDX-License-Identifier: Apache-2.0
// Configurations as JSON, as the API shows and takes them and as the store keeps them. A policy is an object of words,
// all values text; and so is an expectation.
#pragma once

#include <boost/json.hpp>

#include "host/policy/configuration.hpp"

namespace sallyport::gateway {

[[nodiscard]] boost::json::object words_of(const policy::Policy& policy);
// kInvalid names the word. What the words say together is checked of an expectation alone.
[[nodiscard]] Result<policy::Policy> policy_of(const boost::json::object& words);

[[nodiscard]] boost::json::array array_of(const policy::Policies& policies);
// Back from the store: checked, each by itself.
[[nodiscard]] Result<policy::Policies> policies_of(const boost::json::array& array);

[[nodiscard]] boost::json::array array_of(const Proposals& proposals);  // a text each
// [{"name": "high", "esp_proposals": [...]}, ...], the strongest first.
[[nodiscard]] boost::json::array array_of(const Levels& levels);
// What a level is to stand for: a text each. kInvalid names the one that is none.
[[nodiscard]] Result<Proposals> esp_proposals_of(const boost::json::value& texts);

[[nodiscard]] boost::json::object words_of(const policy::Expectation& expectation);
[[nodiscard]] Result<policy::Expectation> expectation_of(const boost::json::object& words);

// {"policies": [...], "levels": [...], "expectations": [...]}
[[nodiscard]] boost::json::object object_of(const policy::Configuration& configuration);
// Back from the store. What it does not say is as in `otherwise`: an array is of a version that stored policies alone.
[[nodiscard]] Result<policy::Configuration> configuration_of(const boost::json::value& stored,
                                                             const policy::Configuration& otherwise);

// From the store.
[[nodiscard]] Result<boost::json::value> parse_stored(const std::string& text);

}  // namespace sallyport::gateway
