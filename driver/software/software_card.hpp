// SPDX-License-Identifier: Apache-2.0
// The card as a program: the registers and tables of hw/layout and the behaviour of hw/README.md, by OpenSSL, obvious
// and slow. The oracle for every packet of the RTL, and the card of users who have none. It does everything within the
// call that causes it: no threads, no time.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>

#include "driver/software/plain_memory.hpp"
#include "driver/software/ring_engine.hpp"

namespace sallyport::driver {

// What became of one packet, for oracles.
struct PacketRecord {
  layout::Port port;         // where it entered, kHost when it was sent out as it was
  std::uint32_t generation;  // in force when it was admitted
  layout::Port exit;         // where it left, unless dropped
  std::optional<layout::Upcall> upcall;
  std::optional<layout::Drop> drop;
};

class SoftwareCard : public Card {
 public:
  // Frames that leave through an Ethernet port. Called from within receive() and write(); may not call back.
  using Transmit = std::function<void(layout::Port, Bytes frame)>;
  using Record = std::function<void(const PacketRecord&)>;

  // With host memory of its own, from allocate().
  explicit SoftwareCard(Transmit transmit) : transmit_(std::move(transmit)) {}
  // Behind somebody else's host memory, which outlives the card.
  SoftwareCard(Transmit transmit, HostBus& host) : transmit_(std::move(transmit)), host_(&host) {}
  SoftwareCard(const SoftwareCard&) = delete;
  SoftwareCard& operator=(const SoftwareCard&) = delete;

  // A frame arrives at LAN or WAN, as on the wire but without FCS; `mac_error`: the MAC marked it bad.
  void receive(layout::Port port, Bytes frame, bool mac_error = false);

  // Called once for every packet, after its outcome; nothing in between by default.
  void on_packet(Record record) { record_ = std::move(record); }

  Result<std::uint32_t> read(const layout::Register& reg) override;
  Result<void> write(const layout::Register& reg, std::uint32_t value) override;
  Result<std::unique_ptr<HostMemory>> allocate(std::size_t size) override;
  std::string description() const override { return "software card"; }

 private:
  friend class BackDoor;  // of the tests

  void process(layout::Port port, Bytes frame, std::optional<std::uint16_t> sender = std::nullopt);
  void finish(layout::Port port, const software::Outcome& outcome);
  void report(const software::Notice& event);
  void serve_host();
  void load_tables();
  void wipe();

  [[nodiscard]] std::uint32_t current(std::uint32_t offset);
  [[nodiscard]] std::uint32_t half_and_hold(std::uint64_t value, std::uint32_t offset);
  [[nodiscard]] std::uint64_t clock() const;
  void count(layout::Counter counter, std::uint64_t n = 1) { counters_[static_cast<unsigned>(counter)] += n; }

  Transmit transmit_;
  Record record_;
  software::PlainMemory memory_;
  HostBus* host_ = &memory_;
  software::Tables tables_;
  software::Settings settings_;
  software::Datapath datapath_{tables_, settings_};

  std::uint32_t generation_ = 0;
  std::array<std::uint32_t, 4> cookie_{};
  layout::LoadError load_error_ = layout::LoadError::kNone;
  std::uint32_t load_count_ = 0;
  std::uint64_t load_address_ = 0;
  std::uint32_t load_length_ = 0;
  software::RingRegisters rx_;
  software::RingRegisters tx_;
  // Of the events that are told once until the host has read them: the slot of each that it may not have read.
  std::map<layout::Upcall, std::uint32_t> told_;
  std::uint32_t sa_state_select_ = 0;
  layout::Row sa_state_;
  std::array<std::uint64_t, layout::kCounterCount> counters_{};
  std::array<std::uint64_t, layout::kDropReasons> drops_{};
  std::map<std::uint32_t, std::uint32_t> held_high_;  // by the offset of the low half that was read
  std::chrono::steady_clock::time_point reset_time_ = std::chrono::steady_clock::now();
};

}  // namespace sallyport::driver
