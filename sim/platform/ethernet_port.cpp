// SPDX-License-Identifier: Apache-2.0
#include "sim/platform/ethernet_port.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace sallyport::sim {
namespace {

// What the MAC's transmit buffer holds ahead of the line.
constexpr LineTime kTransmitBuffer = 8 * kBeatBytes * kTicksPerByte;

constexpr LineTime bytes_time(std::size_t bytes) { return bytes * kTicksPerByte; }

}  // namespace

Arrival EthernetPort::receive(Buffer frame, LineTime earliest, bool bad) {
  const LineTime start = std::max(rx_free_, earliest);
  const LineTime first_bit = start + bytes_time(kPreambleBytes);
  if (frame.empty()) return {first_bit, first_bit};
  const Arrival arrival{first_bit, first_bit + bytes_time(padded_bytes(frame.size()))};
  rx_free_ = start + line_time(frame.size());
  frames_.push_back({std::move(frame), start, bad});
  if (frames_.size() == 1) schedule_beat();
  return arrival;
}

void EthernetPort::schedule_beat() {
  if (frames_.empty()) {
    next_beat_ = kNever;
    return;
  }
  const Frame& frame = frames_.front();
  const std::size_t end = offset_ + kBeatBytes;
  const std::size_t arrived = end < frame.data.size() ? end : padded_bytes(frame.data.size());
  next_beat_ = clock_at(frame.start + bytes_time(kPreambleBytes + arrived));
}

void EthernetPort::drive(Clock now) {
  tx_.tready = tx_free_ <= start_of(now) + kTransmitBuffer;
  rx_.tvalid = now >= next_beat_;
  if (rx_.tvalid == 0) return;
  const Frame& frame = frames_.front();
  const std::size_t size = std::min(kBeatBytes, frame.data.size() - offset_);
  std::memcpy(rx_.tdata, frame.data.data() + offset_, size);
  std::memset(reinterpret_cast<std::uint8_t*>(rx_.tdata) + size, 0, kBeatBytes - size);
  offset_ += size;
  const bool last = offset_ == frame.data.size();
  rx_.tkeep = ~std::uint64_t{0} >> (kBeatBytes - size);
  rx_.tlast = last;
  rx_.tuser = last && frame.bad;
  if (last) {
    frames_.pop_front();
    offset_ = 0;
  }
  schedule_beat();
}

void EthernetPort::sample(Clock now) {
  if (tx_.tvalid == 0 || tx_.tready == 0) return;
  Buffer& data = sending_.data;
  if (data.empty()) {
    sending_.first_bit = std::max(tx_free_, start_of(now)) + bytes_time(kPreambleBytes);
    tx_free_ = sending_.first_bit;
  } else if (tx_free_ < start_of(now)) {
    ++underruns_;
  }
  const std::size_t size = tx_.tlast != 0 ? static_cast<std::size_t>(std::popcount(tx_.tkeep)) : kBeatBytes;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(tx_.tdata);
  data.insert(data.end(), bytes, bytes + size);
  tx_free_ += bytes_time(size);
  if (tx_.tlast == 0) return;
  sending_.last_bit = sending_.first_bit + bytes_time(padded_bytes(data.size()));
  tx_free_ = sending_.last_bit + bytes_time(kInterFrameGapBytes);
  SentFrame sent = std::exchange(sending_, {});
  if (sink_) sink_(std::move(sent));
}

}  // namespace sallyport::sim
