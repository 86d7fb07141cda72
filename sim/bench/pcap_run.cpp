// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/pcap_run.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <filesystem>
#include <numeric>
#include <vector>

#include "driver/linux_port/capture_file.hpp"
#include "driver/rings/rings.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
namespace reg = layout::reg;
using layout::Port;

constexpr std::size_t kBatch = 512;           // frames on the line at a time
constexpr unsigned kRingSlots = 1024;         // for the host: all of a batch and its events
constexpr sim::Clock kPatience = 10'000'000;  // clocks for a batch to pass
constexpr std::size_t kUpcalls = std::size(layout::kUpcalls);

Result<std::uint64_t> counter(driver::Card& card, const layout::Register& base, unsigned index) {
  auto low = card.read(base.at(2 * index));
  if (!low) return low.error();
  auto high = card.read(base.at(2 * index + 1));
  if (!high) return high.error();
  return std::uint64_t{*high} << 32 | *low;
}

// What the host was given, by reason.
struct ForHost {
  std::array<std::uint64_t, kUpcalls> packets{};
  std::array<std::uint64_t, kUpcalls> events{};

  Result<void> take(driver::RxRing& ring) {
    for (;;) {
      auto message = ring.poll();
      if (!message) return message.error();
      if (!*message) return {};
      ++((*message)->frame.empty() ? events : packets)[static_cast<std::size_t>((*message)->reason)];
    }
  }
};

json::object named(const std::array<std::uint64_t, kUpcalls>& counts) {
  json::object out;
  for (std::size_t i = 0; i < kUpcalls; ++i) {
    if (counts[i] > 0) out[layout::kUpcalls[i].name] = counts[i];
  }
  return out;
}

std::chrono::nanoseconds simulated(sim::LineTime time) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sim::nanoseconds(time)));
}

void readdress(Buffer& frame, const driver::MacAddress& station) {
  const bool group = (frame[0] & 1) != 0;
  if (!group && frame.size() >= station.size()) std::copy(station.begin(), station.end(), frame.begin());
}

class Passage {
 public:
  Passage(driver::Card& card, sim::Platform& platform, const CaptureRun& run, driver::CaptureReader reader,
          driver::CaptureWriter writer, driver::RxRing ring)
      : card_(card),
        platform_(platform),
        run_(run),
        reader_(std::move(reader)),
        writer_(std::move(writer)),
        ring_(std::move(ring)) {
    for (const Port port : {Port::kLan, Port::kWan}) {
      platform_.on_sent(port, [this, port](sim::SentFrame&& frame) {
        ++sent_[static_cast<unsigned>(port)];
        batch_.push_back(std::move(frame));
      });
    }
  }
  ~Passage() {
    for (const Port port : {Port::kLan, Port::kWan}) platform_.on_sent(port, [](sim::SentFrame&&) {});
  }
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;

  // A capture that breaks off is sent as far as it goes, and then told of.
  Result<void> all() {
    for (bool more = true; more;) {
      auto offered = offer_batch();
      more = offered && *offered;
      if (!platform_.run_until_idle(kPatience)) return Error{Errc::kTimeout, "the card did not come to rest"};
      if (auto r = for_host_.take(ring_); !r) return r;
      if (auto r = write_batch(); !r) return r;
      if (!offered) {
        if (auto r = writer_.close(); !r) return r;
        return offered.error();
      }
    }
    return writer_.close();
  }

  Result<json::value> account() {
    json::object out;
    out["frames"] = frames_;
    out["frames_captured_in_part"] = in_part_;
    out["frames_empty"] = empty_;
    out["sent_lan"] = sent_[0];
    out["sent_wan"] = sent_[1];
    out["to_host"] = named(for_host_.packets);
    json::object drops;
    std::uint64_t left = sent_[0] + sent_[1];
    left = std::accumulate(for_host_.packets.begin(), for_host_.packets.end(), left);
    for (unsigned i = 0; i < layout::kDropReasons; ++i) {
      auto value = counter(card_, reg::kDropCounters, i);
      if (!value) return value.error();
      if (*value > 0) drops[layout::kDrops[i].name] = *value;
      left += *value;
    }
    out["drops"] = std::move(drops);
    out["unaccounted"] = static_cast<std::int64_t>(frames_) - static_cast<std::int64_t>(left);
    out["events"] = named(for_host_.events);
    json::object counters;
    for (unsigned i = 0; i < layout::kCounterCount; ++i) {
      auto value = counter(card_, reg::kCounters, i);
      if (!value) return value.error();
      counters[layout::kCounterNames[i].name] = *value;
    }
    out["counters"] = std::move(counters);
    out["clocks"] = platform_.now();
    return json::value(std::move(out));
  }

 private:
  // False at the end of the capture.
  Result<bool> offer_batch() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      auto next = reader_.next();
      if (!next) return next.error();
      if (!*next) return false;
      driver::CapturedFrame& frame = **next;
      if (!begin_) begin_ = frame.time - simulated(sim::start_of(platform_.now()));
      if (frame.data.size() < frame.length) {
        ++in_part_;
      } else if (frame.data.empty()) {
        ++empty_;
      } else {
        ++frames_;
        if (run_.station) readdress(frame.data, *run_.station);
        (void)platform_.receive(run_.input, std::move(frame.data));
      }
    }
    return true;
  }

  // The two ports send side by side; the file is in the order of time.
  Result<void> write_batch() {
    std::stable_sort(batch_.begin(), batch_.end(),
                     [](const sim::SentFrame& a, const sim::SentFrame& b) { return a.first_bit < b.first_bit; });
    for (const sim::SentFrame& frame : batch_) {
      if (auto r = writer_.write(*begin_ + simulated(frame.first_bit), frame.data); !r) return r;
    }
    batch_.clear();
    return {};
  }

  driver::Card& card_;
  sim::Platform& platform_;
  const CaptureRun& run_;
  driver::CaptureReader reader_;
  driver::CaptureWriter writer_;
  driver::RxRing ring_;
  ForHost for_host_;
  std::vector<sim::SentFrame> batch_;
  std::optional<std::chrono::nanoseconds> begin_;  // of the simulation, by the capture's time
  std::uint64_t sent_[2] = {0, 0};
  std::uint64_t frames_ = 0;
  std::uint64_t in_part_ = 0;
  std::uint64_t empty_ = 0;
};

}  // namespace

Result<json::value> run_capture(driver::Card& card, sim::Platform& platform, const CaptureRun& run) {
  auto reader = driver::CaptureReader::open(run.in_path);
  if (!reader) return reader.error();
  std::error_code ignored;  // the output need not exist
  if (std::filesystem::equivalent(run.in_path, run.out_path, ignored)) {
    return Error{Errc::kInvalid, run.out_path + ": is the capture that is read; --out must be another file"};
  }
  auto writer = driver::CaptureWriter::create(run.out_path);
  if (!writer) return writer.error();
  auto ring = driver::RxRing::start(card, kRingSlots);
  if (!ring) return ring.error();
  Passage passage(card, platform, run, std::move(*reader), std::move(*writer), std::move(*ring));
  if (auto r = passage.all(); !r) return r.error();
  return passage.account();
}

}  // namespace sallyport::bench
