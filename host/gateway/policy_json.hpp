// SPDX-License-Identifier: Apache-2.0
// Policies as JSON, as the API shows and takes them and as the store keeps them: an object of words, all values text.
#pragma once

#include <boost/json.hpp>

#include "host/policy/configuration.hpp"

namespace sallyport::gateway {

[[nodiscard]] boost::json::object words_of(const policy::Policy& policy);
// kInvalid names the word. What the words say together is not checked.
[[nodiscard]] Result<policy::Policy> policy_of(const boost::json::object& words);

[[nodiscard]] boost::json::array array_of(const policy::Policies& policies);
// Back from the store: checked, each by itself.
[[nodiscard]] Result<policy::Policies> policies_of(const boost::json::array& array);

// From the store.
[[nodiscard]] Result<boost::json::value> parse_stored(const std::string& text);

}  // namespace sallyport::gateway
