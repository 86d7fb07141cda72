// SPDX-License-Identifier: Apache-2.0
#include "hls/lookup/kernels.hpp"

#include "hls/lookup/bucket_hash.hpp"
#include "hls/lookup/interval_step.hpp"
#include "hls/lookup/rule_match.hpp"

namespace sallyport::hls {
namespace {

constexpr int kDepth = 32;
constexpr int kBucketBits = 16;

template <int KeyBits, template <int> class W>
void interval_step_ports(Ports<W>& ports) {
  const W<KeyBits> key = ports.template in<KeyBits>("key");
  const W<KeyBits> start = ports.template in<KeyBits>("start");
  const W<kNodeBits> node = ports.template in<kNodeBits>("node");
  ports.out("node", interval_step(key, start, node));
}

template <template <int> class W>
void rule_match_ports(Ports<W>& ports) {
  std::array<W<kRules>, kRuleFields> bitmaps;
  const char* const fields[kRuleFields] = {"source",      "destination",      "protocol",
                                           "source_port", "destination_port", "principal"};
  for (int i = 0; i < kRuleFields; ++i) bitmaps[i] = ports.template in<kRules>(fields[i]);
  const auto match = rule_match(bitmaps);
  ports.out("hit", match.hit);
  ports.out("rule", match.index);
}

template <template <int> class W>
void bucket_hash_ports(Ports<W>& ports) {
  const W<128> key = ports.template in<128>("key");
  const W<32> seed = ports.template in<32>("seed");
  const auto [first, second] = bucket_hash(key, seed);
  ports.out("first", slice<0, kBucketBits>(first));
  ports.out("second", slice<0, kBucketBits>(second));
}

}  // namespace

std::vector<Kernel> lookup_kernels() {
  return {
      make_kernel("interval_step_128", "hls/lookup/interval_step.hpp", kCombinational,
                  [](auto& p) { interval_step_ports<128>(p); }),
      make_kernel("interval_step_16", "hls/lookup/interval_step.hpp", kCombinational,
                  [](auto& p) { interval_step_ports<16>(p); }),
      make_kernel("rule_match", "hls/lookup/rule_match.hpp", kDepth, [](auto& p) { rule_match_ports(p); }),
      make_kernel("bucket_hash", "hls/lookup/bucket_hash.hpp", kDepth, [](auto& p) { bucket_hash_ports(p); }),
  };
}

}  // namespace sallyport::hls
