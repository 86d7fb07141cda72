// SPDX-License-Identifier: Apache-2.0
// Kernels that mean nothing and use everything: random operations, for testing the tool itself.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

// probe_shallow (many stages), probe_deep (few) and probe_combinational.
[[nodiscard]] std::vector<Kernel> probe_kernels();

}  // namespace sallyport::hls
