// SPDX-License-Identifier: Apache-2.0
// Frames into and out of a verilated stream, beat by beat, with random gaps and back-pressure.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>

#include "base/bytes.hpp"

namespace sallyport::hw {

constexpr std::size_t kBeatBytes = 64;

inline Buffer random_bytes(std::mt19937& random, std::size_t n) {
  Buffer bytes(n);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
  return bytes;
}

// Tags of IEEE 802.1Q, which begin with 0x8100.
inline bool is_tagged(const Buffer& frame) { return frame.size() >= 14 && frame[12] == 0x81 && frame[13] == 0; }
inline Buffer tagged(const Buffer& frame, unsigned tag_control) {
  const Bytes bytes(frame);
  const auto control = static_cast<std::uint16_t>(tag_control);
  return ByteWriter().bytes(bytes.first(12)).u16(0x8100).u16(control).bytes(bytes.subspan(12)).take();
}

// Offers frames. `chance` of 4 clocks a new beat is offered in; an offer stands until it is taken.
class FrameSource {
 public:
  explicit FrameSource(std::mt19937& random) : random_(random) {}

  void push(Buffer frame) { frames_.push_back(std::move(frame)); }
  [[nodiscard]] bool done() const { return frames_.empty(); }
  // The frame whose beats are at the port, or will be next.
  [[nodiscard]] const Buffer& front() const { return frames_.front(); }

  // Before the clock: sets the port. Bytes behind the end of a frame are random.
  template <class Data, class Valid, class Empty, class Last>
  void drive(Valid& valid, Data& data, Empty& empty, Last& last, unsigned chance) {
    if (!offered_ && !frames_.empty()) offered_ = random_() % 4 < chance;
    valid = offered_ ? 1 : 0;
    if (!offered_) return;
    const Buffer& frame = frames_.front();
    const std::size_t left = frame.size() - at_;
    Buffer beat = random_bytes(random_, kBeatBytes);
    if (!drawn_) {
      std::memcpy(beat.data(), frame.data() + at_, std::min(left, kBeatBytes));
      beat_ = beat;
      drawn_ = true;
    }
    std::memcpy(data.data(), beat_.data(), kBeatBytes);
    last = left <= kBeatBytes ? 1 : 0;
    empty = static_cast<Empty>(left < kBeatBytes ? kBeatBytes - left : 0);
  }

  // After eval, before the clock's edge: true when the frame's last beat passes. Call advance() then.
  void taken(bool ready) {
    if (!offered_ || !ready) return;
    offered_ = drawn_ = false;
    at_ += kBeatBytes;
    if (at_ < frames_.front().size()) return;
    frames_.pop_front();
    at_ = 0;
  }

 private:
  std::mt19937& random_;
  std::deque<Buffer> frames_;
  std::size_t at_ = 0;
  bool offered_ = false;
  bool drawn_ = false;
  Buffer beat_;
};

// Collects frames.
class FrameSink {
 public:
  template <class Data>
  void sample(bool passes, const Data& data, unsigned empty, bool last) {
    if (!passes) return;
    const std::size_t n = kBeatBytes - (last ? empty : 0);
    const std::size_t at = frame_.size();
    frame_.resize(at + n);
    std::memcpy(frame_.data() + at, data.data(), n);
    if (!last) return;
    frames.push_back(std::move(frame_));
    frame_.clear();
  }

  std::deque<Buffer> frames;

 private:
  Buffer frame_;
};

}  // namespace sallyport::hw
