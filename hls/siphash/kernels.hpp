// SPDX-License-Identifier: Apache-2.0
// The SipHash kernel with its ports: siphash_36.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> siphash_kernels();

}  // namespace sallyport::hls
