// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/update.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "sim/bench/ceiling.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
using layout::Port;

constexpr sim::Clock kAhead = 60'000;  // clocks of traffic that always wait on the line, longer than a commit takes
constexpr sim::Clock kPatience = 400'000;
constexpr unsigned kWarmUp = 2;  // commits that write the two banks of a fresh card whole; those behind write changes

class Run {
 public:
  Run(BenchCard& card, sim::Platform& platform, const UpdateOptions& options)
      : card_(card), platform_(platform), options_(options) {
    platform_.on_sent(Port::kWan, [this](sim::SentFrame&& frame) { take(frame); });
    platform_.on_sent(Port::kLan, [this](sim::SentFrame&& frame) { take_inbound(frame); });
  }
  ~Run() {
    for (const Port port : {Port::kLan, Port::kWan}) platform_.on_sent(port, [](sim::SentFrame&&) {});
  }

  // The second SA of every flow that changes: of another type, with an SPI of its own.
  Result<void> add_alternatives() {
    for (std::size_t i = 0; i < card_.flows().size(); ++i) {
      Flow other = card_.flows()[i];
      if (changes(i)) {
        auto type = Algorithm::parse(other.algorithm.name() == kOtherType ? "aes128gcm16" : kOtherType);
        if (!type) return type.error();
        other.algorithm = *type;
        other.out.spi += 0x01000000;
        other.out.protocol = type->protocol();
        other.out.esn = type->esn();
        other.out.protection = type->protection(static_cast<unsigned>(i), 0);
        if (auto r = card_.install_outbound(other); !r) return r;
      }
      alternatives_.push_back(std::move(other));
    }
    return {};
  }
  [[nodiscard]] std::string types() const {
    return card_.flows().front().algorithm.name() + ", " + alternatives_.front().algorithm.name();
  }

  // Keeps both lines full for kAhead clocks from now. From WAN come the packets of the first SAs, which every
  // generation accepts.
  void keep_offering() {
    const sim::LineTime until = sim::start_of(platform_.now() + kAhead);
    const auto length = [this](const Flow& flow) { return wan_length(options_.frame_length, card_.shape(flow)); };
    const double step =
        static_cast<double>(sim::line_time(std::max(length(card_.flows().front()), length(alternatives_.front())))) /
        options_.share;
    next_ = std::max(next_, static_cast<double>(sim::start_of(platform_.now() + 64)));
    while (next_ < static_cast<double>(until)) {
      const Flow& flow = card_.flows()[offered_ % card_.flows().size()];
      const auto arrival = platform_.receive(Port::kLan, card_.lan_frame(flow, options_.frame_length, offered_),
                                             static_cast<sim::LineTime>(next_));
      last_bit_in_.push_back(arrival.last_bit);
      passed_.push_back(Passed::kNot);
      ++offered_;
      next_ += step;
    }
    next_inbound_ = std::max(next_inbound_, static_cast<double>(sim::start_of(platform_.now() + 64)));
    while (next_inbound_ < static_cast<double>(until)) {
      Flow& flow = card_.flows()[inbound_.size() % card_.flows().size()];
      platform_.receive(Port::kWan, card_.wan_frame(flow, options_.frame_length, inbound_.size()),
                        static_cast<sim::LineTime>(next_inbound_));
      inbound_.push_back(false);
      next_inbound_ += step;
    }
  }

  // A change of every other flow's SA and of every rule's place.
  Result<driver::CommitReport> commit() {
    const std::uint32_t generation = card_.session().generation() + 1;
    const std::size_t n = card_.flows().size();
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = (i + generation) % n;
    const std::vector<Flow>& through = generation % 2 == 1 ? card_.flows() : alternatives_;
    // A policy number of its own: the bank that is closed now holds the generation before the last, which sent through
    // the same SAs, and with one rule or two in the same order.
    auto outbound = outbound_rules(through, order);
    for (auto& rule : outbound) rule.policy_id = static_cast<std::uint16_t>(generation);
    driver::TableImage image = card_.base();
    if (auto r = driver::compile_spd(driver::Direction::kOutbound, outbound, image); !r) return r.error();
    if (auto r = driver::compile_spd(driver::Direction::kInbound, inbound_rules(through, order), image); !r)
      return r.error();
    return card_.session().commit(image);
  }

  void run(sim::Clock clocks) { platform_.run(clocks); }
  bool finish() { return platform_.run_until_idle(kPatience); }

  [[nodiscard]] std::size_t offered_inbound() const { return inbound_.size(); }
  [[nodiscard]] std::size_t received_inbound() const { return received_inbound_; }
  // Frames that were sent to WAN and open under neither SA that a packet's flow may use.
  [[nodiscard]] std::size_t of_no_allowed_type() const { return of_no_allowed_type_; }
  [[nodiscard]] std::size_t strange_inbound() const { return strange_inbound_; }
  // Packets from LAN of the flows that change, or of the others.
  struct Count {
    std::size_t offered = 0;
    std::size_t lost = 0;
  };
  [[nodiscard]] Count count(bool changing) const {
    Count count;
    for (std::size_t i = 0; i < passed_.size(); ++i) {
      if (changes(i % card_.flows().size()) != changing) continue;
      ++count.offered;
      if (passed_[i] == Passed::kNot) ++count.lost;
    }
    return count;
  }
  // How often, from packet to packet of the flows that change, as they were offered, the SA was the other one.
  [[nodiscard]] std::size_t steps() const {
    std::size_t steps = 0;
    std::optional<Passed> last;
    for (std::size_t i = 0; i < passed_.size(); ++i) {
      if (passed_[i] == Passed::kNot || !changes(i % card_.flows().size())) continue;
      if (last && passed_[i] != *last) ++steps;
      last = passed_[i];
    }
    return steps;
  }
  // The largest latency since the last call, in clocks.
  double take_worst_latency() { return std::exchange(worst_, 0.0); }

 private:
  static constexpr const char* kOtherType = "aes256gcm16";
  enum class Passed : std::uint8_t { kNot, kByFirst, kBySecond };  // SA of its flow

  // One alone does, of more every other.
  [[nodiscard]] static bool changes(std::size_t flow) { return flow % 2 == 0; }

  void take(const sim::SentFrame& frame) {
    const auto header = ipsec_header(frame.data);
    if (!header) {
      ++of_no_allowed_type_;
      return;
    }
    const bool alternative = (header->spi & 0x01000000) != (card_.flows()[0].out.spi & 0x01000000);
    const std::vector<Flow>& set = alternative ? alternatives_ : card_.flows();
    const std::size_t flow = (header->spi - set[0].out.spi) % set.size();
    const auto packet = open_ipsec_frame(set[flow].out, frame.data);
    const auto number = packet ? number_of(*packet) : std::nullopt;
    // The SA must be that of the packet's own flow.
    if (!number || *number >= offered_ || *number % set.size() != flow || passed_[*number] != Passed::kNot ||
        (alternative && !changes(flow))) {
      ++of_no_allowed_type_;
      return;
    }
    passed_[*number] = alternative ? Passed::kBySecond : Passed::kByFirst;
    const sim::LineTime in = last_bit_in_[*number];
    if (frame.first_bit > in)
      worst_ = std::max(worst_, static_cast<double>(frame.first_bit - in) / sim::kTicksPerClock);
  }

  void take_inbound(const sim::SentFrame& frame) {
    const auto number = number_of(Bytes(frame.data).subspan(kEthernetHeaderBytes), received_inbound_);
    if (!number || *number >= inbound_.size() || inbound_[*number]) {
      ++strange_inbound_;
      return;
    }
    inbound_[*number] = true;
    ++received_inbound_;
  }

  BenchCard& card_;
  sim::Platform& platform_;
  const UpdateOptions& options_;
  std::vector<Flow> alternatives_;
  std::size_t offered_ = 0;
  std::size_t of_no_allowed_type_ = 0;
  std::size_t strange_inbound_ = 0;  // frames to LAN that nobody sent, or twice
  double next_ = 0;
  double worst_ = 0;
  std::vector<sim::LineTime> last_bit_in_;
  std::vector<Passed> passed_;  // by number
  double next_inbound_ = 0;
  std::vector<bool> inbound_;  // by number: received
  std::size_t received_inbound_ = 0;
};

}  // namespace

Result<boost::json::value> measure_updates(BenchCard& card, sim::Platform& platform, const UpdateOptions& options) {
  Run run(card, platform, options);
  if (auto r = run.add_alternatives(); !r) return r.error();
  run.keep_offering();
  run.run(kAhead / 2);
  const double quiet_latency = run.take_worst_latency();
  for (unsigned i = 0; i < kWarmUp; ++i) {
    run.keep_offering();
    if (auto report = run.commit(); !report) return report.error();
  }

  const sim::Clock begin = platform.now();
  const auto wall_begin = std::chrono::steady_clock::now();
  std::uint64_t rows = 0;
  for (unsigned i = 0; i < options.commits; ++i) {
    run.keep_offering();
    auto report = run.commit();
    if (!report) return report.error();
    rows += report->rows;
  }
  const sim::Clock clocks = platform.now() - begin;
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_begin).count();
  const double busy_latency = run.take_worst_latency();
  if (!run.finish()) return Error{Errc::kTimeout, "the card did not come to rest"};

  // Each commit moves the flows that change to their other SA, and packets of them pass between any two commits.
  const std::size_t steps = options.commits + kWarmUp;
  const auto missteps = static_cast<std::int64_t>(run.steps()) - static_cast<std::int64_t>(steps);
  json::object out;
  out["rules"] = card.flows().size();
  out["types"] = run.types();
  out["commits"] = options.commits;
  out["rows_written_per_commit"] = static_cast<double>(rows) / options.commits;
  out["clocks_per_commit"] = static_cast<double>(clocks) / options.commits;
  out["commits_per_second_simulated"] = options.commits / (static_cast<double>(clocks) / sim::kClockHz);
  out["commits_per_second_wall"] = options.commits / wall;
  out["offered_share"] = options.share;
  const auto affected = run.count(true);
  const auto unaffected = run.count(false);
  out["packets_offered"] = affected.offered + unaffected.offered;
  out["packets_lost"] = affected.lost + unaffected.lost;
  out["unaffected_packets_offered"] = unaffected.offered;
  out["unaffected_packets_lost"] = unaffected.lost;
  out["inbound_packets_offered"] = run.offered_inbound();
  out["inbound_packets_lost"] = run.offered_inbound() - run.received_inbound();
  out["packets_of_no_allowed_type"] = run.of_no_allowed_type();
  out["inbound_packets_nobody_sent"] = run.strange_inbound();
  out["packets_that_saw_two_generations"] = std::abs(missteps);
  out["generation_steps"] = steps;
  out["generation_steps_seen"] = run.steps();
  // An upper bound: the worst latency while tables change, beyond the worst while they do not.
  out["entry_blocked_clocks"] = std::max(0.0, busy_latency - quiet_latency);
  return json::value(std::move(out));
}

}  // namespace sallyport::bench
