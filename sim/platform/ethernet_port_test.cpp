// SPDX-License-Identifier: Apache-2.0
// The test is the card: it looks at the pins each clock.
#include "sim/platform/ethernet_port.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

namespace sallyport::sim {
namespace {

struct Pins {
  std::uint8_t rx_tvalid = 0, rx_tlast = 0, rx_tuser = 0;
  std::array<std::uint32_t, 16> rx_tdata{};
  std::uint64_t rx_tkeep = 0;
  std::uint8_t tx_tvalid = 0, tx_tready = 0, tx_tlast = 0;
  std::array<std::uint32_t, 16> tx_tdata{};
  std::uint64_t tx_tkeep = 0;
  EthernetPort port{ReceivePins{rx_tvalid, rx_tdata.data(), rx_tkeep, rx_tlast, rx_tuser},
                    TransmitPins{tx_tvalid, tx_tready, tx_tdata.data(), tx_tkeep, tx_tlast}};
};

struct Received {
  Buffer data;
  bool bad = false;
  Clock end = 0;
};

// Everything that comes in until `end`.
std::vector<Received> receive_until(Pins& pins, Clock end) {
  std::vector<Received> frames;
  Buffer data;
  for (Clock now = 0; now < end; ++now) {
    pins.port.drive(now);
    if (pins.rx_tvalid == 0) continue;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(pins.rx_tdata.data());
    data.insert(data.end(), bytes, bytes + std::popcount(pins.rx_tkeep));
    if (pins.rx_tlast == 0) {
      EXPECT_EQ(pins.rx_tkeep, ~std::uint64_t{0});
      continue;
    }
    frames.push_back({std::exchange(data, {}), pins.rx_tuser != 0, now});
  }
  return frames;
}

Buffer pattern(std::size_t size) {
  Buffer frame(size);
  std::iota(frame.begin(), frame.end(), std::uint8_t{1});
  return frame;
}

TEST(LineRate, IsThatOfTheStandard) {
  // 100 Gb/s carry 148.8 million frames of 64 bytes a second, 8.13 million of 1518.
  const double clocks64 = static_cast<double>(line_time(60)) / kTicksPerClock;
  EXPECT_NEAR(kClockHz / clocks64 / 1e6, 148.8095, 1e-4);
  const double clocks1518 = static_cast<double>(line_time(1514)) / kTicksPerClock;
  EXPECT_NEAR(kClockHz / clocks1518 / 1e6, 8.1274, 1e-4);
  EXPECT_EQ(line_bytes(14), 84u);  // padded
  EXPECT_EQ(line_bytes(61), 85u);
}

TEST(EthernetPort, DeliversFramesWholeAndAtTheLinesRate) {
  Pins pins;
  constexpr unsigned kFrames = 1000;
  for (unsigned i = 0; i < kFrames; ++i) pins.port.receive(pattern(60), 0);
  const auto frames = receive_until(pins, 10'000);
  ASSERT_EQ(frames.size(), kFrames);
  for (const Received& frame : frames) ASSERT_EQ(frame.data, pattern(60));
  // The last frame's FCS arrives 12 bytes before its slot ends.
  EXPECT_EQ(frames.back().end, clock_at(kFrames * line_time(60) - kInterFrameGapBytes * kTicksPerByte));
}

TEST(EthernetPort, ShowsEachBeatWhenItsLastByteHasArrived) {
  Pins pins;
  const Arrival arrival = pins.port.receive(pattern(200), start_of(10));
  EXPECT_EQ(arrival.first_bit, start_of(10) + 8 * kTicksPerByte);
  EXPECT_EQ(arrival.last_bit, arrival.first_bit + 204 * kTicksPerByte);
  std::vector<Clock> beats;
  for (Clock now = 0; now < 30; ++now) {
    pins.port.drive(now);
    if (pins.rx_tvalid != 0) beats.push_back(now);
  }
  // 8 bytes of preamble and 64, 128, 192 of the frame; then the rest with its FCS. A clock is 38.8 bytes.
  EXPECT_EQ(beats, (std::vector<Clock>{12, 14, 16, 17}));
}

TEST(EthernetPort, MarksABadFrameInItsLastBeatOnly) {
  Pins pins;
  pins.port.receive(pattern(100), 0, true);
  pins.port.receive(pattern(100), 0);
  const auto frames = receive_until(pins, 100);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_TRUE(frames[0].bad);
  EXPECT_FALSE(frames[1].bad);
}

TEST(EthernetPort, KeepsFramesOfEveryLengthInOrder) {
  Pins pins;
  for (std::size_t size = 1; size <= 300; ++size) pins.port.receive(pattern(size), 0);
  const auto frames = receive_until(pins, 5000);
  ASSERT_EQ(frames.size(), 300u);
  for (std::size_t size = 1; size <= 300; ++size) ASSERT_EQ(frames[size - 1].data, pattern(size));
}

// Offers `frames` as fast as the port takes them, with a pause of `gap` clocks inside each frame.
Clock transmit(Pins& pins, const std::vector<Buffer>& frames, unsigned gap) {
  Clock now = 0;
  for (const Buffer& frame : frames) {
    for (std::size_t at = 0; at < frame.size(); at += kBeatBytes) {
      const std::size_t size = std::min(kBeatBytes, frame.size() - at);
      pins.tx_tvalid = 1;
      pins.tx_tlast = at + size == frame.size();
      pins.tx_tkeep = ~std::uint64_t{0} >> (kBeatBytes - size);
      std::memcpy(pins.tx_tdata.data(), frame.data() + at, size);
      for (bool taken = false; !taken; ++now) {
        pins.port.drive(now);
        taken = pins.tx_tready != 0;
        pins.port.sample(now);
      }
      pins.tx_tvalid = 0;
      now += gap;
    }
  }
  return now;
}

TEST(EthernetPort, SendsAtTheLinesRateAndHoldsTheCardBack) {
  Pins pins;
  std::vector<SentFrame> sent;
  pins.port.on_sent([&](SentFrame&& frame) { sent.push_back(std::move(frame)); });
  const std::vector<Buffer> frames(500, pattern(114));
  transmit(pins, frames, 0);
  ASSERT_EQ(sent.size(), frames.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    ASSERT_EQ(sent[i].data, frames[i]);
    ASSERT_EQ(sent[i].first_bit, sent[0].first_bit + i * line_time(114)) << "a gap on the line, or an overlap";
  }
  EXPECT_EQ(pins.port.underruns(), 0u);
}

TEST(EthernetPort, CountsAFrameThatPausesLongerThanTheLineCanWait) {
  Pins pins;
  transmit(pins, {pattern(300)}, 4);
  EXPECT_GT(pins.port.underruns(), 0u);
  Pins patient;
  transmit(patient, {pattern(300)}, 0);
  EXPECT_EQ(patient.port.underruns(), 0u);
}

}  // namespace
}  // namespace sallyport::sim
