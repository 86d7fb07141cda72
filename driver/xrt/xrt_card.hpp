// SPDX-License-Identifier: Apache-2.0
// A card behind stock XRT: an Alveo, or its emulation (XCL_EMULATION_MODE=hw_emu in the environment); the code is the
// same.
#pragma once

#include <memory>
#include <string>

#include "driver/card.hpp"

namespace sallyport::driver {

// Opens device number `device`, loads the xclbin and takes the card's kernel. Loading does not reset a card that runs
// the same xclbin already.
Result<std::unique_ptr<Card>> open_xrt_card(unsigned device, const std::string& xclbin_path);

}  // namespace sallyport::driver
