// SPDX-License-Identifier: Apache-2.0
// A way to log in, as the gateway's configuration knows it. methods.hpp lists those that there are.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <span>

#include "host/users/authenticators/authenticator.hpp"
#include "host/users/radius/disconnect_settings.hpp"
#include "host/users/shared_directory.hpp"

namespace sallyport {
class TomlSection;
}

namespace sallyport::users {

// What authenticators may use of the gateway; it outlives them.
struct Surroundings {
  SharedDirectory& directory;
  const Secret& seal_key;  // of what the directory keeps sealed
};

using MakeAuthenticator = std::function<std::unique_ptr<Authenticator>(const Surroundings& gateway)>;

// What a method has read of its own.
struct MethodSettings {
  MakeAuthenticator make;
  std::optional<DisconnectSettings> orders{};  // of its servers, where there are some, to end sessions
};

// What an administrator asks to be kept of a user, for one method.
struct Enrolment {
  std::string actor;
  std::string user;
  const boost::json::value& body;
  const Secret& seal_key;  // outlives the work

  // A member of the body; kInvalid where it is no text or not there.
  [[nodiscard]] Result<std::string_view> text(std::string_view key) const;
};
// Done where nobody waits for it; what it returns is the answer.
using DirectoryWork = std::function<Result<boost::json::value>(Directory& directory)>;

struct Method {
  std::string_view name;  // among the `methods` of [users], and in the configuration of a user's computer
  // Asks the section [users] for the method's own keys, and says there what is wrong with them. Where the method is not
  // `chosen`, too: its keys are known words, and it may say that they are of no use.
  MethodSettings (*read)(TomlSection& users, bool chosen);
  // What PUT /v1/users/NAME/METHOD of the API means. None: the method keeps nothing in the directory.
  Result<DirectoryWork> (*enrol)(const Enrolment& asked) = nullptr;
};
using Methods = std::span<const Method>;

}  // namespace sallyport::users
