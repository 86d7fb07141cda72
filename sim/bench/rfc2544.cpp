// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/rfc2544.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <cmath>
#include <optional>

#include "sim/bench/ceiling.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
using sim::LineTime;

constexpr double kResolution = 0.01;   // of a share
constexpr double kStepDown = 0.005;    // of a share that a long trial refutes
constexpr double kLeastShare = 0.002;  // a card that loses at this rate loses at every one

// What a full WAN carries, and what it is made of.
struct Ceiling {
  double packets_per_second = 0;
  double lan_bits = 0;  // of a packet of the mix, in the mean: its frame with FCS
  double wan_bits = 0;  // all that it takes of the WAN

  Ceiling(const FrameMix& mix, const SaShape& shape) {
    std::vector<std::size_t> wan;
    for (const std::size_t length : mix.lengths) {
      wan.push_back(wan_length(length, shape));
      lan_bits += 8.0 * static_cast<double>(sim::padded_bytes(length)) / static_cast<double>(mix.lengths.size());
      wan_bits += 8.0 * static_cast<double>(sim::line_bytes(wan.back())) / static_cast<double>(mix.lengths.size());
    }
    packets_per_second = line_packets_per_second(wan);
  }
};

// A stream with a loss has counts and no figures.
json::object describe(const Stream& stream, const Ceiling& ceiling) {
  json::object out;
  out["direction"] = stream.outbound ? "out" : "in";
  out["offered"] = stream.offered();
  out["received"] = stream.received;
  out["lost"] = stream.lost();
  out["damaged"] = stream.damaged;
  out["ceiling_mpps"] = ceiling.packets_per_second / 1e6;
  const bool counts = stream.clean();
  const double rate = counts ? stream.rate() : 0;
  out["mpps"] = rate / 1e6;
  out["ratio"] = std::round(rate / ceiling.packets_per_second * 10'000) / 10'000;
  out["lan_gbps"] = rate * ceiling.lan_bits / 1e9;
  out["wan_line_gbps"] = rate * ceiling.wan_bits / 1e9;
  if (!counts) return out;
  out["measured"] = stream.offered() - stream.begin;
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

json::object drops_of(const Trial& trial) {
  json::object drops;
  for (unsigned i = 0; i < layout::kDropReasons; ++i) {
    if (trial.drops[i] > 0) drops[layout::kDrops[i].name] = trial.drops[i];
  }
  return drops;
}

json::object describe(const Trial& trial, BenchCard& card, const FrameMix& mix) {
  const Ceiling ceiling(mix, card.shape(card.flows().front()));
  json::array streams;
  for (const Stream& stream : trial.streams) streams.push_back(describe(stream, ceiling));
  json::object row;
  row["frames"] = mix.name;
  row["sas"] = card.flows().size();
  row["offered_share"] = trial.share;
  row["zero_loss"] = trial.clean();
  row["drops"] = drops_of(trial);
  row["streams"] = std::move(streams);
  row["simulator"] = {{"clocks", trial.clocks},
                      {"clocks_evaluated", trial.evaluated},
                      {"cpu_seconds", trial.cpu_seconds},
                      {"clocks_per_cpu_second", static_cast<double>(trial.evaluated) / trial.cpu_seconds}};
  return row;
}

}  // namespace

Result<json::value> find_rate(BenchCard& card, sim::Platform& platform, const FrameMix& mix,
                              const TrialOptions& options) {
  TrialRunner runner(card, platform, mix, options);
  double clean_share = 0;
  double lossy_share = 1;
  std::optional<Trial> best;
  std::optional<Trial> lossy;
  const auto is_clean = [&](double share, std::size_t frames) -> Result<bool> {
    auto trial = runner.run(share, frames);
    if (!trial) return trial.error();
    const bool clean = trial->clean();
    (clean ? clean_share : lossy_share) = share;
    (clean ? best : lossy) = std::move(*trial);
    return clean;
  };
  // The whole line first; when that loses, halve the interval between a share that is clean and one that is not.
  for (double share = 1.0; share > kLeastShare && lossy_share - clean_share > kResolution * lossy_share;
       share = (clean_share + lossy_share) / 2) {
    auto clean = is_clean(share, 0);
    if (!clean) return clean.error();
    if (clean_share == 1.0) break;
  }
  // A long trial has the last word.
  if (best && card.chained()) {
    for (double share = clean_share;; share *= 1 - kStepDown) {
      auto clean = is_clean(share, kFramesToOverfill);
      if (!clean) return clean.error();
      if (*clean) break;
    }
  }
  json::object row = describe(best ? *best : *lossy, card, mix);
  // Why it is no more.
  if (lossy) row["above"] = {{"offered_share", lossy->share}, {"drops", drops_of(*lossy)}};
  return json::value(std::move(row));
}

Result<json::value> measure_at(BenchCard& card, sim::Platform& platform, const FrameMix& mix,
                               const TrialOptions& options, double share) {
  auto trial = TrialRunner(card, platform, mix, options).run(share);
  if (!trial) return trial.error();
  return json::value(describe(*trial, card, mix));
}

}  // namespace sallyport::bench
