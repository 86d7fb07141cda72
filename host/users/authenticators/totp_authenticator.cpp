// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/totp_authenticator.hpp"

#include "host/users/authenticators/totp.hpp"

namespace sallyport::users {

constexpr const char* kIssuer = "Sallyport";  // what an authenticator application writes above the code

MethodSettings TotpAuthenticator::read(TomlSection&, bool) {
  return {[](const Surroundings& gateway) {
    return std::make_unique<TotpAuthenticator>(gateway.directory, gateway.seal_key);
  }};
}

Result<DirectoryWork> TotpAuthenticator::enrol(const Enrolment& asked) {
  return DirectoryWork([actor = asked.actor, user = asked.user,
                        &seal_key = asked.seal_key](Directory& directory) -> Result<boost::json::value> {
    const Secret secret = make_totp_secret();
    const auto sealed = seal_totp(seal_key, user, secret);
    if (!sealed) return sealed.error();
    if (auto set = directory.set_credential(actor, user, CredentialKind::kTotp, *sealed); !set) return set.error();
    const Secret uri = totp_uri(kIssuer, user, secret);
    const Bytes characters = uri.reveal();
    const std::string_view text(reinterpret_cast<const char*>(characters.data()), characters.size());
    return boost::json::value(boost::json::object{{"uri", text}});
  });
}

TotpAuthenticator::TotpAuthenticator(SharedDirectory& directory, Secret key, WallClock now)
    : directory_(directory),
      check_(directory),
      key_(std::move(key)),
      nobodys_(make_totp_secret()),
      now_(std::move(now)) {}

Result<Identity> TotpAuthenticator::finish(const Claim& claim, const Challenge&, const Answer& answer) {
  const auto holds = check_.holds(claim.user, answer.secret("password"));
  if (!holds) return holds.error();
  const auto sealed = directory_.with([&](Directory& d) { return d.credential(claim.user, CredentialKind::kTotp); });
  if (!sealed) return sealed.error();
  const auto secret = *sealed ? unseal_totp(key_, claim.user, **sealed) : Result<Secret>(nobodys_);
  if (!secret) return secret.error();
  const auto step = totp_step(*secret, answer.secret("code"), now_());
  if (!*holds) return Error{Errc::kAuthFailed, "the password is wrong"};
  if (!*sealed || !step) return Error{Errc::kAuthFailed, "the one-time code is wrong"};
  // Only who knows the password uses a code up.
  const auto first =
      directory_.with([&](Directory& d) { return d.take_step(claim.user, CredentialKind::kTotp, *step); });
  if (!first) return first.error();
  if (!*first) return Error{Errc::kAuthFailed, "the one-time code was used before"};
  return Identity{claim.user};
}

}  // namespace sallyport::users
