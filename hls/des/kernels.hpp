// SPDX-License-Identifier: Apache-2.0
// The DES kernel with its ports: des_block.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> des_kernels();

}  // namespace sallyport::hls
