// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/trial.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "driver/control/card_control.hpp"
#include "sim/bench/ceiling.hpp"

namespace sallyport::bench {
namespace {

using layout::Port;
using sim::LineTime;

constexpr sim::Clock kPatience = 200'000;  // clocks for the last frame to come out
constexpr std::size_t kWarmUpShare = 4;    // one in so many frames comes before the window
constexpr std::size_t kEdgeShare = 4;      // one in so many of the window's lies at either end
constexpr std::size_t kLeastTurns = 8;     // of the mix

// How much later the frames at the window's end may leave than those at its beginning. A card that falls behind by more
// than two thousandths of what it is offered is too slow.
constexpr double kJitter = 8 * sim::kTicksPerClock;
constexpr double kSlack = 0.002;

double mean(const std::vector<LineTime>& times, std::size_t first, std::size_t count) {
  double sum = 0;
  for (std::size_t n = first; n < first + count; ++n) sum += static_cast<double>(times[n] - times[first]);
  return static_cast<double>(times[first]) + sum / static_cast<double>(count);
}

// From the mean of the frames at the window's beginning to that of those at its end.
double span(const Stream& s, const std::vector<LineTime>& times) {
  return mean(times, s.offered() - s.edge, s.edge) - mean(times, s.begin, s.edge);
}

}  // namespace

LineTime Stream::latency(std::size_t n) const {
  return first_bit_out[n] > last_bit_in[n] ? first_bit_out[n] - last_bit_in[n] : 0;
}

bool Stream::clean() const {
  if (lost() != 0 || damaged != 0) return false;
  const double in = span(*this, last_bit_in);
  return span(*this, first_bit_out) - in <= kJitter + kSlack * in;
}

double Stream::rate() const {
  const double ns = span(*this, first_bit_out) / sim::kTicksPerClock * sim::kClockNs;
  return static_cast<double>(offered() - edge - begin) / (ns * 1e-9);
}

bool Trial::clean() const {
  return std::all_of(streams.begin(), streams.end(), [](const Stream& s) { return s.clean(); });
}

TrialRunner::TrialRunner(BenchCard& card, sim::Platform& platform, const FrameMix& mix, const TrialOptions& options)
    : card_(card), platform_(platform), mix_(mix), options_(options), rng_(options.seed) {
  for (std::size_t i = 0; i < card.flows().size(); ++i) flow_of_spi_[card.flows()[i].out.spi] = i;
}

Result<Trial> TrialRunner::run(double share, std::size_t frames) {
  auto control = driver::CardControl::open(card_.card());
  if (!control) return control.error();
  auto before = control->counters();
  if (!before) return before.error();
  Trial trial;
  trial.share = share;
  trial.streams.reserve(2);
  if (options_.way != Way::kIn) trial.streams.emplace_back().outbound = true;
  if (options_.way != Way::kOut) trial.streams.emplace_back();
  for (Stream& stream : trial.streams) {
    offer(stream, share, frames);
    platform_.on_sent(stream.outbound ? Port::kWan : Port::kLan,
                      [this, &stream](sim::SentFrame&& frame) { take(stream, frame); });
  }
  const sim::Clock clock_before = platform_.now();
  const std::uint64_t evaluated_before = platform_.evaluated();
  const std::clock_t cpu_before = std::clock();
  const LineTime last = std::max(trial.streams.front().last_bit_in.back(), trial.streams.back().last_bit_in.back());
  const bool idle = platform_.run_until_idle(sim::clock_at(last) - clock_before + kPatience);
  trial.cpu_seconds = static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC;
  for (const Port port : {Port::kLan, Port::kWan}) platform_.on_sent(port, [](sim::SentFrame&&) {});
  if (!idle) return Error{Errc::kTimeout, "the card did not come to rest"};
  trial.clocks = platform_.now() - clock_before;
  trial.evaluated = platform_.evaluated() - evaluated_before;
  auto after = control->counters();
  if (!after) return after.error();
  for (unsigned i = 0; i < layout::kDropReasons; ++i) trial.drops[i] = after->drops[i] - before->drops[i];
  return trial;
}

// A frame every so often that the WAN would be `share` full: outbound the ESP frames that leave, inbound those that
// arrive.
void TrialRunner::offer(Stream& stream, double share, std::size_t frames) {
  const LineTime begin = sim::start_of(platform_.now() + 64);
  const std::size_t turn = mix_.lengths.size();
  const std::size_t least = std::max({kLeastTurns * turn, frames, card_.chained() ? kFramesToFill : 0});
  const auto end = static_cast<double>(options_.clocks * sim::kTicksPerClock);
  double at = 0;
  for (std::size_t n = 0; n < least || at < end || n % turn != 0; ++n) {
    const std::size_t length = mix_.lengths[n % turn];
    Flow& flow = card_.flows()[card_.flows().size() == 1 ? 0 : rng_() % card_.flows().size()];
    Buffer frame = stream.outbound ? card_.lan_frame(flow, length, n) : card_.wan_frame(flow, length, n);
    const auto arrival = platform_.receive(stream.outbound ? Port::kLan : Port::kWan, std::move(frame),
                                           begin + static_cast<LineTime>(at));
    stream.last_bit_in.push_back(arrival.last_bit);
    at += static_cast<double>(sim::line_time(wan_length(length, card_.shape(flow)))) / share;
  }
  stream.first_bit_out.assign(stream.offered(), Stream::kNotSeen);
  stream.begin = stream.offered() / kWarmUpShare / turn * turn;
  stream.edge = std::max(turn, (stream.offered() - stream.begin) / kEdgeShare / turn * turn);
}

std::optional<std::uint64_t> TrialRunner::number_in(const Stream& stream, const Buffer& frame) const {
  // Frames keep their order, so that one with a part of its number carries about the next one.
  if (!stream.outbound) return number_of(Bytes(frame).subspan(kEthernetHeaderBytes), stream.received);
  const auto header = ipsec_header(frame);
  const auto flow = header ? flow_of_spi_.find(header->spi) : flow_of_spi_.end();
  if (flow == flow_of_spi_.end()) return std::nullopt;
  const auto packet = open_ipsec_frame(card_.flows()[flow->second].out, frame);
  return packet ? number_of(*packet, stream.received) : std::nullopt;
}

void TrialRunner::take(Stream& stream, const sim::SentFrame& frame) {
  const auto number = number_in(stream, frame.data);
  if (!number || *number >= stream.offered() || stream.first_bit_out[*number] != Stream::kNotSeen) {
    ++stream.damaged;
    return;
  }
  stream.first_bit_out[*number] = frame.first_bit;
  ++stream.received;
}

Result<FrameMix> parse_mix(const std::string& word, bool ipv6) {
  if (word == "imix") {
    FrameMix mix{word, {}};
    for (const std::size_t frame : {64, 570, 64, 570, 64, 1518, 64, 570, 64, 570, 64, 64}) {
      mix.lengths.push_back(frame - sim::kFcsBytes);
    }
    return mix;
  }
  if (word == "esp-min") return FrameMix{word, {least_frame(ipv6)}};
  std::size_t frame = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), frame);
  if (error != std::errc() || end != word.data() + word.size() || frame < 64 || frame > 9018) {
    return Error{Errc::kInvalid, "--frames: '" + word + "' is neither 64 to 9018 (bytes with FCS), imix nor esp-min"};
  }
  return FrameMix{word, {frame - sim::kFcsBytes}};
}

}  // namespace sallyport::bench
