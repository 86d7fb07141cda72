// SPDX-License-Identifier: Apache-2.0
#include "host/users/user.hpp"

#include <algorithm>
#include <array>

namespace sallyport::users {
namespace {

constexpr std::array<std::string_view, 3> kRoles = {"view", "operate", "administer"};
constexpr std::size_t kLongestName = 64;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string_view to_string(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

Result<Role> role_named(std::string_view word) {
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (kRoles[i] == word) return static_cast<Role>(i);
  }
  return Error{Errc::kInvalid, "no such role '" + std::string(word) + "'; there are view, operate and administer"};
}

Result<void> check_name(std::string_view name) {
  if (name.empty()) return Error{Errc::kInvalid, "a name is missing"};
  const std::string quoted = "name '" + std::string(name.substr(0, kLongestName)) + "'";
  if (name.size() > kLongestName) {
    return Error{Errc::kInvalid, quoted + ".. is longer than " + std::to_string(kLongestName) + " characters"};
  }
  if (!is_alphanumeric(name.front())) return Error{Errc::kInvalid, quoted + " must begin with a letter or a digit"};
  for (const char c : name) {
    if (!is_alphanumeric(c) && std::string_view("._-@").find(c) == std::string_view::npos) {
      return Error{Errc::kInvalid, quoted + " may hold letters, digits and . _ - @ only"};
    }
  }
  return {};
}

std::string folded(std::string_view name) {
  std::string out(name.substr(0, name.find('@')));
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return out;
}

}  // namespace sallyport::users
