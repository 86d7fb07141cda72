// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/pcap_run.hpp"

#include <boost/json/object.hpp>
#include <optional>

#include "driver/linux_port/capture_file.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
namespace reg = layout::reg;
using layout::Port;

constexpr std::size_t kBatch = 512;           // frames on the line at a time
constexpr sim::Clock kPatience = 10'000'000;  // clocks for a batch to pass

Result<std::uint64_t> counter(driver::Card& card, const layout::Register& base, unsigned index) {
  auto low = card.read(base.at(2 * index));
  if (!low) return low.error();
  auto high = card.read(base.at(2 * index + 1));
  if (!high) return high.error();
  return std::uint64_t{*high} << 32 | *low;
}

}  // namespace

Result<json::value> run_capture(driver::Card& card, sim::Platform& platform, Port input, const std::string& in_path,
                                const std::string& out_path) {
  auto reader = driver::CaptureReader::open(in_path);
  if (!reader) return reader.error();
  auto writer = driver::CaptureWriter::create(out_path);
  if (!writer) return writer.error();

  std::uint64_t sent[2] = {0, 0};
  std::optional<Error> failed;
  for (const Port port : {Port::kLan, Port::kWan}) {
    platform.on_sent(port, [&, port](sim::SentFrame&& frame) {
      ++sent[static_cast<unsigned>(port)];
      const auto time = std::chrono::nanoseconds(static_cast<std::int64_t>(sim::nanoseconds(frame.first_bit)));
      if (auto r = writer->write(time, frame.data); !r && !failed) failed = r.error();
    });
  }
  std::uint64_t frames = 0;
  std::uint64_t cut = 0;
  for (bool more = true; more;) {
    for (std::size_t i = 0; i < kBatch && more; ++i) {
      auto frame = reader->next();
      if (!frame) return frame.error();
      more = frame->has_value();
      if (!more) break;
      if ((*frame)->data.size() < (*frame)->length || (*frame)->data.empty()) {
        ++cut;
        continue;
      }
      ++frames;
      (void)platform.receive(input, std::move((*frame)->data));
    }
    if (!platform.run_until_idle(kPatience)) return Error{Errc::kTimeout, "the card did not come to rest"};
  }
  for (const Port port : {Port::kLan, Port::kWan}) platform.on_sent(port, [](sim::SentFrame&&) {});
  if (failed) return *failed;
  if (auto r = writer->close(); !r) return r.error();

  json::object out;
  out["frames"] = frames;
  out["frames_captured_in_part"] = cut;
  out["sent_lan"] = sent[0];
  out["sent_wan"] = sent[1];
  json::object counters;
  for (unsigned i = 0; i < layout::kCounterCount; ++i) {
    auto value = counter(card, reg::kCounters, i);
    if (!value) return value.error();
    counters[layout::kCounterNames[i].name] = *value;
  }
  out["counters"] = std::move(counters);
  json::object drops;
  for (unsigned i = 0; i < layout::kDropReasons; ++i) {
    auto value = counter(card, reg::kDropCounters, i);
    if (!value) return value.error();
    if (*value > 0) drops[layout::kDrops[i].name] = *value;
  }
  out["drops"] = std::move(drops);
  out["clocks"] = platform.now();
  return boost::json::value(std::move(out));
}

}  // namespace sallyport::bench
