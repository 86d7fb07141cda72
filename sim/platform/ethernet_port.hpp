// SPDX-License-Identifier: Apache-2.0
// One Ethernet port of the simulated card: a 100 Gb/s MAC between the line and the card's AXI4-Stream pins.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>

#include "base/bytes.hpp"
#include "sim/platform/line_rate.hpp"

namespace sallyport::sim {

constexpr std::size_t kBeatBytes = 64;
constexpr Clock kNever = std::numeric_limits<Clock>::max();

// The pins of a receive port, as the MAC sees them. `tdata` is 16 words, byte 0 in the low bits of the first.
struct ReceivePins {
  std::uint8_t& tvalid;
  std::uint32_t* tdata;
  std::uint64_t& tkeep;
  std::uint8_t& tlast;
  std::uint8_t& tuser;
};

struct TransmitPins {
  const std::uint8_t& tvalid;
  std::uint8_t& tready;
  const std::uint32_t* tdata;
  const std::uint64_t& tkeep;
  const std::uint8_t& tlast;
};

// A frame that the card sent, without FCS, and when its first and last bit (of the destination address, of the FCS)
// were on the line.
struct SentFrame {
  Buffer data;
  LineTime first_bit = 0;
  LineTime last_bit = 0;
};

// When the frame's bits are on the line.
struct Arrival {
  LineTime first_bit = 0;
  LineTime last_bit = 0;
};

// Both directions keep the line's rate: a frame takes its padded length, FCS, preamble and gap. A beat reaches the card
// when its last byte has arrived; a frame that the card sends may not pause, and one that does is an underrun.
class EthernetPort {
 public:
  using Sink = std::function<void(SentFrame&&)>;

  EthernetPort(ReceivePins receive, TransmitPins transmit) : rx_(receive), tx_(transmit) { rx_.tvalid = 0; }
  EthernetPort(const EthernetPort&) = delete;
  EthernetPort& operator=(const EthernetPort&) = delete;

  // Puts a frame on the line to the card, behind those already there and not before `earliest`. A `bad` one arrives
  // with a wrong FCS. An empty frame is no frame and is not sent.
  Arrival receive(Buffer frame, LineTime earliest, bool bad = false);
  // Frames that wait or are on their way in.
  [[nodiscard]] std::size_t waiting() const { return frames_.size(); }
  // Where the next frame to the card could start.
  [[nodiscard]] LineTime line_free() const { return rx_free_; }
  void on_sent(Sink sink) { sink_ = std::move(sink); }
  [[nodiscard]] std::uint64_t underruns() const { return underruns_; }

  // One clock: `drive` sets the card's inputs, `sample` takes its outputs after they settled.
  void drive(Clock now);
  void sample(Clock now);
  // The next clock at which `drive` has something to say.
  [[nodiscard]] Clock next_event() const { return next_beat_; }

 private:
  struct Frame {
    Buffer data;
    LineTime start;  // of the preamble
    bool bad;
  };
  void schedule_beat();

  ReceivePins rx_;
  std::deque<Frame> frames_;
  std::size_t offset_ = 0;  // into the first frame: bytes the card already has
  Clock next_beat_ = kNever;
  LineTime rx_free_ = 0;

  TransmitPins tx_;
  Sink sink_;
  SentFrame sending_;
  LineTime tx_free_ = 0;  // when all that was accepted will have left
  std::uint64_t underruns_ = 0;
};

}  // namespace sallyport::sim
