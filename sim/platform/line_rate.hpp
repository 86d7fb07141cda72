// SPDX-License-Identifier: Apache-2.0
// The arithmetic of the simulated world's time: the card's clock and a 100 Gb/s Ethernet line counted in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sallyport::sim {

using Clock = std::uint64_t;  // number of a clock edge; 0 is the first after power on

constexpr double kClockHz = 322'265'625;
constexpr double kClockNs = 1e9 / kClockHz;

// A point on the line's time axis. 322.265625 MHz and 100 Gb/s have a common measure: a clock lasts 1280/33 byte times,
// so with 1280 ticks a clock and 33 a byte nothing is ever rounded.
using LineTime = std::uint64_t;
constexpr LineTime kTicksPerClock = 1280;
constexpr LineTime kTicksPerByte = 33;
static_assert(kClockHz * kTicksPerClock == 12.5e9 * kTicksPerByte, "100 Gb/s is 12.5 bytes a nanosecond");

// IEEE 802.3: what a frame costs on the line beside itself.
constexpr std::size_t kPreambleBytes = 8;  // with the start delimiter
constexpr std::size_t kFcsBytes = 4;
constexpr std::size_t kInterFrameGapBytes = 12;
constexpr std::size_t kMinimumFrameBytes = 64;  // with FCS; shorter ones are padded

// `length` bytes without FCS, as they lie on the line: padded, with FCS.
constexpr std::size_t padded_bytes(std::size_t length) { return std::max(length + kFcsBytes, kMinimumFrameBytes); }
// The same with preamble and gap: the time until the next frame may start.
constexpr std::size_t line_bytes(std::size_t length) {
  return kPreambleBytes + padded_bytes(length) + kInterFrameGapBytes;
}
constexpr LineTime line_time(std::size_t length) { return line_bytes(length) * kTicksPerByte; }

constexpr LineTime start_of(Clock clock) { return clock * kTicksPerClock; }
// The first clock edge not before `time`.
constexpr Clock clock_at(LineTime time) { return (time + kTicksPerClock - 1) / kTicksPerClock; }
constexpr double nanoseconds(LineTime time) { return static_cast<double>(time) / kTicksPerClock * kClockNs; }

}  // namespace sallyport::sim
