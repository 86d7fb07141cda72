// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/credential_requests.hpp"

#include <boost/json.hpp>

#include "host/users/authenticators/smart_card_authenticator.hpp"
#include "host/users/authenticators/totp.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using users::CredentialKind;
using users::Directory;

constexpr const char* kIssuer = "Sallyport";  // what an authenticator application writes above the code

// The member's characters; none of another type, or not there.
const json::string* text_in(const json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(key);
  return value == nullptr ? nullptr : value->if_string();
}

Error missing(const std::string& key) { return {Errc::kInvalid, "'" + key + "' must be there, a text"}; }

Result<DirectoryWork> set_password(const std::string& actor, const std::string& user, const json::value& body) {
  const auto* given = text_in(body, "password");
  if (given == nullptr) return missing("password");
  return DirectoryWork(
      [=, password = Secret(as_bytes({given->data(), given->size()}))](Directory& directory) -> Result<json::value> {
        const auto hash = users::hash_password(password);
        if (!hash) return hash.error();
        auto set = directory.set_credential(actor, user, CredentialKind::kPassword, *hash);
        if (!set) return set.error();
        return json::value(json::object{});
      });
}

// A new secret, told this once.
DirectoryWork make_totp(const std::string& actor, const std::string& user, const Secret& seal_key) {
  return [=, &seal_key](Directory& directory) -> Result<json::value> {
    const Secret secret = users::make_totp_secret();
    const auto sealed = users::seal_totp(seal_key, user, secret);
    if (!sealed) return sealed.error();
    if (auto set = directory.set_credential(actor, user, CredentialKind::kTotp, *sealed); !set) return set.error();
    const Secret uri = users::totp_uri(kIssuer, user, secret);
    const Bytes characters = uri.reveal();
    return json::value(
        json::object{{"uri", json::string_view(reinterpret_cast<const char*>(characters.data()), characters.size())}});
  };
}

Result<DirectoryWork> set_card(const std::string& actor, const std::string& user, const json::value& body) {
  const auto* number = text_in(body, "number");
  const auto* pem = text_in(body, "public_key");
  if (number == nullptr) return missing("number");
  if (pem == nullptr) return missing("public_key");
  const auto key = users::CardKey::parse_pem(std::string(*pem));
  if (!key) return key.error();
  return DirectoryWork([=, number = std::string(*number), key = *key](Directory& directory) -> Result<json::value> {
    if (auto set = users::enrol_card(directory, actor, user, number, key); !set) return set.error();
    return json::value(json::object{});
  });
}

}  // namespace

Result<DirectoryWork> credential_work(const std::string& actor, const std::string& method, const std::string& user,
                                      const std::string& kind, const json::value& body, const Secret& seal_key) {
  for (const auto known : {CredentialKind::kPassword, CredentialKind::kTotp, CredentialKind::kSmartCard}) {
    if (kind != users::to_string(known)) continue;
    if (method == "DELETE") {
      return DirectoryWork([=](Directory& directory) -> Result<json::value> {
        if (auto gone = directory.delete_credential(actor, user, known); !gone) return gone.error();
        return json::value(json::object{});
      });
    }
    if (method != "PUT") break;
    if (known == CredentialKind::kPassword) return set_password(actor, user, body);
    if (known == CredentialKind::kTotp) return make_totp(actor, user, seal_key);
    return set_card(actor, user, body);
  }
  return Error{Errc::kNotFound, "there is no request " + method + " /v1/users/NAME/" + kind};
}

}  // namespace sallyport::gateway
