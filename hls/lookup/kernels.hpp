// SPDX-License-Identifier: Apache-2.0
// The lookup kernels with their ports: interval_step_128 and _16, rule_match, bucket_hash.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> lookup_kernels();

}  // namespace sallyport::hls
