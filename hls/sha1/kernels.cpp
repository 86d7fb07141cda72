// SPDX-License-Identifier: Apache-2.0
#include "hls/sha1/kernels.hpp"

#include "hls/sha1/sha1.hpp"

namespace sallyport::hls {
namespace {

constexpr int kDepth = 32;  // two carry chains

template <template <int> class W>
void sha1_block_ports(Ports<W>& ports) {
  const W<160> state = ports.template in<160>("state");
  const W<512> block = ports.template in<512>("block");
  ports.out("state", sha1_block(state, block));
}

}  // namespace

std::vector<Kernel> sha1_kernels() {
  return {make_kernel("sha1_block", "hls/sha1/sha1.hpp", kDepth, [](auto& p) { sha1_block_ports(p); })};
}

}  // namespace sallyport::hls
