// SPDX-License-Identifier: Apache-2.0
// The tag that says of which session a packet is: an IPv4 option, or an IPv6 destination option, with the session's
// handle and a check of 64 bits (hw/README.md, "the user's tag").
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "base/secret.hpp"

namespace sallyport::mark {

constexpr std::size_t kTagBytes = 16;      // by which a packet grows, at the most
constexpr std::size_t kTagKeyBytes = 16;   // SipHash's
constexpr std::size_t kTagCheckBytes = 8;  // a SipHash of 64 bits

class Tagger {
 public:
  // `plain`: the gateway wants no check. kInvalid: no key of its size.
  [[nodiscard]] static Result<Tagger> make(std::uint32_t handle, Secret key, bool plain);

  enum class Outcome : std::uint8_t {
    kTagged,
    kNoRoom,       // the packet's options leave no place for it where the gateway looks
    kNotForThere,  // nothing that goes to a host behind a gateway: no IP packet, or to a group
  };
  // An IP packet, and the same with its tag.
  [[nodiscard]] Outcome put(Bytes packet, Buffer& tagged) const;

 private:
  struct Free {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  using Mac = std::unique_ptr<EVP_MAC_CTX, Free>;
  Tagger(std::uint32_t handle, Secret key, bool plain, Mac mac)
      : handle_(handle), key_(std::move(key)), plain_(plain), mac_(std::move(mac)) {}

  // Addresses of 4 or 16 bytes.
  [[nodiscard]] std::array<std::uint8_t, kTagCheckBytes> check(Bytes source, Bytes destination) const;
  [[nodiscard]] Buffer option(std::uint8_t type, Bytes source, Bytes destination) const;
  [[nodiscard]] Outcome put_v4(Bytes packet, Buffer& tagged) const;
  [[nodiscard]] Outcome put_v6(Bytes packet, Buffer& tagged) const;

  std::uint32_t handle_;
  Secret key_;
  bool plain_;
  Mac mac_;
};

}  // namespace sallyport::mark
