// SPDX-License-Identifier: Apache-2.0
// The tag of one session, for each of its packets. What it looks like is in driver/user_tag.
#pragma once

#include "base/secret.hpp"
#include "driver/user_tag/user_tag.hpp"

namespace sallyport::mark {

constexpr std::size_t kTagBytes = 16;  // by which a packet grows, at the most

class Tagger {
 public:
  // `key` has driver::kTagKeyBytes. `plain`: the gateway wants no check.
  Tagger(std::uint32_t handle, Secret key, bool plain) : handle_(handle), key_(std::move(key)), plain_(plain) {}

  enum class Outcome : std::uint8_t {
    kTagged,
    kNoRoom,       // the packet's options leave no place for it where the gateway looks
    kNotForThere,  // nothing that goes to a host behind a gateway: no IP packet, or to a group
  };
  // An IP packet, and the same with its tag.
  [[nodiscard]] Outcome put(Bytes packet, Buffer& tagged) const;

 private:
  std::uint32_t handle_;
  Secret key_;
  bool plain_;
};

}  // namespace sallyport::mark
