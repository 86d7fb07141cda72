// SPDX-License-Identifier: Apache-2.0
// The scenarios' card is the software card.
#include "driver/software/card_bench.hpp"

namespace sallyport::driver {

class BackDoor {
 public:
  static void set_last_seq(SoftwareCard& card, unsigned sa_index, std::uint64_t seq) {
    card.datapath_.reset_outbound(sa_index, seq);
  }
  static void set_counter(SoftwareCard& card, layout::Counter counter, std::uint64_t value) {
    card.counters_[static_cast<unsigned>(counter)] = value;
  }
};

namespace {

class BenchedSoftwareCard final : public BenchedCard {
 public:
  explicit BenchedSoftwareCard(SoftwareCard::Transmit transmit) : card_(std::move(transmit)) {}

  void receive(layout::Port port, Bytes frame, bool mac_error) override { card_.receive(port, frame, mac_error); }
  void on_packet(SoftwareCard::Record record) override { card_.on_packet(std::move(record)); }
  Result<std::uint32_t> read(const layout::Register& reg) override { return card_.read(reg); }
  Result<void> write(const layout::Register& reg, std::uint32_t value) override { return card_.write(reg, value); }
  Result<std::unique_ptr<HostMemory>> allocate(std::size_t size) override { return card_.allocate(size); }
  [[nodiscard]] std::string description() const override { return card_.description(); }

  [[nodiscard]] bool has_packets_inside_between_calls() const override { return false; }
  void while_ports_wait(const std::function<void()>& body) override { body(); }
  void set_last_seq(unsigned sa_index, std::uint64_t seq) override { BackDoor::set_last_seq(card_, sa_index, seq); }
  void set_counter(layout::Counter counter, std::uint64_t value) override {
    BackDoor::set_counter(card_, counter, value);
  }

 private:
  SoftwareCard card_;
};

}  // namespace

std::unique_ptr<BenchedCard> make_benched_card(SoftwareCard::Transmit transmit) {
  return std::make_unique<BenchedSoftwareCard>(std::move(transmit));
}

}  // namespace sallyport::driver
