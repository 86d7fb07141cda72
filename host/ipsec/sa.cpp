// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/sa.hpp"

namespace sallyport {

std::string to_string(Spi spi) {
  ByteWriter w;
  w.u32(static_cast<std::uint32_t>(spi));
  return "0x" + to_hex(w.view());
}

}  // namespace sallyport
