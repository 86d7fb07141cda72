// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/rfc2544.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <random>

#include "sim/bench/ceiling.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
using layout::Port;
using sim::LineTime;

constexpr sim::Clock kPatience = 200'000;  // clocks for the last frame to come out
constexpr double kPace =
    0.995;  // what comes out must keep this share of the offered pace: queues may not hide a slower card

// One direction of a trial.
struct Stream {
  bool outbound = false;
  std::size_t offered = 0;
  std::size_t received = 0;
  std::size_t damaged = 0;
  std::vector<LineTime> last_bit_in;  // by number
  std::vector<bool> seen;
  std::vector<double> latencies_ns;
  LineTime offered_time = 0;  // from the first frame's start to the last's
  LineTime first_out = 0;
  LineTime last_out = 0;
  double clean_lan_bits = 0;
  double wan_line_bits = 0;

  [[nodiscard]] std::size_t lost() const { return offered - received; }
  // Packets a second that came out.
  [[nodiscard]] double rate() const {
    return received < 2 ? 0 : static_cast<double>(received - 1) / (sim::nanoseconds(last_out - first_out) * 1e-9);
  }
  [[nodiscard]] double offered_rate() const {
    return offered < 2 ? 0 : static_cast<double>(offered - 1) / (sim::nanoseconds(offered_time) * 1e-9);
  }
  [[nodiscard]] bool clean() const { return lost() == 0 && damaged == 0 && rate() >= kPace * offered_rate(); }
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
    // Whole turns of the mix and one frame: the first and the last are of one length, and so is their way through the
    // card, which else would falsify the pace.
    const std::size_t turn = mix_.lengths.size();
    const auto end = static_cast<double>(options_.clocks * sim::kTicksPerClock);
    for (std::size_t n = 0; at < end || n % turn != 1 % turn; ++n) {
      const std::size_t length = mix_.lengths[n % mix_.lengths.size()];
      const std::size_t esp = sizes_of(length).esp;
      Flow& flow = card_.flows()[card_.flows().size() == 1 ? 0 : rng_() % card_.flows().size()];
      Buffer frame = stream.outbound ? card_.lan_frame(flow, length, n) : card_.wan_frame(flow, length, n);
      const auto arrival = platform_.receive(stream.outbound ? Port::kLan : Port::kWan, std::move(frame),
                                             begin + static_cast<LineTime>(at));
      stream.last_bit_in.push_back(arrival.last_bit);
      stream.offered_time = static_cast<LineTime>(at);
      stream.clean_lan_bits += 8.0 * static_cast<double>(sim::padded_bytes(length));
      stream.wan_line_bits += 8.0 * static_cast<double>(sim::line_bytes(esp));
      at += static_cast<double>(sim::line_time(esp)) / share;
      ++stream.offered;
    }
    stream.seen.resize(stream.offered);
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
    const auto number = number_in(stream, frame.data);
    if (!number || *number >= stream.offered || stream.seen[*number]) {
      ++stream.damaged;
      return;
    }
    stream.seen[*number] = true;
    if (stream.received++ == 0) stream.first_out = frame.first_bit;
    stream.last_out = frame.first_bit;
    // RFC 1242 3.8, store and forward: from the last bit in to the first bit out.
    const LineTime in = stream.last_bit_in[*number];
    stream.latencies_ns.push_back(frame.first_bit > in ? sim::nanoseconds(frame.first_bit - in) : 0.0);
  }

  BenchCard& card_;
  sim::Platform& platform_;
  const FrameMix& mix_;
  const Rfc2544Options& options_;
  std::mt19937_64 rng_;
};

json::object describe(const Stream& stream, double ceiling) {
  std::vector<double> sorted = stream.latencies_ns;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&sorted](double share) {
    return sorted.empty() ? 0.0 : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  const double share_received = static_cast<double>(stream.received) / static_cast<double>(stream.offered);
  const double seconds = stream.rate() == 0 ? 1 : static_cast<double>(stream.received) / stream.rate();
  json::object out;
  out["direction"] = stream.outbound ? "out" : "in";
  out["offered"] = stream.offered;
  out["received"] = stream.received;
  out["lost"] = stream.lost();
  out["damaged"] = stream.damaged;
  out["mpps"] = stream.rate() / 1e6;
  out["lan_gbps"] = stream.clean_lan_bits * share_received / seconds / 1e9;
  out["wan_line_gbps"] = stream.wan_line_bits * share_received / seconds / 1e9;
  out["clocks_per_packet"] = stream.rate() == 0 ? 0 : sim::kClockHz / stream.rate();
  out["ceiling_mpps"] = ceiling / 1e6;
  out["ratio"] = stream.clean() ? std::round(stream.rate() / ceiling * 1000) / 1000 : 0.0;
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
  for (const Stream& stream : shown.streams) streams.push_back(describe(stream, ceiling));
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
