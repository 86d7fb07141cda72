// SPDX-License-Identifier: Apache-2.0
// The scenarios' card is the Verilated one: every call runs it until it is at rest, and its counters tell what became
// of a packet.
#include "driver/software/card_bench.hpp"
#include "tests/card/verilated_card.hpp"

namespace sallyport::driver {
namespace {

namespace reg = layout::reg;
using layout::Counter;

constexpr tests::Reluctance kWorld = {.receive_gap = 2, .transmit_wait = 4, .memory_wait = 4};
constexpr unsigned kClocksPerCall = 200;  // that pass in a call while the ports wait

class BenchedVerilatedCard final : public BenchedCard {
 public:
  explicit BenchedVerilatedCard(SoftwareCard::Transmit transmit) : transmit_(std::move(transmit)), card_(1, kWorld) {
    settle();
  }

  void receive(layout::Port port, Bytes frame, bool mac_error) override {
    const Seen before = look();
    card_.receive(port, Buffer(frame.begin(), frame.end()), mac_error);
    settle();
    tell(port, before);
  }

  void on_packet(SoftwareCard::Record record) override { record_ = std::move(record); }

  Result<std::uint32_t> read(const layout::Register& r) override { return card_.read(r); }

  Result<void> write(const layout::Register& r, std::uint32_t value) override {
    const bool moves_packets = r.offset == reg::kTxProducer.offset || r.offset == reg::kTxSlots.offset;
    const Seen before = moves_packets ? look() : Seen{};
    auto written = card_.write(r, value);
    settle();
    if (moves_packets) tell(layout::Port::kHost, before);
    return written;
  }

  Result<std::unique_ptr<HostMemory>> allocate(std::size_t size) override { return card_.allocate(size); }
  [[nodiscard]] std::string description() const override { return card_.description(); }

  [[nodiscard]] bool has_packets_inside_between_calls() const override { return true; }

  void while_ports_wait(const std::function<void()>& body) override {
    const SoftwareCard::Record record = std::exchange(record_, {});
    tests::Reluctance closed = kWorld;
    closed.transmit_wait = 16;  // always
    card_.set_reluctance(closed);
    ports_wait_ = true;
    body();
    ports_wait_ = false;
    card_.set_reluctance(kWorld);
    settle();
    record_ = record;
  }

  void set_last_seq(unsigned sa_index, std::uint64_t seq) override { card_.set_last_seq(sa_index, seq); }
  void set_counter(Counter counter, std::uint64_t value) override { card_.set_counter(counter, value); }

 private:
  // Low halves will do between two looks.
  struct Seen {
    std::uint32_t generation = 0;
    std::uint32_t to_lan = 0;
    std::uint32_t to_wan = 0;
    std::uint32_t to_host = 0;
    std::array<std::uint32_t, layout::kDropReasons> drops{};
  };

  std::uint32_t counter(Counter c) { return card_.read(reg::kCounters.at(2 * static_cast<unsigned>(c))).value(); }

  Seen look() {
    Seen seen;
    if (!record_) return seen;
    seen.generation = card_.read(reg::kGeneration).value();
    seen.to_lan = counter(Counter::kLanTx);
    seen.to_wan = counter(Counter::kWanTx);
    seen.to_host = counter(Counter::kHostRx);
    for (unsigned i = 0; i < layout::kDropReasons; ++i)
      seen.drops[i] = card_.read(reg::kDropCounters.at(2 * i)).value();
    return seen;
  }

  void tell(layout::Port port, const Seen& before) {
    if (!record_) return;
    const Seen now = look();
    const auto exits = [&](std::uint32_t n, layout::Port exit) {
      for (; n > 0; --n) record_({port, before.generation, exit, {}, {}});
    };
    exits(now.to_lan - before.to_lan, layout::Port::kLan);
    exits(now.to_wan - before.to_wan, layout::Port::kWan);
    exits(now.to_host - before.to_host, layout::Port::kHost);
    for (unsigned i = 0; i < layout::kDropReasons; ++i) {
      for (std::uint32_t n = now.drops[i] - before.drops[i]; n > 0; --n) {
        record_({port, before.generation, layout::Port::kHost, {}, layout::Drop(i)});
      }
    }
  }

  void settle() {
    if (ports_wait_) return card_.run(kClocksPerCall);
    EXPECT_TRUE(card_.settle()) << "the card does not come to rest";
    for (const auto& t : card_.transmitted()) transmit_(t.port, t.frame);
  }

  SoftwareCard::Transmit transmit_;
  SoftwareCard::Record record_;
  tests::VerilatedCard card_;
  bool ports_wait_ = false;
};

}  // namespace

std::unique_ptr<BenchedCard> make_benched_card(SoftwareCard::Transmit transmit) {
  return std::make_unique<BenchedVerilatedCard>(std::move(transmit));
}

}  // namespace sallyport::driver
