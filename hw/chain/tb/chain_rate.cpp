// SPDX-License-Identifier: Apache-2.0
// Clocks a packet on IMIX (frames of 64, 570, 1518 bytes, 7:4:1), in each direction, both busy; and how fast the model
// runs.
#include <chrono>
#include <cstdio>

#include "hw/chain/tb/chain_bench.hpp"

namespace sallyport::hw {
namespace {

constexpr unsigned kPackets = 2400;  // in each direction
const std::vector<unsigned> kImix = {64, 64, 64, 64, 64, 64, 64, 570, 570, 570, 570, 1518};
constexpr unsigned kFrameOverhead = 14 + 4;  // Ethernet header and FCS
constexpr double kClockMhz = 322.265625;

Buffer plaintext(Cipher cipher, unsigned frame) {
  const std::size_t block = layout::shape(cipher).block;
  return Buffer((frame - kFrameOverhead + 2 + block - 1) / block * block);
}

void measure(Cipher cipher, Integrity integrity, const std::vector<unsigned>& frames = kImix) {
  ChainBench bench;
  bench.compare(false);
  std::mt19937 random(1);
  const std::size_t key = cipher == Cipher::kDesCbc ? 8 : cipher == Cipher::kDes3Cbc ? 24 : 32;
  Sa sa{5, cipher, integrity, false, true, 0x1000, 1, Buffer(key, 1), Buffer(layout::shape(integrity).key, 2)};
  bench.load(kOut, sa);
  bench.load(kIn, sa);
  double frame_bits = 0;
  for (unsigned i = 0; i < kPackets; ++i) {
    const unsigned frame = frames[random() % frames.size()];
    frame_bits += 8.0 * (frame + 20);
    bench.protect_packet(sa, i + 1, plaintext(cipher, frame));
    const std::size_t esp =
        8 + layout::shape(cipher).iv + plaintext(cipher, frame).size() + layout::shape(integrity).icv;
    bench.open_packet(sa, i + 1, plaintext(cipher, frame), Buffer(esp), false);
  }
  const auto start = std::chrono::steady_clock::now();
  bench.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto per_packet = [&](Direction d) { return static_cast<double>(bench.finished(d)) / kPackets; };
  const auto gbps = [&](Direction d) { return frame_bits / static_cast<double>(bench.finished(d)) * kClockMhz / 1000; };
  std::printf("%-9s %-16s out %6.1f clocks %5.1f Gb/s   in %6.1f clocks %5.1f Gb/s   %4.0f kclocks/s\n",
              layout::kCiphers[static_cast<unsigned>(cipher)].name,
              layout::kIntegrities[static_cast<unsigned>(integrity)].name, per_packet(kOut), gbps(kOut),
              per_packet(kIn), gbps(kIn), static_cast<double>(bench.clocks()) / took.count() / 1000);
}

void idle() {
  ChainBench bench;
  constexpr unsigned kClocks = 300000;
  const auto start = std::chrono::steady_clock::now();
  bench.idle(kClocks);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("idle: %.0f kclocks/s\n", kClocks / took.count() / 1000);
}

}  // namespace
}  // namespace sallyport::hw

int main() {
  using namespace sallyport::hw;
  for (const Cipher cipher : {Cipher::kNull, Cipher::kAesCtr, Cipher::kAesCbc})
    measure(cipher, Integrity::kHmacSha256_128);
  measure(Cipher::kAesCbc, Integrity::kHmacMd5_96);
  measure(Cipher::kAesCbc, Integrity::kHmacSha1_96);
  measure(Cipher::kAesCbc, Integrity::kHmacSha384_192);
  measure(Cipher::kAesCbc, Integrity::kHmacSha512_256);
  measure(Cipher::kDesCbc, Integrity::kHmacSha256_128);
  measure(Cipher::kDes3Cbc, Integrity::kHmacSha256_128);
  for (const unsigned frame : {64U, 1518U, 9018U}) {
    std::printf("%u: ", frame);
    measure(Cipher::kAesCbc, Integrity::kHmacSha256_128, {frame});
  }
  idle();
  return 0;
}
