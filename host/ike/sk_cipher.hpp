// SPDX-License-Identifier: Apache-2.0
// RFC 7296 3.14 and RFC 5282: the SK payload, which encrypts and protects the payloads of a message.
#pragma once

#include "host/ike/keys.hpp"
#include "host/ike/message.hpp"

namespace sallyport::ike {

// One direction of an IKE SA. Its IVs for AES-GCM count up from a random 64-bit start, which is drawn anew for each
// object: one that is made again from the same keys after a restart does not meet the old ones (2n/2^64 for n
// messages).
class SkCipher {
 public:
  SkCipher() = default;
  SkCipher(const Proposal& proposal, Secret encryption_key, Secret integrity_key, const RandomSource& random);

  // The whole message: header, and one SK payload that holds message.payloads.
  [[nodiscard]] Buffer seal(const Message& message);

  // The payloads that the message's SK payload holds. datagram are the bytes the message was parsed from. Errors:
  // kAuthFailed when the integrity check fails, and only after it has passed, kInvalid for what is inside.
  [[nodiscard]] Result<std::vector<Payload>> open(const Message& message, Bytes datagram) const;

 private:
  Buffer seal_gcm(ByteWriter head, const Secret& plain);
  Buffer seal_cbc(ByteWriter head, const Secret& plain);
  [[nodiscard]] Result<Secret> open_gcm(Bytes datagram, Bytes body) const;
  [[nodiscard]] Result<Secret> open_cbc(Bytes datagram, Bytes body) const;
  [[nodiscard]] std::size_t block_size() const;  // of CBC
  [[nodiscard]] std::size_t iv_size() const;

  Encryption encryption_ = Encryption::kNone;
  Integrity integrity_ = Integrity::kNone;
  Secret key_;   // of the cipher, without salt
  Secret salt_;  // AES-GCM only
  Secret integrity_key_;
  RandomSource random_;
  std::uint64_t next_iv_ = 0;
};

}  // namespace sallyport::ike
