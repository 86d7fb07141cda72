// SPDX-License-Identifier: Apache-2.0
#include "hls/siphash/kernels.hpp"

#include "hls/siphash/siphash.hpp"

namespace sallyport::hls {
namespace {

constexpr int kDepth = 32;

template <template <int> class W>
void siphash_ports(Ports<W>& ports) {
  const W<128> key = ports.template in<128>("key");
  const W<8 * kSipMessageBytes> message = ports.template in<8 * kSipMessageBytes>("message");
  ports.out("check", siphash(key, message));
}

}  // namespace

std::vector<Kernel> siphash_kernels() {
  return {make_kernel("siphash_36", "hls/siphash/siphash.hpp", kDepth, [](auto& p) { siphash_ports(p); })};
}

}  // namespace sallyport::hls
