// SPDX-License-Identifier: Apache-2.0
// The tag by which a user's packets say which session they are of (hw/README.md, "the user's tag"): its bytes in IPv4
// and IPv6, and its check.
#pragma once

#include <array>
#include <optional>

#include "driver/ip/ip.hpp"

namespace sallyport::driver {

constexpr std::size_t kTagKeyBytes = 16;
using TagCheck = std::array<std::uint8_t, 8>;

// `key` has kTagKeyBytes.
TagCheck tag_check(Bytes key, std::uint32_t handle, const Address& source, const Address& destination);

struct UserTag {
  std::uint32_t handle = 0;
  std::optional<TagCheck> check;  // none: a plain tag

  friend bool operator==(const UserTag&, const UserTag&) = default;
};
std::size_t user_tag_bytes(const UserTag& tag);  // by which it makes a packet longer

// An IPv4 or IPv6 packet, exactly as long as it says, with this tag in it. Nothing when it is no such packet, or has no
// room: IPv4 for 40 bytes of options, a packet for 65535.
std::optional<Buffer> put_user_tag(Bytes packet, const UserTag& tag);

struct Untagged {
  UserTag tag;
  Buffer frame;  // without it
};
// An Ethernet frame without VLAN tag. Nothing when it has no tag.
std::optional<Untagged> take_user_tag(Bytes frame);

}  // namespace sallyport::driver
