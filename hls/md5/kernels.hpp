// SPDX-License-Identifier: Apache-2.0
// The MD5 kernel with its ports: md5_block.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> md5_kernels();

}  // namespace sallyport::hls
