// SPDX-License-Identifier: Apache-2.0
#include "sim/compare/twin_card.hpp"

#include "hw/layout/registers.hpp"

namespace sallyport::sim {
namespace {

namespace reg = layout::reg;

PlatformOptions with_seed(std::uint64_t seed) {
  PlatformOptions options;
  options.seed = seed;
  return options;
}

std::uint64_t counter(driver::Card& card, const layout::Register& reg, unsigned number) {
  const std::uint64_t low = card.read(reg.at(2 * number)).value_or(0);
  return std::uint64_t{card.read(reg.at(2 * number + 1)).value_or(0)} << 32 | low;
}

Result<Output> take(Output& output, driver::RxRing& ring) {
  for (;;) {
    auto message = ring.poll();
    if (!message) return message.error();
    if (!*message) return std::exchange(output, {});
    output.messages.push_back(std::move(**message));
  }
}

}  // namespace

TwinCard::TwinCard(std::uint64_t seed)
    : rtl_(with_seed(seed)),
      software_([this](layout::Port port,
                       Bytes frame) { software_output_.frames.emplace_back(port, Buffer(frame.begin(), frame.end())); },
                rtl_.memory()) {
  for (const layout::Port port : {layout::Port::kLan, layout::Port::kWan}) {
    rtl_.platform().on_sent(
        port, [this, port](SentFrame&& frame) { rtl_output_.frames.emplace_back(port, std::move(frame.data)); });
  }
}

Result<void> TwinCard::start_rings() {
  const auto start = [](auto& ring, driver::Card& card) -> Result<void> {
    auto started = std::decay_t<decltype(*ring)>::start(card, kRingSlots);
    if (!started) return started.error();
    ring.emplace(std::move(started).value());
    return {};
  };
  if (auto r = start(rtl_ring_, rtl_); !r) return r;
  if (auto r = start(software_ring_, software_side_); !r) return r;
  if (auto r = start(rtl_sent_, rtl_); !r) return r;
  return start(software_sent_, software_side_);
}

Result<void> TwinCard::inject(layout::Inject where, Bytes frame, std::optional<std::uint16_t> sender) {
  if (auto r = software_sent_->send(where, frame, sender); !r) return r;
  return rtl_sent_->send(where, frame, sender);
}

Result<void> TwinCard::write(const layout::Register& reg, std::uint32_t value) {
  if (reg.offset == reg::kFlip.offset) {
    flip_ = value;
  } else if (auto r = software_.write(reg, value); !r) {
    return r;
  }
  return rtl_.write(reg, value);
}

void TwinCard::flip_software() {
  if (flip_) (void)software_.write(reg::kFlip, *flip_);
  flip_.reset();
}

std::pair<std::uint64_t, std::uint64_t> TwinCard::counters(const layout::Register& reg, unsigned number) {
  return {counter(rtl_, reg, number), counter(software_, reg, number)};
}

Result<Output> TwinCard::rtl_output() { return take(rtl_output_, *rtl_ring_); }
Result<Output> TwinCard::software_output() { return take(software_output_, *software_ring_); }

}  // namespace sallyport::sim
