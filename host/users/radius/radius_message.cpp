// SPDX-License-Identifier: Apache-2.0
#include "host/users/radius/radius_message.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace sallyport::users::radius {
namespace {

// RFC 2865 3.
constexpr std::size_t kHeader = 20;
constexpr std::size_t kAuthenticatorAt = 4;
constexpr std::size_t kLongest = 4096;
constexpr std::size_t kLongestPassword = 128;
constexpr Authenticator kZeros{};

Authenticator md5(std::initializer_list<Bytes> parts) {
  Authenticator digest{};
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool done = EVP_DigestInit_ex(context, EVP_md5(), nullptr) == 1;
  for (const Bytes part : parts) done = done && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  done = done && EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1;
  EVP_MD_CTX_free(context);
  if (!done) std::abort();
  return digest;
}

// Where the value of the Message-Authenticator stands in a sound message.
std::optional<std::size_t> message_authenticator_at(Bytes message) {
  for (std::size_t at = kHeader; at < message.size(); at += message[at + 1]) {
    if (message[at] == static_cast<std::uint8_t>(Type::kMessageAuthenticator)) {
      return message[at + 1] == 2 + kZeros.size() ? std::optional(at + 2) : std::nullopt;
    }
  }
  return std::nullopt;
}

// RFC 3579 3.2: HMAC-MD5 over the whole message, `authenticator` in its place and zeros where the result goes.
Authenticator hmac_of(Buffer message, std::size_t at, const Authenticator& authenticator, const Secret& secret) {
  std::copy(authenticator.begin(), authenticator.end(), message.begin() + kAuthenticatorAt);
  std::fill_n(message.begin() + static_cast<std::ptrdiff_t>(at), kZeros.size(), std::uint8_t{0});
  Authenticator digest{};
  unsigned length = 0;
  if (HMAC(EVP_md5(), secret.reveal().data(), static_cast<int>(secret.size()), message.data(), message.size(),
           digest.data(), &length) == nullptr) {
    std::abort();
  }
  return digest;
}

// RFC 2865 3, RFC 5176 2.3: MD5 over the whole message, `authenticator` in its place, and the secret.
Authenticator digest_of(Buffer message, const Authenticator& authenticator, const Secret& secret) {
  std::copy(authenticator.begin(), authenticator.end(), message.begin() + kAuthenticatorAt);
  return md5({message, secret.reveal()});
}

// The first attribute, so that nobody can choose what the MD5 begins with.
Buffer with_message_authenticator(Message message, const Authenticator& authenticator, const Secret& secret) {
  message.attributes.insert(message.attributes.begin(),
                            {Type::kMessageAuthenticator, Buffer(kZeros.begin(), kZeros.end())});
  Buffer bytes = message.serialise();
  const Authenticator hmac = hmac_of(bytes, kHeader + 2, authenticator, secret);
  std::copy(hmac.begin(), hmac.end(), bytes.begin() + kHeader + 2);
  return bytes;
}

void set_authenticator(Buffer& bytes, const Authenticator& authenticator) {
  std::copy(authenticator.begin(), authenticator.end(), bytes.begin() + kAuthenticatorAt);
}

// `over` stands where the authenticator is while both digests are computed.
Result<Message> opened(Bytes datagram, const Authenticator& over, const Secret& secret) {
  auto message = Message::parse(datagram);
  if (!message) return message;
  const Buffer bytes = message->serialise();
  const auto at = message_authenticator_at(bytes);
  if (!at) return Error{Errc::kAuthFailed, "a RADIUS message without Message-Authenticator"};
  const Bytes given = Bytes(bytes).subspan(*at, kZeros.size());
  if (!equal_constant_time(hmac_of(bytes, *at, over, secret), given) ||
      !equal_constant_time(digest_of(bytes, over, secret), message->authenticator)) {
    return Error{Errc::kAuthFailed, "a RADIUS message of somebody who does not know the secret"};
  }
  return message;
}

}  // namespace

Result<Message> Message::parse(Bytes datagram) {
  ByteReader r(datagram);
  Message message;
  message.code = Code{r.u8()};
  message.identifier = r.u8();
  const std::size_t length = r.u16();
  const Bytes authenticator = r.take(message.authenticator.size());
  if (!r.ok() || length > datagram.size()) return Error{Errc::kTruncated, "a RADIUS message"};
  if (length < kHeader || length > kLongest) return Error{Errc::kInvalid, "a RADIUS message's length"};
  std::copy(authenticator.begin(), authenticator.end(), message.authenticator.begin());
  ByteReader attributes(datagram.subspan(kHeader, length - kHeader));
  while (attributes.left() > 0) {
    const Type type{attributes.u8()};
    const std::size_t size = attributes.u8();
    if (size < 2) return Error{Errc::kInvalid, "a RADIUS attribute's length"};
    const Bytes value = attributes.take(size - 2);
    if (!attributes.ok()) return Error{Errc::kTruncated, "a RADIUS attribute"};
    message.add(type, value);
  }
  return message;
}

Buffer Message::serialise() const {
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(code)).u8(identifier).u16(0).bytes(authenticator);
  for (const Attribute& a : attributes) {
    w.u8(static_cast<std::uint8_t>(a.type)).u8(static_cast<std::uint8_t>(2 + a.value.size())).bytes(a.value);
  }
  w.patch_u16(2, static_cast<std::uint16_t>(w.size()));
  return w.take();
}

void Message::add(Type type, std::uint32_t value) { add(type, ByteWriter().u32(value).view()); }

const Buffer* Message::find(Type type) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.type == type; });
  return found == attributes.end() ? nullptr : &found->value;
}

std::optional<std::uint32_t> Message::number(Type type) const {
  const Buffer* value = find(type);
  if (value == nullptr || value->size() != 4) return std::nullopt;
  return ByteReader(*value).u32();
}

std::optional<std::string> Message::text(Type type) const {
  const Buffer* value = find(type);
  return value == nullptr ? std::nullopt : std::optional(std::string(value->begin(), value->end()));
}

Result<Buffer> hidden_password(const Secret& password, const Secret& secret, const Authenticator& authenticator) {
  if (password.size() > kLongestPassword) {
    return Error{Errc::kAuthFailed, "the password is longer than RADIUS carries"};
  }
  // Padded with zeros to whole blocks of 16, at least one.
  const std::size_t blocks = std::max<std::size_t>(1, (password.size() + kZeros.size() - 1) / kZeros.size());
  Buffer out(blocks * kZeros.size());
  std::copy(password.reveal().begin(), password.reveal().end(), out.begin());
  Authenticator before = authenticator;
  for (std::size_t at = 0; at < out.size(); at += before.size()) {
    const Authenticator mask = md5({secret.reveal(), before});
    for (std::size_t i = 0; i < mask.size(); ++i) before[i] = out[at + i] ^= mask[i];
  }
  return out;
}

Buffer sealed_request(Message message, const Secret& secret) {
  if (message.code == Code::kAccessRequest) return with_message_authenticator(message, message.authenticator, secret);
  Buffer bytes = with_message_authenticator(std::move(message), kZeros, secret);
  set_authenticator(bytes, digest_of(bytes, kZeros, secret));
  return bytes;
}

Buffer sealed_reply(Message message, const Authenticator& request, const Secret& secret) {
  Buffer bytes = with_message_authenticator(std::move(message), request, secret);
  set_authenticator(bytes, digest_of(bytes, request, secret));
  return bytes;
}

Result<Message> opened_request(Bytes datagram, const Secret& secret) { return opened(datagram, kZeros, secret); }

Result<Message> opened_reply(Bytes datagram, const Authenticator& request, const Secret& secret) {
  return opened(datagram, request, secret);
}

}  // namespace sallyport::users::radius
