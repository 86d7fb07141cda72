// SPDX-License-Identifier: Apache-2.0
// Every kernel of the card. CMakeLists.txt lists the same names, and the emitter refuses to run when the two differ.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> all_kernels();

}  // namespace sallyport::hls
