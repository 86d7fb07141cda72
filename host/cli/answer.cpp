// SPDX-License-Identifier: Apache-2.0
#include "host/cli/answer.hpp"

#include <boost/json.hpp>

namespace sallyport::cli {

namespace json = boost::json;

const json::value& part(const json::value& object, std::string_view key) {
  static const json::value kNothing;
  const auto* fields = object.if_object();
  const auto* found = fields == nullptr ? nullptr : fields->if_contains(json::string_view(key.data(), key.size()));
  return found == nullptr ? kNothing : *found;
}

bool has(const json::value& object, std::string_view key) { return !part(object, key).is_null(); }

std::string text(const json::value& object, std::string_view key) {
  const auto* value = part(object, key).if_string();
  return value == nullptr ? std::string() : std::string(value->data(), value->size());
}

namespace {

std::uint64_t number(const json::value& value) {
  json::error_code error;
  const auto read = value.to_number<std::uint64_t>(error);
  return error ? 0 : read;
}

}  // namespace

std::uint64_t number(const json::value& object, std::string_view key) { return number(part(object, key)); }

std::uint64_t sum(const json::value& object, std::string_view key) {
  std::uint64_t out = 0;
  for (const auto& value : list(object, key)) out += number(value);
  return out;
}

bool flag(const json::value& object, std::string_view key) {
  const auto* value = part(object, key).if_bool();
  return value != nullptr && *value;
}

const json::array& list(const json::value& object, std::string_view key) {
  static const json::array kNone;
  const auto* values = part(object, key).if_array();
  return values == nullptr ? kNone : *values;
}

std::string joined(const json::value& object, std::string_view key, std::string_view between) {
  std::string out;
  for (const auto& value : list(object, key)) {
    const auto* one = value.if_string();
    if (one == nullptr) continue;
    if (!out.empty()) out += between;
    out.append(one->data(), one->size());
  }
  return out;
}

std::string protection(const json::value& sa) {
  std::string out = text(sa, "algorithm");
  if (text(sa, "protocol") == "ah") out = "ah " + out;
  if (flag(sa, "esn")) out += " esn";
  if (flag(sa, "encap")) out += " udp";
  if (text(sa, "mode") == "transport") out += " transport";
  return out;
}

std::string refused_sas(const json::value& answer) {
  std::string out;
  for (const auto& sa : list(answer, "refused_sas")) {
    out += "\nsa/" + text(sa, "name") + " is not installed, and its policies let nothing through: " + text(sa, "why") +
           "\n";
  }
  return out;
}

}  // namespace sallyport::cli
