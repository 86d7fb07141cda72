// SPDX-License-Identifier: Apache-2.0
#include "hls/md5/kernels.hpp"

#include "hls/md5/md5.hpp"

namespace sallyport::hls {
namespace {

constexpr int kDepth = 32;  // two carry chains

template <template <int> class W>
void md5_block_ports(Ports<W>& ports) {
  const W<128> state = ports.template in<128>("state");
  const W<512> block = ports.template in<512>("block");
  ports.out("state", md5_block(state, block));
}

}  // namespace

std::vector<Kernel> md5_kernels() {
  return {make_kernel("md5_block", "hls/md5/md5.hpp", kDepth, [](auto& p) { md5_block_ports(p); })};
}

}  // namespace sallyport::hls
