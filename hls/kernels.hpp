// SPDX-License-Identifier: Apache-2.0
// Every kernel there is. CMakeLists.txt lists the same names; the emitter refuses to run when the two differ.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> all_kernels();

}  // namespace sallyport::hls
