// SPDX-License-Identifier: Apache-2.0
// The sessions on the card whose packets carry a user's tag: which rows of tag_key are taken, writing and clearing
// them.
#pragma once

#include <bitset>
#include <cstdint>

#include "base/secret.hpp"
#include "driver/tables/table_session.hpp"

namespace sallyport::driver {

class TagKeys {
 public:
  static constexpr std::size_t kKeyBytes = layout::tag_key::kKey.width / 8;

  // The loader outlives it.
  explicit TagKeys(TableLoader& loader) : loader_(&loader) {}

  // The handle of a new session: `random`, but for the bits that name the row, which is the next free one. From now on
  // the card knows its packets. kFull when no row is free, kInvalid for a key of another length.
  Result<std::uint32_t> install(std::uint32_t random, std::uint16_t principal, const Secret& key);

  // From now on its tags are unknown. Packets that came before may pass as its own until the session of tables has
  // committed and drained.
  Result<void> remove(std::uint32_t handle);

  // For a daemon that comes back to a running card: no session but these.
  Result<void> adopt(const std::vector<std::uint32_t>& handles);

 private:
  TableLoader* loader_;
  std::bitset<layout::kTagRows> taken_;
};

}  // namespace sallyport::driver
