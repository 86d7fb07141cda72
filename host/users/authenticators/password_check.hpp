// SPDX-License-Identifier: Apache-2.0
// Whether a password is a user's, as the directory knows it.
#pragma once

#include <functional>

#include "host/users/password.hpp"
#include "host/users/shared_directory.hpp"

namespace sallyport::users {

class PasswordCheck {
 public:
  using Verify = std::function<Result<bool>(const Secret& password, const std::string& hash)>;

  explicit PasswordCheck(SharedDirectory& directory, Verify verify = verify_password);

  // A user who is not there, or has no password, costs as much as one who has: the time tells nothing.
  [[nodiscard]] Result<bool> holds(const std::string& user, const Secret& password);

 private:
  SharedDirectory& directory_;
  Verify verify_;
  std::string nobodys_;
};

}  // namespace sallyport::users
