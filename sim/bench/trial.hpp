// SPDX-License-Identifier: Apache-2.0
// Traffic offered to the card for a while at one rate, and what came out of it.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "sim/bench/bench_card.hpp"
#include "sim/platform/platform.hpp"

namespace sallyport::bench {

enum class Way { kOut, kIn, kBoth };

// A frame size as RFC 2544 counts it (with FCS), or a mix of sizes.
struct FrameMix {
  std::string name;                  // "64", "imix"
  std::vector<std::size_t> lengths;  // without FCS, in the order in which they repeat
};

// "64", .., "9018"; "imix" is 64, 570 and 1518 bytes 7:4:1; "esp-min" the shortest packet there is, with AES-GCM and
// IPv4 an ESP frame of 94 bytes.
Result<FrameMix> parse_mix(const std::string& word, bool ipv6 = false);

struct TrialOptions {
  Way way = Way::kBoth;
  sim::Clock clocks = 40'000;  // simulated length, at least
  std::uint64_t seed = 1;      // of the choice of SAs
};

// An engine slower than the wire holds up to 128 packets in each direction. The first quarter of so many frames fills
// it three times over; and an excess of one in a hundred fills it within so many more, however its parts hide what they
// have not done yet.
inline constexpr std::size_t kFramesToFill = 12 * 128;
inline constexpr std::size_t kFramesToOverfill = 100 * 128;

// One direction of a trial. What is said of rate and latency is said of its window: the whole turns of the mix behind a
// first quarter in which queues fill.
struct Stream {
  static constexpr sim::LineTime kNotSeen = std::numeric_limits<sim::LineTime>::max();

  bool outbound = false;
  std::size_t begin = 0;  // of the window
  std::size_t edge = 0;   // frames at either end of the window that are compared: whole turns, a quarter of it
  std::size_t received = 0;
  std::size_t damaged = 0;
  std::vector<sim::LineTime> last_bit_in;    // by number
  std::vector<sim::LineTime> first_bit_out;  // kNotSeen: not yet

  [[nodiscard]] std::size_t offered() const { return last_bit_in.size(); }
  [[nodiscard]] std::size_t lost() const { return offered() - received; }
  // RFC 1242 3.8, store and forward: from the last bit in to the first bit out.
  [[nodiscard]] sim::LineTime latency(std::size_t n) const;
  // Nothing is lost or damaged, and no queue has grown, which would hide for a while that the card is too slow.
  [[nodiscard]] bool clean() const;
  // Packets a second, of a clean one: between the frames at the window's two ends.
  [[nodiscard]] double rate() const;
};

struct Trial {
  double share = 0;  // offered, of what a full WAN carries
  std::vector<Stream> streams;
  std::array<std::uint64_t, layout::kDropReasons> drops{};
  sim::Clock clocks = 0;
  std::uint64_t evaluated = 0;
  double cpu_seconds = 0;  // of the processor: others may be at work on this machine
  [[nodiscard]] bool clean() const;
};

// Trials with one card, one after the other: each begins when nothing is left of the one before.
class TrialRunner {
 public:
  TrialRunner(BenchCard& card, sim::Platform& platform, const FrameMix& mix, const TrialOptions& options);

  // Offers `share` of what a full WAN carries, each frame by an SA at random, and no fewer than `frames`.
  Result<Trial> run(double share, std::size_t frames = 0);

 private:
  void offer(Stream& stream, double share, std::size_t frames);
  void take(Stream& stream, const sim::SentFrame& frame);
  [[nodiscard]] std::optional<std::uint64_t> number_in(const Stream& stream, const Buffer& frame) const;

  BenchCard& card_;
  sim::Platform& platform_;
  const FrameMix& mix_;
  const TrialOptions& options_;
  std::mt19937_64 rng_;
  std::unordered_map<std::uint32_t, std::size_t> flow_of_spi_;  // outbound
};

}  // namespace sallyport::bench
