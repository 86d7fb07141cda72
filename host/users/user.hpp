// SPDX-License-Identifier: Apache-2.0
// Who may be known to a gateway: users, the groups they belong to, and what an administrator among them may do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sallyport::users {

// What an administrator may do, each also what stands before it.
enum class Role : std::uint8_t {
  kView,        // look at everything but secrets
  kOperate,     // log users out, initiate and end SAs
  kAdminister,  // change users, policies and configuration
};

[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] Result<Role> role_named(std::string_view word);

struct User {
  std::string name;
  std::string full_name{};
  std::optional<Role> role{};  // none: no administrator
  bool enabled = true;         // a disabled user cannot log in, and what is known of it stays
  std::vector<std::string> groups{};

  friend bool operator==(const User&, const User&) = default;
};

struct Group {
  std::string name;
  std::string description{};

  friend bool operator==(const Group&, const Group&) = default;
};

// Of users and groups: 1 to 64 letters, digits and . _ - @, beginning with a letter or digit. They travel in log lines,
// file names of certificates and RADIUS attributes, so nothing else is let in. The error names the character.
[[nodiscard]] Result<void> check_name(std::string_view name);
// What servers elsewhere may take for the same name: "alice" of "Alice@example.net".
[[nodiscard]] std::string folded(std::string_view name);

}  // namespace sallyport::users
