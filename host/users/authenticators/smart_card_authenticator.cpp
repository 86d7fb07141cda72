// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/smart_card_authenticator.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <array>

namespace sallyport::users {
namespace {

constexpr std::size_t kNonceBytes = 32;
constexpr std::size_t kLongestNumber = 128;  // as the directory keeps it; PKCS#11 gives 16

CardKey key_of_nobody() {
  EVP_PKEY* pair = EVP_EC_gen("P-256");
  std::uint8_t* der = nullptr;
  const int length = i2d_PUBKEY(pair, &der);
  CardKey key = CardKey::parse({der, static_cast<std::size_t>(length)}).value();
  OPENSSL_free(der);
  EVP_PKEY_free(pair);
  return key;
}

}  // namespace

Result<void> enrol_card(Directory& directory, const std::string& actor, const std::string& user,
                        const std::string& number, const CardKey& key) {
  if (number.empty() || number.size() > kLongestNumber) {
    return Error{Errc::kInvalid, "a card's number has 1 to " + std::to_string(kLongestNumber) + " characters"};
  }
  return directory.set_credential(actor, user, CredentialKind::kSmartCard, to_hex(key.der()), number);
}

MethodSettings SmartCardAuthenticator::read(TomlSection&, bool) {
  return {[](const Surroundings& gateway) { return std::make_unique<SmartCardAuthenticator>(gateway.directory); }};
}

Result<DirectoryWork> SmartCardAuthenticator::enrol(const Enrolment& asked) {
  const auto number = asked.text("number");
  if (!number) return number.error();
  const auto pem = asked.text("public_key");
  if (!pem) return pem.error();
  const auto key = CardKey::parse_pem(std::string(*pem));
  if (!key) return key.error();
  return DirectoryWork([actor = asked.actor, user = asked.user, number = std::string(*number),
                        key = *key](Directory& directory) -> Result<boost::json::value> {
    if (auto set = enrol_card(directory, actor, user, number, key); !set) return set.error();
    return boost::json::value(boost::json::object{});
  });
}

SmartCardAuthenticator::SmartCardAuthenticator(SharedDirectory& directory)
    : directory_(directory), nobodys_(key_of_nobody()) {}

Result<Challenge> SmartCardAuthenticator::begin(const Claim&) {
  std::array<std::uint8_t, kNonceBytes> nonce{};
  if (RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1) return Error{Errc::kIo, "no random numbers"};
  return Challenge{{"nonce", to_hex(nonce)}};
}

Result<Identity> SmartCardAuthenticator::finish(const Claim& claim, const Challenge& challenge, const Answer& answer) {
  const std::string number = answer.text("number");
  struct Known {
    std::string user;
    std::string key;
  };
  const auto known = directory_.with([&](Directory& d) -> Result<std::optional<Known>> {
    const auto user = d.user_with(CredentialKind::kSmartCard, number);
    if (!user) return user.error();
    if (!*user) return std::optional<Known>();
    const auto key = d.credential(**user, CredentialKind::kSmartCard);
    if (!key) return key.error();
    return std::optional<Known>({**user, key->value_or("")});
  });
  if (!known) return known.error();

  CardKey key = nobodys_;
  if (*known) {
    const auto der = from_hex((*known)->key);
    auto stored = der ? CardKey::parse(*der) : Result<CardKey>(der.error());
    if (!stored) return Error{Errc::kCorrupt, "the card of user '" + (*known)->user + "' is not what was stored"};
    key = std::move(*stored);
  }
  const auto signature = from_hex(answer.text("signature"));
  const CardDigest digest = digest_of({claim.gateway_key, claim.attempt, number, challenge.at("nonce")});
  const bool signed_by_it = key.verifies(digest, signature.value_or({}));
  if (!*known) return Error{Errc::kAuthFailed, "nobody has the card"};
  if (!signed_by_it) return Error{Errc::kAuthFailed, "the card's signature is wrong"};
  if (!claim.user.empty() && claim.user != (*known)->user) {
    return Error{Errc::kAuthFailed, "the card is another user's"};
  }
  return Identity{(*known)->user};
}

}  // namespace sallyport::users
