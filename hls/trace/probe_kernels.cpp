// SPDX-License-Identifier: Apache-2.0
#include "hls/trace/probe_kernels.hpp"

#include <random>

#include "hls/trace/ops.hpp"

namespace sallyport::hls {
namespace {

constexpr int kOperations = 400;
constexpr int kLateInputs = 6;
constexpr std::uint64_t kSeed = 7;

const Table& probe_table() {
  static const Table table = [] {
    std::mt19937_64 random(kSeed);
    std::vector<std::uint64_t> values(64);
    for (auto& v : values) v = random() & 0x1ff;
    return Table("noise", 6, 9, std::move(values));
  }();
  return table;
}

// One random operation on words chosen from those there are, the recent ones more often. The draw does not depend on
// the values, so that num and wire take the same path.
template <template <int> class W>
W<32> random_operation(std::mt19937_64& random, const std::vector<W<32>>& words, const std::vector<W<32>>& late) {
  const auto pick = [&] {
    const std::size_t reach = random() % 4 == 0 ? words.size() : std::min<std::size_t>(words.size(), 12);
    return words[words.size() - 1 - random() % reach];
  };
  const W<32> a = pick();
  const W<32> b = pick();
  const W<32> c = pick();
  switch (random() % 18) {
    case 0:
      return a + b;
    case 1:
      return mux(a < b, b, c);
    case 2:
      return mux(slice<3, 1>(a), b ^ c, ~b);
    case 3:
      return a & ~b;
    case 4:
      return (a & W<32>(0x0ff0ff00)) | (b & W<32>(0xf00f00ff));
    case 5:
      return rotl<7>(a) ^ rotl<22>(b) ^ c;
    case 6:
      return extend<32>(lookup<9>(probe_table(), slice<11, 6>(a))) ^ b;
    case 7:
      return fill<32>(slice<0, 4>(a) == slice<4, 4>(b)) & c;
    case 8:
      return hold(cat(slice<0, 16>(a), slice<8, 8>(b), slice<24, 8>(c)));
    case 9:
      return cut(a) ^ b;
    case 10:
      return b + late[random() % late.size()];
    case 11:
      return slice<16, 32>(cat(a ^ b, c));
    case 12:
      return slice<80, 32>(cat(a, b, c, ~a));  // of a word too wide to be held
    case 13:
      return shl<5>(a) ^ shr<9>(b);
    case 15:
      return slice<1, 32>(times(a, slice<7, 3>(b))) ^ slice<2, 32>(times(a, slice<20, 3>(c)));
    case 16:
      return sum(a, rotl<3>(b), c, W<32>(0x5a827999));
    case 14:
      return slice<32, 32>(cat(a, b) + cat(b, c));
    default:
      return (a | b) ^ W<32>(0xdeadbeef);
  }
}

template <template <int> class W>
void probe_ports(Ports<W>& ports, std::uint64_t seed) {
  std::vector<W<32>> words;
  const W<128> wide = ports.template in<128>("wide");
  unroll<4>([&](auto i) { words.push_back(word<i, 32>(wide)); });
  words.push_back(ports.template in<32>("word"));
  words.push_back(fill<32>(ports.template in<1>("bit")) ^ words[0]);
  std::vector<W<32>> late;
  late.push_back(ports.template late<32>("single"));
  for (const W<64>& x : late_array<64, kLateInputs>(ports, "array")) late.push_back(slice<16, 32>(x));
  const W<128> wide_late = ports.template late<128>("wide_late");
  late.push_back(word<1, 32>(wide_late));
  late.push_back(word<2, 32>(wide_late));

  std::mt19937_64 random(seed);
  for (int i = 0; i < kOperations; ++i) words.push_back(random_operation<W>(random, words, late));
  // Whatever is read by nobody else ends here.
  W<32> sum = words[0];
  for (const W<32>& w : words) sum = rotl<1>(sum) ^ w;
  ports.out("sum", sum);
  ports.out("last", cat(words[words.size() - 1], words[words.size() - 2], words[5]));
  ports.out("early", words[5] ^ words[0]);
  ports.out("constant", W<7>(0x55));
}

// The combinational one may not hold a register.
template <template <int> class W>
void probe_combinational_ports(Ports<W>& ports) {
  const W<96> a = ports.template in<96>("a");
  const W<8> b = ports.template in<8>("b");
  const W<32> low = slice<0, 32>(a);
  ports.out("x", mux(b < W<8>(100), low + slice<64, 32>(a), ~low));
  ports.out("y", lookup<9>(probe_table(), slice<2, 6>(b)));
}

}  // namespace

std::vector<Kernel> probe_kernels() {
  const char* const source = "hls/trace/probe_kernels.cpp";
  return {
      make_kernel("probe_shallow", source, 14, [](auto& p) { probe_ports(p, kSeed); }),
      make_kernel("probe_deep", source, 60, [](auto& p) { probe_ports(p, kSeed + 1); }),
      make_kernel("probe_combinational", source, kCombinational, [](auto& p) { probe_combinational_ports(p); }),
  };
}

}  // namespace sallyport::hls
