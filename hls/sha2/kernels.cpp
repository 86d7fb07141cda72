// SPDX-License-Identifier: Apache-2.0
#include "hls/sha2/kernels.hpp"

#include "hls/sha2/sha2.hpp"

namespace sallyport::hls {
namespace {

constexpr int kDepth = 30;

template <class Sha, template <int> class W>
void sha2_block_ports(Ports<W>& ports) {
  const W<8 * Sha::kWord> state = ports.template in<8 * Sha::kWord>("state");
  const W<16 * Sha::kWord> block = ports.template in<16 * Sha::kWord>("block");
  ports.out("state", sha2_block<Sha>(state, block));
}

}  // namespace

std::vector<Kernel> sha2_kernels() {
  return {
      make_kernel("sha256_block", "hls/sha2/sha2.hpp", kDepth, [](auto& p) { sha2_block_ports<Sha256>(p); }),
      make_kernel("sha512_block", "hls/sha2/sha2.hpp", kDepth, [](auto& p) { sha2_block_ports<Sha512>(p); }),
  };
}

}  // namespace sallyport::hls
