// SPDX-License-Identifier: Apache-2.0
// parse against the steps 2 to 5 of hw/README.md written down as they stand there.
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <random>

#include "Vparse_harness.h"
#include "base/bytes.hpp"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::hw {
namespace {

using layout::Drop;

constexpr std::uint64_t kMac = 0x020000000001;
constexpr int kUndecided = 0, kDropped = 1, kForHost = 2;

struct Verdict {
  int fate = kUndecided;
  unsigned reason = 0;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

Verdict drop(Drop reason) { return {kDropped, static_cast<unsigned>(reason)}; }

std::uint16_t sum(Bytes header) {
  std::uint32_t s = 0;
  ByteReader r(header);
  while (r.left() >= 2) s += r.u16();
  while (s > 0xffff) s = (s & 0xffff) + (s >> 16);
  return static_cast<std::uint16_t>(s);
}

struct Expected {
  Verdict verdict;
  // What is told of a packet that passed.
  unsigned source_port = 0, destination_port = 0;
  bool keepalive = false, esp = false, encap = false;
  unsigned esp_bytes = 0;
  std::uint64_t spi_seq = 0, iv = 0;
};

Expected expect(Bytes frame, bool enabled, bool decapsulated) {
  Expected e;
  const auto because = [&](Drop as_received, Drop inner) {
    e.verdict = drop(decapsulated ? inner : as_received);
    return e;
  };
  ByteReader r(frame);
  if (!decapsulated) {
    if (!enabled) return because(Drop::kDisabled, {});
    const std::uint64_t mac = std::uint64_t{r.u16()} << 32 | r.u32();
    if (mac != kMac && (frame[0] & 1) == 0) return because(Drop::kNotForUs, {});
    r.skip(6);
    const unsigned ethertype = r.u16();
    if (ethertype == 0x0806) {
      e.verdict = {kForHost, static_cast<unsigned>(layout::Upcall::kArp)};
      return e;
    }
    if (ethertype != 0x0800) return because(Drop::kEthertype, {});
  }
  if (frame.size() < 34) return because(Drop::kIpTruncated, Drop::kInnerMalformed);
  const Bytes packet = frame.subspan(14);
  const unsigned ihl = 4 * (packet[0] & 15);
  const unsigned total = packet[2] << 8 | packet[3];
  if (packet[0] >> 4 != 4 || ihl < 20 || total < ihl) return because(Drop::kIpMalformed, Drop::kInnerMalformed);
  if (14 + total > frame.size()) return because(Drop::kIpTruncated, Drop::kEspTrailer);
  if (sum(packet.first(ihl)) != 0xffff) return because(Drop::kIpChecksum, Drop::kInnerMalformed);

  const unsigned protocol = packet[9];
  const unsigned offset = (packet[6] << 8 | packet[7]) & 0x1fff;
  const Bytes payload = packet.subspan(ihl, total - ihl);
  ByteReader p(payload);
  if ((protocol == 6 || protocol == 17 || protocol == 132 || protocol == 33) && offset == 0 && payload.size() >= 4) {
    e.source_port = p.u16();
    e.destination_port = p.u16();
  }
  std::optional<Bytes> esp;
  if (protocol == 50) esp = payload;
  if (protocol == 17 && payload.size() >= 8 && payload[2] == 4500 >> 8 && payload[3] == (4500 & 0xff) &&
      ByteReader(payload.subspan(4)).u16() == payload.size()) {
    const Bytes content = payload.subspan(8);
    e.keepalive = content.size() == 1 && content[0] == 0xff;
    if (content.size() >= 4 && ByteReader(content).u32() != 0) {
      e.encap = true;
      esp = content;
    }
  }
  if (esp) {
    e.esp = true;
    e.esp_bytes = esp->size();
    if (esp->size() >= 16) {
      ByteReader b(*esp);
      e.spi_seq = b.u64();
      e.iv = b.u64();
    }
  }
  return e;
}

class Parse : public testing::Test {
 protected:
  // A frame that passes unless what is drawn says otherwise.
  Buffer random_frame() {
    const auto one_in = [this](unsigned n) { return random_() % n == 0; };
    const unsigned ihl = one_in(3) ? 20 + 4 * (random_() % 11) : 20;
    const unsigned protocols[] = {6, 17, 17, 17, 132, 33, 1, 50, 50};
    const unsigned protocol = protocols[random_() % 9];
    Buffer payload(random_() % (one_in(3) ? 20 : 120));
    for (auto& b : payload) b = static_cast<std::uint8_t>(random_());
    if (protocol == 17 && payload.size() >= 8 && !one_in(4)) {
      payload[2] = 4500 >> 8;
      payload[3] = 4500 & 0xff;
      if (!one_in(6)) {
        payload[4] = static_cast<std::uint8_t>(payload.size() >> 8);
        payload[5] = static_cast<std::uint8_t>(payload.size());
      }
      if (one_in(5)) std::fill(payload.begin() + 8, payload.begin() + std::min<std::ptrdiff_t>(12, payload.size()), 0);
      if (one_in(5)) {
        payload.resize(9);
        payload[4] = 0;
        payload[5] = 9;
        payload[8] = one_in(4) ? 0xfe : 0xff;
      }
    }
    ByteWriter w;
    w.u16(kMac >> 32).u32(static_cast<std::uint32_t>(kMac)).u16(0x0200).u32(0x99);
    w.u16(one_in(20) ? 0x0806 : one_in(20) ? 0x86dd : 0x0800);
    w.u8(static_cast<std::uint8_t>((one_in(30) ? 6 : 4) << 4 | (one_in(30) ? random_() % 5 : ihl / 4)));
    w.u8(static_cast<std::uint8_t>(random_()));
    w.u16(static_cast<std::uint16_t>(one_in(20) ? random_() % 200 : ihl + payload.size()));
    w.u16(static_cast<std::uint16_t>(random_()));
    const unsigned fragments[] = {0x0000, 0x4000, 0x2000, 0x0010, 0x2010};
    w.u16(static_cast<std::uint16_t>(one_in(3) ? fragments[random_() % 5] : 0));
    w.u8(static_cast<std::uint8_t>(random_())).u8(static_cast<std::uint8_t>(protocol)).u16(0);
    while (w.size() < 14 + ihl) w.u8(static_cast<std::uint8_t>(random_()));
    const unsigned checked = std::min<unsigned>(4 * (w.view()[14] & 15), ihl);
    std::uint16_t checksum = static_cast<std::uint16_t>(~sum(Bytes(w.view()).subspan(14, checked)));
    if (one_in(20)) checksum ^= 1U << random_() % 16;
    w.patch_u16(24, checksum);
    w.bytes(payload);
    Buffer frame = w.take();
    if (one_in(10)) frame[random_() % 6] ^= 1U << random_() % 8;
    if (one_in(10)) frame.resize(14 + random_() % (frame.size() - 13));
    if (one_in(4)) frame.resize(frame.size() + random_() % 40, 0xee);
    return frame;
  }

  static constexpr unsigned kSeed = 31;
  std::mt19937 random_{kSeed};
  Clocked<Vparse_harness> dut_;
};

TEST_F(Parse, DecidesAsTheStepsAreWritten) {
  SCOPED_TRACE(kSeed);
  struct Asked {
    Buffer frame;
    Expected expected;
  };
  std::deque<Asked> asked;
  std::map<Verdict, int, bool (*)(const Verdict&, const Verdict&)> seen(
      [](const Verdict& a, const Verdict& b) { return std::pair(a.fate, a.reason) < std::pair(b.fate, b.reason); });
  unsigned keepalives = 0, esps = 0;
  for (int i = 0; i < 40000 || !asked.empty(); ++i) {
    auto& m = dut_.model;
    m.valid_i = i < 40000 && random_() % 4 != 0;
    if (m.valid_i) {
      const Buffer frame = random_frame();
      const bool enabled = random_() % 20 != 0;
      const bool decapsulated = random_() % 4 == 0;
      Buffer window(128);
      for (auto& b : window) b = static_cast<std::uint8_t>(random_());  // behind the frame's end: anything
      std::memcpy(window.data(), frame.data(), std::min<std::size_t>(frame.size(), window.size()));
      std::memcpy(m.window_i.data(), window.data(), window.size());
      m.mac_i = kMac;
      m.enable_i = enabled;
      m.decapsulated_i = decapsulated;
      m.length_i = frame.size();
      asked.push_back({frame, expect(frame, enabled, decapsulated)});
    }
    dut_.tick();
    if (!m.valid_o) continue;
    ASSERT_FALSE(asked.empty());
    const auto [frame, e] = asked.front();
    asked.pop_front();
    SCOPED_TRACE(to_hex(frame));
    const Verdict verdict{m.fate_o, m.fate_o == kDropped ? m.drop_o : m.fate_o == kForHost ? m.upcall_o : 0U};
    ASSERT_EQ(verdict.fate, e.verdict.fate);
    ASSERT_EQ(verdict.reason, e.verdict.reason);
    ++seen[verdict];
    if (verdict.fate != kUndecided) continue;
    const Bytes header = Bytes(frame).subspan(14, 20);
    const unsigned flags_and_offset = header[6] << 8 | header[7];
    ByteReader addresses(header.subspan(12));
    ASSERT_EQ(m.ihl_o, header[0] & 15);
    ASSERT_EQ(m.tos_o, header[1]);
    ASSERT_EQ(m.total_o, header[2] << 8 | header[3]);
    ASSERT_EQ(m.df_o, flags_and_offset >> 14 & 1);
    ASSERT_EQ(m.fragment_o, (flags_and_offset & 0x3fff) != 0);  // MF, or an offset
    ASSERT_EQ(m.ttl_o, header[8]);
    ASSERT_EQ(m.protocol_o, header[9]);
    ASSERT_EQ(m.checksum_o, header[10] << 8 | header[11]);
    ASSERT_EQ(m.source_o, addresses.u32());
    ASSERT_EQ(m.destination_o, addresses.u32());
    ASSERT_EQ(m.source_port_o, e.source_port);
    ASSERT_EQ(m.destination_port_o, e.destination_port);
    ASSERT_EQ(m.keepalive_o, e.keepalive);
    ASSERT_EQ(m.esp_o, e.esp);
    keepalives += e.keepalive;
    if (!e.esp) continue;
    ++esps;
    ASSERT_EQ(m.encap_o, e.encap);
    ASSERT_EQ(m.esp_bytes_o, e.esp_bytes);
    if (e.esp_bytes < 16) continue;
    ASSERT_EQ(m.spi_seq_o, e.spi_seq);
    ASSERT_EQ(m.iv_o, e.iv);
  }
  for (const Drop reason : {Drop::kDisabled, Drop::kNotForUs, Drop::kEthertype, Drop::kIpTruncated, Drop::kIpMalformed,
                            Drop::kIpChecksum, Drop::kInnerMalformed, Drop::kEspTrailer}) {
    EXPECT_GT(seen[drop(reason)], 50) << static_cast<unsigned>(reason);
  }
  EXPECT_GT(keepalives, 100U);
  EXPECT_GT(esps, 1000U);
}

}  // namespace
}  // namespace sallyport::hw
