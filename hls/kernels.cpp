// SPDX-License-Identifier: Apache-2.0
#include "hls/kernels.hpp"

#include "hls/aes/kernels.hpp"
#include "hls/des/kernels.hpp"
#include "hls/ghash/kernels.hpp"
#include "hls/lookup/kernels.hpp"
#include "hls/md5/kernels.hpp"
#include "hls/sha1/kernels.hpp"
#include "hls/sha2/kernels.hpp"
#include "hls/siphash/kernels.hpp"

namespace sallyport::hls {

std::vector<Kernel> all_kernels() {
  std::vector<Kernel> all;
  for (auto* group : {aes_kernels, ghash_kernels, sha2_kernels, sha1_kernels, md5_kernels, des_kernels, siphash_kernels,
                      lookup_kernels}) {
    for (Kernel& kernel : group()) all.push_back(std::move(kernel));
  }
  return all;
}

}  // namespace sallyport::hls
