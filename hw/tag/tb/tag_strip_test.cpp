// SPDX-License-Identifier: Apache-2.0
// tag_strip against driver/user_tag, frame by frame.
#include <gtest/gtest.h>

#include "Vtag_strip_harness.h"
#include "driver/user_tag/user_tag.hpp"
#include "hw/common/tb/clock.hpp"
#include "hw/path/tb/frames.hpp"

namespace sallyport::hw {
namespace {

using driver::UserTag;

struct Sender {
  bool known = false;
  std::uint16_t principal = 0;
  friend bool operator==(const Sender&, const Sender&) = default;
};

// What stands beside a frame that leaves.
struct Side {
  std::size_t length = 0;
  Sender sender;
  std::optional<UserTag> tag;
  friend bool operator==(const Side&, const Side&) = default;
};

class Strip {
 public:
  explicit Strip(unsigned seed) : random(seed), dut_(static_cast<int>(seed)) {}

  void push(const Buffer& frame) {
    const Sender sender{random() % 4 == 0, static_cast<std::uint16_t>(random())};
    const auto taken = driver::take_user_tag(frame);
    const Buffer& left = taken ? taken->frame : frame;
    expected_.push_back({left, {left.size(), sender, taken ? std::optional(taken->tag) : std::nullopt}});
    senders_.push_back(sender);
    source_.push(frame);
    tagged += taken.has_value();
    plain += taken && !taken->tag.check;
  }

  // `offers` of 4 clocks a beat is offered in; `pressure` of 8 nothing is taken in.
  void clock(unsigned offers, unsigned pressure) {
    auto& m = dut_.model;
    source_.drive(m.in_valid_i, m.in_data_i, m.in_empty_i, m.in_last_i, offers);
    if (!source_.done()) {
      m.in_length_i = static_cast<std::uint16_t>(source_.front().size());
      m.in_known_i = senders_.front().known;
      m.in_principal_i = senders_.front().principal;
    }
    m.out_ready_i = random() % 8 >= pressure;
    m.eval();
    if (m.out_valid_o && m.out_ready_i) {
      if (first_) side_ = side();
      EXPECT_EQ(side(), side_) << "beside every beat";
      first_ = m.out_last_o;
      sink_.sample(true, m.out_data_o, m.out_empty_o, m.out_last_o);
      if (m.out_last_o) check();
    }
    const std::size_t before = source_.done() ? 0 : source_.front().size();
    const bool taken = m.in_valid_i && m.in_ready_o && m.in_last_i;
    source_.taken(m.in_ready_o);
    if (before != 0 && taken) senders_.pop_front();
    dut_.tick();
    ++clocks;
  }

  void run_to_rest(unsigned offers, unsigned pressure) {
    for (int quiet = 0; quiet < 4 && !::testing::Test::HasFailure(); quiet = done() ? quiet + 1 : 0) {
      clock(offers, pressure);
      ASSERT_LT(clocks, 10'000'000U) << "does not come to rest";
    }
    EXPECT_TRUE(expected_.empty()) << expected_.size() << " frames never left";
  }

  [[nodiscard]] bool done() const { return source_.done() && !dut_.model.busy_o; }

  std::mt19937 random;
  unsigned tagged = 0, plain = 0, frames = 0;
  std::uint64_t clocks = 0;

 private:
  Side side() {
    auto& m = dut_.model;
    Side s{m.out_length_o, {m.out_known_o != 0, m.out_principal_o}, std::nullopt};
    if (!m.present_o) return s;
    s.tag = UserTag{m.handle_o, std::nullopt};
    if (m.plain_o) return s;
    s.tag->check.emplace();
    for (unsigned i = 0; i < 8; ++i) (*s.tag->check)[i] = static_cast<std::uint8_t>(m.check_o >> (8 * (7 - i)));
    return s;
  }

  void check() {
    ASSERT_FALSE(expected_.empty());
    ASSERT_EQ(to_hex(sink_.frames.front()), to_hex(expected_.front().first));
    ASSERT_EQ(side_, expected_.front().second) << to_hex(expected_.front().first);
    sink_.frames.pop_front();
    expected_.pop_front();
    ++frames;
  }

  FrameSource source_{random};
  FrameSink sink_;
  std::deque<Sender> senders_;
  std::deque<std::pair<Buffer, Side>> expected_;
  Side side_;
  bool first_ = true;
  Clocked<Vtag_strip_harness> dut_;
};

driver::Address random_address(std::mt19937& random, bool ipv6) {
  if (!ipv6) return driver::Address::from_v4(static_cast<std::uint32_t>(random()));
  return {0x20010db800000000ULL | random(), random()};
}

// A packet with as many options as leave room for a tag, or with extension headers, or neither.
Buffer random_packet(std::mt19937& random) {
  const bool ipv6 = random() % 2;
  driver::IpHeader header;
  header.ipv6 = ipv6;
  header.tos = static_cast<std::uint8_t>(random());
  header.identification = static_cast<std::uint16_t>(random());
  header.ttl = static_cast<std::uint8_t>(random());
  header.source = random_address(random, ipv6);
  header.destination = random_address(random, ipv6);
  const std::size_t payload = random() % (random() % 20 == 0 ? 9000 : random() % 2 ? 40 : 200);
  Buffer packet = driver::write_ip(header, static_cast<std::uint8_t>(random()), random_bytes(random, payload));
  const std::size_t options = ipv6 || random() % 3 ? 0 : 4 * (random() % 7);
  if (options == 0) return packet;
  packet.insert(packet.begin() + 20, options, 1);
  packet[0] = static_cast<std::uint8_t>(0x45 + options / 4);
  packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
  packet[3] = static_cast<std::uint8_t>(packet.size());
  driver::write_checksum(packet, 20 + options);
  return packet;
}

Buffer frame_of(std::mt19937& random, Bytes packet) {
  const std::uint16_t ethertype = packet[0] >> 4 == 6 ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4;
  Buffer frame = ByteWriter().bytes(random_bytes(random, 12)).u16(ethertype).bytes(packet).take();
  if (random() % 4 == 0) frame.resize(std::min<std::size_t>(frame.size() + random() % 60, 9216), 0x5a);
  return frame;
}

Buffer tagged_frame(std::mt19937& random) {
  UserTag tag{static_cast<std::uint32_t>(random()), std::nullopt};
  if (random() % 3 != 0) {
    const Buffer check = random_bytes(random, 8);
    tag.check.emplace();
    std::copy(check.begin(), check.end(), tag.check->begin());
  }
  return frame_of(random, driver::put_user_tag(random_packet(random), tag).value());
}

// Tagged, untagged, almost tagged, cut, too long for their frame, anything.
Buffer any_frame(std::mt19937& random) {
  switch (random() % 8) {
    case 0:
      return frame_of(random, random_packet(random));
    case 1: {  // a byte of what decides is another
      constexpr std::size_t kPlaces[] = {12, 13, 14, 16, 17, 18, 19, 20, 24, 34, 35, 40, 41, 48, 49, 54, 55, 56, 57};
      Buffer frame = tagged_frame(random);
      const std::size_t at = kPlaces[random() % std::size(kPlaces)];
      if (at < frame.size()) frame[at] ^= static_cast<std::uint8_t>(1U << random() % 8);
      return frame;
    }
    case 2: {
      Buffer frame = tagged_frame(random);
      frame.resize(std::max<std::size_t>(14, frame.size() - random() % (random() % 2 ? 4 : frame.size())));
      return frame;
    }
    case 3: {  // its length, or its header's, is near what it must be
      Buffer frame = tagged_frame(random);
      const bool ipv6 = frame[14] >> 4 == 6;
      if (!ipv6 && random() % 2) {
        frame[14] = static_cast<std::uint8_t>(0x40 + random() % 16);
      } else {
        const auto length = static_cast<std::uint16_t>(frame.size() - (ipv6 ? 54 : 14) - 2 + random() % 5);
        const auto small = static_cast<std::uint16_t>(random() % 70);
        const std::uint16_t value = random() % 2 ? length : small;
        frame[ipv6 ? 18 : 16] = static_cast<std::uint8_t>(value >> 8);
        frame[ipv6 ? 19 : 17] = static_cast<std::uint8_t>(value);
      }
      return frame;
    }
    case 4:
      return random_bytes(random, 14 + random() % 200);
    default:
      return tagged_frame(random);
  }
}

void strip_many(unsigned seed, unsigned offers, unsigned pressure, unsigned count) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Strip strip(seed);
  for (unsigned i = 0; i < count; ++i) strip.push(any_frame(strip.random));
  ASSERT_NO_FATAL_FAILURE(strip.run_to_rest(offers, pressure));
  EXPECT_EQ(strip.frames, count);
  EXPECT_GT(strip.tagged, count / 3);
  EXPECT_GT(strip.plain, count / 10);
  EXPECT_LT(strip.tagged, count * 3 / 4);
}

TEST(TagStrip, TakesOutWhatIsATagAndNothingElse) { strip_many(1, 4, 0, 20000); }
TEST(TagStrip, DoesSoUnderGaps) { strip_many(2, 1, 0, 4000); }
TEST(TagStrip, DoesSoUnderBackPressure) { strip_many(3, 4, 5, 4000); }
TEST(TagStrip, DoesSoUnderBoth) { strip_many(4, 2, 3, 8000); }

// Every length at which the bytes that move up leave the last beat whole, empty it, or leave a rest.
TEST(TagStrip, HandlesEveryLength) {
  Strip strip(5);
  for (std::size_t payload = 0; payload < 200; ++payload) {
    for (const bool ipv6 : {false, true}) {
      for (const bool plain : {false, true}) {
        driver::IpHeader header;
        header.ipv6 = ipv6;
        header.source = random_address(strip.random, ipv6);
        header.destination = random_address(strip.random, ipv6);
        const Buffer packet = driver::write_ip(header, 17, random_bytes(strip.random, payload));
        const UserTag tag{7, plain ? std::nullopt : std::optional(driver::TagCheck{1, 2, 3, 4, 5, 6, 7, 8})};
        const Buffer tagged = driver::put_user_tag(packet, tag).value();
        const std::uint16_t ethertype = ipv6 ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4;
        strip.push(ByteWriter().zeros(12).u16(ethertype).bytes(tagged).take());
      }
    }
  }
  ASSERT_NO_FATAL_FAILURE(strip.run_to_rest(4, 0));
  EXPECT_EQ(strip.tagged, 800U);
}

// The pace: a beat every clock, a frame of one beat every clock.
TEST(TagStrip, TakesABeatEveryClock) {
  Strip strip(6);
  constexpr unsigned kFrames = 1000;
  for (unsigned i = 0; i < kFrames; ++i) {
    Buffer frame = tagged_frame(strip.random);
    frame.resize(64);
    strip.push(frame);
  }
  ASSERT_NO_FATAL_FAILURE(strip.run_to_rest(4, 0));
  EXPECT_LT(strip.clocks, kFrames + 40);
}

}  // namespace
}  // namespace sallyport::hw
