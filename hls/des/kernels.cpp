// SPDX-License-Identifier: Apache-2.0
#include "hls/des/kernels.hpp"

#include "hls/des/des.hpp"

namespace sallyport::hls {
namespace {

constexpr int kDepth = 32;

template <template <int> class W>
void des_block_ports(Ports<W>& ports) {
  const W<1> decrypt = ports.template in<1>("decrypt");
  const W<64> key = ports.template in<64>("key");
  const W<64> block = ports.template in<64>("block");
  ports.out("block", des_block(decrypt, key, block));
}

}  // namespace

std::vector<Kernel> des_kernels() {
  return {make_kernel("des_block", "hls/des/des.hpp", kDepth, [](auto& p) { des_block_ports(p); })};
}

}  // namespace sallyport::hls
