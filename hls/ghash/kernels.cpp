// SPDX-License-Identifier: Apache-2.0
#include "hls/ghash/kernels.hpp"

#include "hls/ghash/ghash.hpp"

namespace sallyport::hls {
namespace {

constexpr int kDepth = 20;
constexpr int kLanes = 4;  // blocks of 128 bits in a 512-bit bus

template <template <int> class W>
void ghash_mul_ports(Ports<W>& ports) {
  const W<128> a = ports.template in<128>("a");
  const W<128> b = ports.template in<128>("b");
  ports.out("p", ghash_mul(a, b));
}

template <template <int> class W>
void ghash_dot_ports(Ports<W>& ports) {
  std::array<W<128>, kLanes> x;
  std::array<W<128>, kLanes> h;
  for (int i = 0; i < kLanes; ++i) x[i] = ports.template in<128>("x" + std::to_string(i));
  for (int i = 0; i < kLanes; ++i) h[i] = ports.template in<128>("h" + std::to_string(i));
  ports.out("p", ghash_dot(x, h));
}

}  // namespace

std::vector<Kernel> ghash_kernels() {
  return {
      make_kernel("ghash_mul", "hls/ghash/ghash.hpp", kDepth, [](auto& p) { ghash_mul_ports(p); }),
      make_kernel("ghash_dot", "hls/ghash/ghash.hpp", kDepth, [](auto& p) { ghash_dot_ports(p); }),
  };
}

}  // namespace sallyport::hls
