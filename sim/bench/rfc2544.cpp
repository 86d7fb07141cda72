// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/rfc2544.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <random>

#include "sim/bench/ceiling.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
using layout::Port;
using sim::LineTime;

constexpr sim::Clock kPatience = 200'000;              // clocks for the last frame to come out
constexpr std::size_t kWarmUpShare = 4;                // one in so many frames comes before the window
constexpr LineTime kJitter = 8 * sim::kTicksPerClock;  // between two frames of one place in the mix, in a card at rest
constexpr LineTime kNotSeen = std::numeric_limits<LineTime>::max();

// One direction of a trial. Every frame must come out whole; the rate is measured in the window from frame `begin` to
// the last, whole turns of the mix behind a first part in which queues fill. Both ends of the window are frames of one
// length, so what it says of a steady card is exact to a clock, however short the trial.
struct Stream {
  bool outbound = false;
  std::size_t begin = 0;  // of the window
  std::size_t received = 0;
  std::size_t damaged = 0;
  std::vector<LineTime> last_bit_in;    // by number
  std::vector<LineTime> first_bit_out;  // kNotSeen: not yet

  [[nodiscard]] std::size_t offered() const { return last_bit_in.size(); }
  [[nodiscard]] std::size_t lost() const { return offered() - received; }
  // RFC 1242 3.8, store and forward: from the last bit in to the first bit out.
  [[nodiscard]] LineTime latency(std::size_t n) const {
    return first_bit_out[n] > last_bit_in[n] ? first_bit_out[n] - last_bit_in[n] : 0;
  }
  // Nothing is lost, and no queue has grown, which would hide for a while that the card is too slow.
  [[nodiscard]] bool clean() const {
    return lost() == 0 && damaged == 0 && latency(offered() - 1) <= latency(begin) + kJitter;
  }
  // Packets a second, of a clean one.
  [[nodiscard]] double rate() const {
    const LineTime window = first_bit_out.back() - first_bit_out[begin];
    return static_cast<double>(offered() - 1 - begin) / (sim::nanoseconds(window) * 1e-9);
  }
};

struct Trial {
  std::vector<Stream> streams;
  sim::Clock clocks = 0;
  std::uint64_t evaluated = 0;
  double wall_seconds = 0;
  [[nodiscard]] bool clean() const {
    return std::all_of(streams.begin(), streams.end(), [](const Stream& s) { return s.clean(); });
  }
};

// What the WAN carries of each frame of the mix.
std::vector<std::size_t> esp_lengths(const FrameMix& mix) {
  std::vector<std::size_t> out;
  for (const std::size_t length : mix.lengths) out.push_back(sizes_of(length).esp);
  return out;
}

class Runner {
 public:
  Runner(BenchCard& card, sim::Platform& platform, const FrameMix& mix, const Rfc2544Options& options)
      : card_(card), platform_(platform), mix_(mix), options_(options), rng_(options.seed) {}

  // Offers `share` of what a full WAN carries.
  Trial run(double share) {
    Trial trial;
    if (options_.way != Way::kIn) trial.streams.emplace_back().outbound = true;
    if (options_.way != Way::kOut) trial.streams.emplace_back();
    const sim::Clock clock_before = platform_.now();
    const std::uint64_t evaluated_before = platform_.evaluated();
    const auto wall_before = std::chrono::steady_clock::now();
    for (Stream& stream : trial.streams) {
      offer(stream, share);
      platform_.on_sent(stream.outbound ? Port::kWan : Port::kLan,
                        [this, &stream](sim::SentFrame&& frame) { take(stream, frame); });
    }
    (void)platform_.run_until_idle(options_.clocks * 4 + kPatience);
    for (Stream& stream : trial.streams)
      platform_.on_sent(stream.outbound ? Port::kWan : Port::kLan, [](sim::SentFrame&&) {});
    trial.clocks = platform_.now() - clock_before;
    trial.evaluated = platform_.evaluated() - evaluated_before;
    trial.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_before).count();
    return trial;
  }

 private:
  // A frame every so often that the WAN would be `share` full: outbound the ESP frames that leave, inbound those that
  // arrive.
  void offer(Stream& stream, double share) {
    const LineTime begin = sim::start_of(platform_.now() + 64);
    double at = 0;
    // Whole turns of the mix and one frame.
    const std::size_t turn = mix_.lengths.size();
    const auto end = static_cast<double>(options_.clocks * sim::kTicksPerClock);
    for (std::size_t n = 0; at < end || n % turn != 1 % turn; ++n) {
      const std::size_t length = mix_.lengths[n % turn];
      Flow& flow = card_.flows()[card_.flows().size() == 1 ? 0 : rng_() % card_.flows().size()];
      Buffer frame = stream.outbound ? card_.lan_frame(flow, length, n) : card_.wan_frame(flow, length, n);
      const auto arrival = platform_.receive(stream.outbound ? Port::kLan : Port::kWan, std::move(frame),
                                             begin + static_cast<LineTime>(at));
      stream.last_bit_in.push_back(arrival.last_bit);
      at += static_cast<double>(sim::line_time(sizes_of(length).esp)) / share;
    }
    stream.first_bit_out.assign(stream.offered(), kNotSeen);
    stream.begin = stream.offered() / kWarmUpShare / turn * turn;
  }

  std::optional<std::uint64_t> number_in(const Stream& stream, const Buffer& frame) {
    if (!stream.outbound) return number_of(Bytes(frame).subspan(kEthernetHeaderBytes));
    const auto header = esp_header(frame);
    if (!header) return std::nullopt;
    for (const Flow& flow : card_.flows()) {
      if (flow.out.spi != header->spi) continue;
      const auto packet = open_esp_frame(flow.out, frame);
      return packet ? number_of(*packet) : std::nullopt;
    }
    return std::nullopt;
  }

  void take(Stream& stream, const sim::SentFrame& frame) {
    auto number = number_in(stream, frame.data);
    if (number && mix_.lengths[0] < kLeastNumberedFrame) {
      // The smallest frame has room for 16 bits of its number; frames keep their order, so it is the nearest.
      *number = stream.received + static_cast<std::uint64_t>(static_cast<std::int16_t>(*number - stream.received));
    }
    if (!number || *number >= stream.offered() || stream.first_bit_out[*number] != kNotSeen) {
      ++stream.damaged;
      return;
    }
    stream.first_bit_out[*number] = frame.first_bit;
    ++stream.received;
  }

  BenchCard& card_;
  sim::Platform& platform_;
  const FrameMix& mix_;
  const Rfc2544Options& options_;
  std::mt19937_64 rng_;
};

// The mean bits that a packet of the mix takes.
double mean_bits(const FrameMix& mix, std::size_t (*bytes)(std::size_t)) {
  std::size_t sum = 0;
  for (const std::size_t length : mix.lengths) sum += bytes(length);
  return 8.0 * static_cast<double>(sum) / static_cast<double>(mix.lengths.size());
}

// A stream with a loss has counts and no figures.
json::object describe(const Stream& stream, const FrameMix& mix, double ceiling) {
  json::object out;
  out["direction"] = stream.outbound ? "out" : "in";
  out["offered"] = stream.offered();
  out["received"] = stream.received;
  out["lost"] = stream.lost();
  out["damaged"] = stream.damaged;
  out["ceiling_mpps"] = ceiling / 1e6;
  const bool counts = stream.clean();
  const double rate = counts ? stream.rate() : 0;
  out["mpps"] = rate / 1e6;
  out["ratio"] = std::round(rate / ceiling * 10'000) / 10'000;
  out["lan_gbps"] = rate * mean_bits(mix, [](std::size_t length) { return sim::padded_bytes(length); }) / 1e9;
  out["wan_line_gbps"] =
      rate * mean_bits(mix, [](std::size_t length) { return sim::line_bytes(sizes_of(length).esp); }) / 1e9;
  if (!counts) return out;
  out["measured"] = stream.offered() - 1 - stream.begin;
  out["clocks_per_packet"] = sim::kClockHz / rate;
  std::vector<LineTime> sorted;
  for (std::size_t n = stream.begin; n < stream.offered(); ++n) sorted.push_back(stream.latency(n));
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&sorted](double share) {
    return sim::nanoseconds(sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]);
  };
  out["latency_ns"] = {{"min", at(0)}, {"p50", at(0.5)}, {"p99", at(0.99)}, {"max", at(1)}};
  return out;
}

}  // namespace

Result<FrameMix> parse_mix(const std::string& word) {
  if (word == "imix") {
    FrameMix mix{word, {}};
    for (const std::size_t frame : {64, 570, 64, 570, 64, 1518, 64, 570, 64, 570, 64, 64}) {
      mix.lengths.push_back(frame - sim::kFcsBytes);
    }
    return mix;
  }
  if (word == "esp-min") return FrameMix{word, {34}};
  std::size_t frame = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), frame);
  if (error != std::errc() || end != word.data() + word.size() || frame < 64 || frame > 9018) {
    return Error{Errc::kInvalid, "--frames: '" + word + "' is neither 64 to 9018 (bytes with FCS), imix nor esp-min"};
  }
  return FrameMix{word, {frame - sim::kFcsBytes}};
}

Result<boost::json::value> measure(BenchCard& card, sim::Platform& platform, const FrameMix& mix,
                                   const Rfc2544Options& options) {
  const double ceiling = line_packets_per_second(esp_lengths(mix));
  Runner runner(card, platform, mix, options);
  // The whole line first; when that loses, halve the interval between a share that is clean and one that is not.
  double clean_share = 0;
  double lossy_share = 1;
  std::optional<Trial> best;
  std::optional<Trial> last;
  for (double share = 1.0; lossy_share - clean_share > 0.005; share = (clean_share + lossy_share) / 2) {
    last = runner.run(share);
    if (last->clean()) {
      best = last;
      clean_share = share;
      if (share == 1.0) break;
    } else {
      lossy_share = share;
    }
  }
  const Trial& shown = best ? *best : *last;
  json::array streams;
  for (const Stream& stream : shown.streams) streams.push_back(describe(stream, mix, ceiling));
  json::object row;
  row["frames"] = mix.name;
  row["sas"] = card.flows().size();
  row["offered_share"] = best ? clean_share : lossy_share;
  row["zero_loss"] = best.has_value();
  row["streams"] = std::move(streams);
  row["simulator"] = {{"clocks", shown.clocks},
                      {"clocks_evaluated", shown.evaluated},
                      {"clocks_per_second", static_cast<double>(shown.evaluated) / shown.wall_seconds}};
  return json::value(std::move(row));
}

}  // namespace sallyport::bench
