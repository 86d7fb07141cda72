// SPDX-License-Identifier: Apache-2.0
// For tests of logging in: a directory in which alice has a password and bob has nothing.
#pragma once

#include "host/store/test_folder.hpp"
#include "host/users/authenticators/authenticator.hpp"
#include "host/users/shared_directory.hpp"

namespace sallyport::users {

constexpr std::string_view kPassword = "correct horse battery staple";

constexpr PasswordCost kCheap{1, 8, 1};  // for what is not about the cost

inline Secret secret(std::string_view text) { return Secret(as_bytes(text)); }

inline Answer answer(std::initializer_list<std::pair<std::string, std::string_view>> words) {
  Answer out;
  for (const auto& [word, value] : words) out.set(word, secret(value));
  return out;
}

class LoginTest : public store::TestFolder {
 protected:
  LoginTest() {
    directory_.with([](Directory& d) {
      d.add_group("admin", {"staff", ""}).value();
      d.add_user("admin", {"alice", "Alice Adams", {}, true, {"staff"}}).value();
      d.add_user("admin", {"bob"}).value();
      d.set_credential("admin", "alice", CredentialKind::kPassword, hash_password(secret(kPassword), kCheap).value())
          .value();
    });
  }

  SharedDirectory directory_{Directory::open_file(folder_ / "users.db").value()};
};

}  // namespace sallyport::users
