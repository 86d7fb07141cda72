// SPDX-License-Identifier: Apache-2.0
// The extras of a header as units of the card are told of them, for tests.
#pragma once

#include "driver/ip/ip.hpp"
#include "driver/testing/random_extras.hpp"
#include "hw/path/tb/frames.hpp"

namespace sallyport::hw {

// Half of the headers get some.
inline void give_extras(driver::IpHeader& header, std::mt19937& random) {
  if (random() % 2 == 0) driver::testing::RandomExtras(random).put_into(header);
}

// As a mover gives them: behind them stands whatever follows the header.
inline Buffer moved_extras(const driver::IpHeader& header, std::mt19937& random) {
  const Buffer behind = random_bytes(random, driver::kMostExtensionBytes - header.extras.size());
  return ByteWriter().bytes(header.extras).bytes(behind).take();
}

// In units of 8 bytes; 0 when there is none.
inline unsigned last_extension(const driver::IpHeader& header) {
  const auto extensions = driver::extensions_of(header);
  return extensions.empty() ? 0 : static_cast<unsigned>(extensions.back().at / 8);
}

}  // namespace sallyport::hw
