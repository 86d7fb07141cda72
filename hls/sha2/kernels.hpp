// SPDX-License-Identifier: Apache-2.0
// The SHA-2 kernels with their ports: sha256_block and sha512_block.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> sha2_kernels();

}  // namespace sallyport::hls
