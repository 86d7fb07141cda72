// SPDX-License-Identifier: Apache-2.0
// The AES kernels with their ports: aes_encrypt, aes_decrypt, aes_key_step, aes_inv_mix and
// aes_round.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

[[nodiscard]] std::vector<Kernel> aes_kernels();

}  // namespace sallyport::hls
