// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/policy_json.hpp"

namespace sallyport::gateway {

namespace json = boost::json;

json::object words_of(const policy::Policy& policy) {
  json::object words;
  for (const auto word : policy::policy_words()) {
    if (auto text = policy::get_word(policy, word); !text.empty()) words[word] = std::move(text);
  }
  return words;
}

Result<policy::Policy> policy_of(const json::object& words) {
  policy::Policy out;
  for (const auto& member : words) {
    const std::string word(member.key());
    const auto* text = member.value().if_string();
    if (text == nullptr) return Error{Errc::kInvalid, "'" + word + "' must be text"};
    if (auto set = policy::set_word(out, word, std::string(*text)); !set) {
      return Error{set.error().code == Errc::kNotFound ? Errc::kInvalid : set.error().code,
                   word + ": " + set.error().detail};
    }
  }
  return out;
}

json::array array_of(const policy::Policies& policies) {
  json::array out;
  for (const auto& p : policies) out.push_back(words_of(p));
  return out;
}

Result<policy::Policies> policies_of(const json::array& array) {
  policy::Policies out;
  for (const auto& value : array) {
    const auto* words = value.if_object();
    if (words == nullptr) return Error{Errc::kCorrupt, "a stored policy is no JSON object"};
    auto p = policy_of(*words);
    if (!p) return p.error();
    if (auto valid = policy::validate(*p); !valid) return valid.error();
    out.push_back(std::move(*p));
  }
  return out;
}

Result<json::value> parse_stored(const std::string& text) {
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed) return Error{Errc::kCorrupt, "the store holds what is no JSON: " + failed.message()};
  return value;
}

}  // namespace sallyport::gateway
