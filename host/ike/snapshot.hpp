// SPDX-License-Identifier: Apache-2.0
// Established IKE SAs as bytes, so that a daemon that was killed can go on with them.
#pragma once

#include "host/ike/world.hpp"

namespace sallyport::ike {

[[nodiscard]] Secret write_snapshot(const World& world, Time now);

// All of the snapshot or nothing. Each IKE SA asks its peer at once whether it is still there. One whose connection is
// not configured any more is left out, and its children's RemoveSa returned.
Result<void> read_snapshot(World& world, Bytes snapshot, std::chrono::milliseconds away, Turn& turn);

}  // namespace sallyport::ike
