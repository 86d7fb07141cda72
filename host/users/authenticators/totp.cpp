// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/totp.hpp"

#include <liboath/oath.h>
#include <openssl/rand.h>

#include <array>

#include "host/store/seal.hpp"

namespace sallyport::users {
namespace {

constexpr std::size_t kSecretBytes = 20;
constexpr unsigned kDigits = 6;
constexpr unsigned kNeighbours = 1;  // steps before and behind

const char* characters(const Secret& secret) { return reinterpret_cast<const char*>(secret.reveal().data()); }

}  // namespace

Secret make_totp_secret() {
  Secret secret(kSecretBytes);
  if (RAND_bytes(secret.bytes().data(), kSecretBytes) != 1) std::abort();
  return secret;
}

Secret totp_uri(const std::string& issuer, const std::string& user, const Secret& secret) {
  char* encoded = nullptr;
  std::size_t length = 0;
  if (oath_base32_encode(characters(secret), secret.size(), &encoded, &length) != OATH_OK) std::abort();
  ByteWriter uri;
  uri.bytes(as_bytes("otpauth://totp/" + issuer + ":" + user + "?secret="))
      .bytes(as_bytes({encoded, length}))
      .bytes(as_bytes("&issuer=" + issuer));
  wipe({reinterpret_cast<std::uint8_t*>(encoded), length});
  std::free(encoded);
  Buffer text = uri.take();
  return Secret::consume(text);
}

Result<std::string> seal_totp(const Secret& key, const std::string& user, const Secret& secret) {
  ByteWriter plain;
  plain.u8(static_cast<std::uint8_t>(user.size())).bytes(as_bytes(user)).bytes(secret.reveal());
  Buffer bytes = plain.take();
  const auto sealed = store::seal(key, Secret::consume(bytes));
  if (!sealed) return sealed.error();
  return to_hex(*sealed);
}

Result<Secret> unseal_totp(const Secret& key, const std::string& user, const std::string& sealed) {
  const auto bytes = from_hex(sealed);
  if (!bytes) return Error{Errc::kCorrupt, "the one-time secret of user '" + user + "' is not what was stored"};
  const auto plain = store::unseal(key, *bytes);
  if (!plain) return Error{plain.error().code, "the one-time secret of user '" + user + "': " + plain.error().detail};
  ByteReader r(plain->reveal());
  const Bytes owner = r.take(r.u8());
  if (!r.ok() || !equal(owner, as_bytes(user))) {
    return Error{Errc::kCorrupt, "the one-time secret of user '" + user + "' was made for somebody else"};
  }
  return Secret(r.rest());
}

std::optional<std::uint64_t> totp_step(const Secret& secret, const Secret& code,
                                       std::chrono::system_clock::time_point now) {
  const std::uint64_t current =
      static_cast<std::uint64_t>(std::chrono::system_clock::to_time_t(now)) / OATH_TOTP_DEFAULT_TIME_STEP_SIZE;
  std::optional<std::uint64_t> found;
  // Every step is computed and compared, whichever it is.
  for (std::uint64_t step = current - kNeighbours; step <= current + kNeighbours; ++step) {
    std::array<char, kDigits + 1> expected{};
    if (oath_hotp_generate(characters(secret), secret.size(), step, kDigits, false, OATH_HOTP_DYNAMIC_TRUNCATION,
                           expected.data()) != OATH_OK) {
      continue;
    }
    if (equal_constant_time(as_bytes({expected.data(), kDigits}), code.reveal())) found = step;
  }
  return found;
}

}  // namespace sallyport::users
