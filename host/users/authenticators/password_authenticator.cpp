// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/password_authenticator.hpp"

namespace sallyport::users {

MethodSettings PasswordAuthenticator::read(TomlSection&, bool) {
  return {[](const Surroundings& gateway) { return std::make_unique<PasswordAuthenticator>(gateway.directory); }};
}

Result<DirectoryWork> PasswordAuthenticator::enrol(const Enrolment& asked) {
  const auto given = asked.text("password");
  if (!given) return given.error();
  return DirectoryWork([actor = asked.actor, user = asked.user,
                        password = Secret(as_bytes(*given))](Directory& directory) -> Result<boost::json::value> {
    const auto hash = hash_password(password);
    if (!hash) return hash.error();
    auto set = directory.set_credential(actor, user, CredentialKind::kPassword, *hash);
    if (!set) return set.error();
    return boost::json::value(boost::json::object{});
  });
}

}  // namespace sallyport::users
