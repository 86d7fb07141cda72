// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/policy_json.hpp"

namespace sallyport::gateway {

namespace json = boost::json;

namespace {

Error corrupt(const std::string& what) { return {Errc::kCorrupt, "the store holds " + what}; }

template <class T>
json::object object_of(const T& value, std::span<const std::string_view> words) {
  json::object out;
  for (const auto word : words) {
    if (auto text = get_word(value, word); !text.empty()) out[word] = std::move(text);
  }
  return out;
}

template <class T>
Result<T> read(const json::object& words) {
  T out;
  for (const auto& member : words) {
    const std::string word(member.key());
    const auto* text = member.value().if_string();
    if (text == nullptr) return Error{Errc::kInvalid, "'" + word + "' must be text"};
    if (auto set = set_word(out, word, std::string(*text)); !set) {
      return Error{set.error().code == Errc::kNotFound ? Errc::kInvalid : set.error().code,
                   word + ": " + set.error().detail};
    }
  }
  return out;
}

Result<policy::Expectations> expectations_of(const json::array& array) {
  policy::Expectations out;
  for (const auto& value : array) {
    const auto* words = value.if_object();
    if (words == nullptr) return corrupt("an expectation that is no JSON object");
    auto one = expectation_of(*words);
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

Result<Levels> levels_of(const json::array& array) {
  Levels out;
  for (const auto& value : array) {
    const auto* one = value.if_object();
    const auto* name = one == nullptr ? nullptr : one->if_contains("name");
    const auto* texts = one == nullptr ? nullptr : one->if_contains("esp_proposals");
    const auto level = name == nullptr || !name->is_string() ? std::nullopt : parse_level(name->get_string());
    if (!level || texts == nullptr) return corrupt("a level without a name that is known, or without proposals");
    if (*level == Level::kNone) continue;
    auto proposals = esp_proposals_of(*texts);
    if (!proposals) return proposals.error();
    if (auto set = out.set(*level, std::move(*proposals)); !set) return set.error();
  }
  return out;
}

}  // namespace

json::object words_of(const policy::Policy& policy) { return object_of(policy, policy::policy_words()); }
json::object words_of(const policy::Expectation& expectation) {
  return object_of(expectation, policy::expectation_words());
}

Result<policy::Policy> policy_of(const json::object& words) { return read<policy::Policy>(words); }

Result<policy::Expectation> expectation_of(const json::object& words) {
  auto out = read<policy::Expectation>(words);
  if (!out) return out;
  if (out->name.empty()) return Error{Errc::kInvalid, "needs 'name'"};
  if (auto valid = policy::validate(*out); !valid) return valid.error();
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

json::array array_of(const Proposals& proposals) {
  json::array out;
  for (const auto& p : proposals) out.emplace_back(p.to_string());
  return out;
}

json::array array_of(const Levels& levels) {
  json::array out;
  for (const Level level : kLevels) {
    out.push_back(json::object{{"name", to_string(level)}, {"esp_proposals", array_of(levels.esp_proposals(level))}});
  }
  return out;
}

Result<Proposals> esp_proposals_of(const json::value& texts) {
  const auto* array = texts.if_array();
  Proposals out;
  for (const auto& value : array == nullptr ? json::array() : *array) {
    const auto* text = value.if_string();
    if (text == nullptr) return Error{Errc::kInvalid, "'esp_proposals' must be texts, such as \"aes128gcm16\""};
    auto some = parse_proposals(Protocol::kEsp, std::string(*text));
    if (!some) return Error{some.error().code, "esp_proposals: " + some.error().detail};
    out.insert(out.end(), some->begin(), some->end());
  }
  if (out.empty()) {
    return Error{Errc::kInvalid, "'esp_proposals' must be a list of them, the best first, such as [\"aes128gcm16\"]"};
  }
  return out;
}

json::object object_of(const policy::Configuration& configuration) {
  json::array expectations;
  for (const auto& e : configuration.expectations) expectations.push_back(words_of(e));
  return {{"policies", array_of(configuration.policies)},
          {"levels", array_of(configuration.levels)},
          {"expectations", std::move(expectations)}};
}

Result<policy::Configuration> configuration_of(const json::value& stored, const policy::Configuration& otherwise) {
  policy::Configuration out = otherwise;
  const auto* object = stored.if_object();
  // Null: it does not say.
  const auto part = [&](const char* name) { return object == nullptr ? nullptr : object->if_contains(name); };
  const json::value* policies = object == nullptr ? &stored : part("policies");
  const json::value* levels = part("levels");
  const json::value* expectations = part("expectations");
  if (policies == nullptr) return corrupt("a configuration without policies");
  for (const auto* value : {policies, levels, expectations}) {
    if (value != nullptr && !value->is_array()) return corrupt("a part of a configuration that is no JSON array");
  }
  auto read = policies_of(policies->get_array());
  if (!read) return read.error();
  out.policies = std::move(*read);
  if (levels != nullptr) {
    auto known = levels_of(levels->get_array());
    if (!known) return known.error();
    out.levels = std::move(*known);
  }
  if (expectations != nullptr) {
    auto known = expectations_of(expectations->get_array());
    if (!known) return known.error();
    out.expectations = std::move(*known);
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
