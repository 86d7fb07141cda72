// SPDX-License-Identifier: Apache-2.0
// The GHASH kernels with their ports: ghash_mul and ghash_dot.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> ghash_kernels();

}  // namespace sallyport::hls
