// SPDX-License-Identifier: Apache-2.0
#include "hls/aes/kernels.hpp"

#include "hls/aes/aes_decrypt.hpp"
#include "hls/aes/aes_encrypt.hpp"
#include "hls/aes/key_schedule.hpp"

namespace sallyport::hls {
namespace {

constexpr int kRoundDepth = 24;  // a table (1.4) and a LUT: one round between two registers

template <template <int> class W>
void aes_cipher_ports(Ports<W>& ports, auto cipher) {
  const W<2> key_size = ports.template in<2>("key_size");
  const W<128> block = ports.template in<128>("block");
  const std::array<W<128>, kAesPositions> round_keys = late_array<128, kAesPositions>(ports, "round_key");
  ports.out("block", cipher(key_size, block, round_keys));
}

template <template <int> class W>
void aes_key_step_ports(Ports<W>& ports) {
  const W<2> key_size = ports.template in<2>("key_size");
  const W<256> window = ports.template in<256>("window");
  const W<3> phase = ports.template in<3>("phase");
  const W<8> rcon = ports.template in<8>("rcon");
  const KeySchedule<W> next = aes_key_step(key_size, KeySchedule<W>{window, phase, rcon});
  ports.out("word", leaving_word(key_size, window));
  ports.out("window", next.window);
  ports.out("phase", next.phase);
  ports.out("rcon", next.rcon);
}

template <template <int> class W>
void aes_inv_mix_ports(Ports<W>& ports) {
  ports.out("round_key", aes_inv_mix(ports.template in<128>("round_key")));
}

template <template <int> class W>
void aes_round_ports(Ports<W>& ports) {
  const W<1> last = ports.template in<1>("last");
  const W<128> state = ports.template in<128>("state");
  const W<128> round_key = ports.template in<128>("round_key");
  ports.out("state", block_of(aes_any_round(last, columns(state), columns(round_key))));
}

}  // namespace

std::vector<Kernel> aes_kernels() {
  return {
      make_kernel("aes_encrypt", "hls/aes/aes_encrypt.hpp", kRoundDepth,
                  [](auto& p) { aes_cipher_ports(p, [](const auto&... ports) { return aes_encrypt(ports...); }); }),
      make_kernel("aes_decrypt", "hls/aes/aes_decrypt.hpp", kRoundDepth,
                  [](auto& p) { aes_cipher_ports(p, [](const auto&... ports) { return aes_decrypt(ports...); }); }),
      make_kernel("aes_key_step", "hls/aes/key_schedule.hpp", kCombinational, [](auto& p) { aes_key_step_ports(p); }),
      make_kernel("aes_inv_mix", "hls/aes/inverse.hpp", kCombinational, [](auto& p) { aes_inv_mix_ports(p); }),
      make_kernel("aes_round", "hls/aes/aes.hpp", kCombinational, [](auto& p) { aes_round_ports(p); }),
  };
}

}  // namespace sallyport::hls
