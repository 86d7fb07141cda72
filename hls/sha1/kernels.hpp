// SPDX-License-Identifier: Apache-2.0
// The SHA-1 kernel with its ports: sha1_block.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> sha1_kernels();

}  // namespace sallyport::hls
