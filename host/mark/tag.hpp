// SPDX-License-Identifier: Apache-2.0
// The tag of one session, for each of its packets. What it looks like is in driver/user_tag.
#pragma once

#include <array>
#include <optional>

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
  struct Known {
    driver::Address source{};
    driver::Address destination{};
    driver::TagCheck check{};
  };
  [[nodiscard]] const driver::TagCheck& check_of(const driver::Address& source,
                                                 const driver::Address& destination) const;

  std::uint32_t handle_;
  Secret key_;
  bool plain_;
  // A check costs more than all the rest, and is the same for all packets between two addresses: those of late, each
  // pair in the one place where it may be.
  mutable std::array<std::optional<Known>, 256> known_{};
};

}  // namespace sallyport::mark
