// SPDX-License-Identifier: Apache-2.0
// "smart_card": a card whose number and public key the directory holds signs what the gateway asks (card_proof.hpp).
// Its PIN stays at the computer. Challenge: `nonce`. Answer: `number`, and `signature` in hexadecimal digits.
#pragma once

#include "host/users/authenticators/card_proof.hpp"
#include "host/users/authenticators/method.hpp"
#include "host/users/shared_directory.hpp"

namespace sallyport::users {

// A card as the directory keeps it, and as `set_credential` gets it: kSmartCard, its key's DER in hexadecimal digits,
// its number.
[[nodiscard]] Result<void> enrol_card(Directory& directory, const std::string& actor, const std::string& user,
                                      const std::string& number, const CardKey& key);

class SmartCardAuthenticator : public Authenticator {
 public:
  static constexpr std::string_view kName = CredentialKind::kSmartCard.name;
  static MethodSettings read(TomlSection& users, bool chosen);
  static Result<DirectoryWork> enrol(const Enrolment& asked);  // `number`, and `public_key` in PEM

  explicit SmartCardAuthenticator(SharedDirectory& directory);

  [[nodiscard]] std::string_view name() const override { return kName; }
  [[nodiscard]] Result<Challenge> begin(const Claim& claim) override;
  [[nodiscard]] Result<Identity> finish(const Claim& claim, const Challenge& challenge, const Answer& answer) override;
  [[nodiscard]] bool proves_presence() const override { return true; }

 private:
  SharedDirectory& directory_;
  CardKey nobodys_;  // whose private half is gone: for cards that nobody has
};

}  // namespace sallyport::users
