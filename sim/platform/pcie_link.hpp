// SPDX-License-Identifier: Apache-2.0
// The PCI Express link between the host and the simulated card: registers downwards, host memory upwards.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "driver/host_bus.hpp"
#include "sim/platform/ethernet_port.hpp"
#include "sim/platform/line_rate.hpp"

namespace sallyport::sim {

// Gen3 x16 carries 15.75 GB/s; with packets of 256 bytes and 24 bytes around each, and flow control, about 13 are left:
// 40 bytes a clock each way. A read's round trip through such a root port and bridge is about 0.7 us.
struct LinkParameters {
  Clock latency = 110;                 // clocks one way
  std::uint64_t bytes_per_clock = 40;  // each way
};

// The card's register port (AXI4-Lite), driven by the link.
struct RegisterPins {
  std::uint8_t& awvalid;
  const std::uint8_t& awready;
  std::uint16_t& awaddr;
  std::uint8_t& wvalid;
  const std::uint8_t& wready;
  std::uint32_t& wdata;
  std::uint8_t& wstrb;
  const std::uint8_t& bvalid;
  std::uint8_t& bready;
  std::uint8_t& arvalid;
  const std::uint8_t& arready;
  std::uint16_t& araddr;
  const std::uint8_t& rvalid;
  std::uint8_t& rready;
  const std::uint32_t& rdata;
};

// The card's port to host memory (AXI4), answered by the link.
struct MemoryPins {
  const std::uint8_t& awvalid;
  std::uint8_t& awready;
  const std::uint64_t& awaddr;
  const std::uint8_t& awlen;
  const std::uint8_t& wvalid;
  std::uint8_t& wready;
  const std::uint32_t* wdata;
  const std::uint64_t& wstrb;
  const std::uint8_t& wlast;
  std::uint8_t& bvalid;
  const std::uint8_t& bready;
  std::uint8_t& bresp;
  const std::uint8_t& arvalid;
  std::uint8_t& arready;
  const std::uint64_t& araddr;
  const std::uint8_t& arlen;
  std::uint8_t& rvalid;
  const std::uint8_t& rready;
  std::uint32_t* rdata;
  std::uint8_t& rresp;
  std::uint8_t& rlast;
};

// Order is that of PCI Express: requests of the host stay in order, writes of the card reach host memory in order and
// before the answer to a later register read. A memory access that the host refuses is answered SLVERR.
class PcieLink {
 public:
  using Done = std::function<void(std::uint32_t value)>;

  PcieLink(RegisterPins registers, MemoryPins memory, driver::HostBus& host, LinkParameters parameters);
  PcieLink(const PcieLink&) = delete;
  PcieLink& operator=(const PcieLink&) = delete;

  // Sent by the host at `now`. `done` is called when the answer to a read is back, or the card has taken the write.
  void read_register(Clock now, std::uint32_t offset, Done done);
  void write_register(Clock now, std::uint32_t offset, std::uint32_t value, Done done);

  // From now on; for a link on which nothing moves.
  void set_parameters(const LinkParameters& parameters);

  void drive(Clock now);
  void sample(Clock now);
  // The next clock at which `drive` or `sample` has something to do; 0 when that is every clock.
  [[nodiscard]] Clock next_event() const;

 private:
  struct Request {
    Clock due;  // at the card's pins
    bool write;
    std::uint32_t offset;
    std::uint32_t value;
    Done done;
  };
  struct Answer {
    Clock due;  // at the host
    std::uint32_t value;
    Done done;
  };
  struct ReadBurst {
    Clock due;  // at host memory first, then back at the card's pins
    std::uint64_t address;
    std::size_t size;
    bool fetched = false;
    bool good = false;
    std::size_t given = 0;
    Buffer data;
  };
  struct WriteBurst {
    Clock due;  // at host memory
    std::uint64_t address;
    Buffer data;
    std::vector<std::uint64_t> strobes;  // one a beat
    bool complete = false;               // its last beat is here
  };
  // Time that data takes on one direction of the link.
  class Lane {
   public:
    explicit Lane(std::uint64_t rate) : rate_(rate) {}
    Clock carry(Clock from, std::size_t bytes);  // when the last of them has passed
    void set_rate(std::uint64_t rate);
    [[nodiscard]] bool backlog(Clock now, std::size_t bytes) const { return free_ > now * rate_ + bytes; }

   private:
    std::uint64_t rate_;
    std::uint64_t free_ = 0;  // in bytes at full rate
  };

  // The valid of a channel that the link drives; it falls at the clock after it was taken.
  struct Offer {
    std::uint8_t& valid;
    const std::uint8_t& ready;
    bool taken = false;
    void sample() { taken = valid != 0 && ready != 0; }
    void settle() {
      if (taken) valid = 0;
      taken = false;
    }
  };

  void drive_registers(Clock now);
  void drive_reads(Clock now);
  void drive_writes(Clock now);
  void sample_registers(Clock now);
  void sample_reads(Clock now);
  void sample_writes(Clock now);
  bool apply(const WriteBurst& burst);

  LinkParameters parameters_;
  driver::HostBus& host_;

  RegisterPins registers_;
  Offer write_address_offer_;
  Offer write_data_offer_;
  Offer read_address_offer_;
  std::deque<Request> requests_;
  bool at_pins_ = false;  // the first request has been shown to the card
  std::deque<Answer> answers_;

  MemoryPins memory_;
  Offer read_data_offer_;
  Offer write_answer_offer_;
  Lane down_;  // to the card
  Lane up_;    // to the host
  std::deque<ReadBurst> reads_;
  Clock read_beat_due_ = 0;                                            // of the first burst, once it is fetched
  std::deque<std::pair<std::uint64_t, std::size_t>> write_addresses_;  // and bytes
  WriteBurst collecting_{};
  std::deque<WriteBurst> writes_;
  std::deque<bool> write_answers_;
};

}  // namespace sallyport::sim
