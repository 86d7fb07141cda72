// SPDX-License-Identifier: Apache-2.0
// parse against the steps 2 to 5 of hw/README.md written down as they stand there.
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <ostream>
#include <random>

#include "Vparse_harness.h"
#include "base/bytes.hpp"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/address.hpp"
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

// What is told of a packet that passed.
struct Ip {
  bool ipv6 = false, df = false, fragment = false, opens = false;
  unsigned header = 0, tos = 0, total = 0, identification = 0, flow_label = 0, ttl = 0, protocol = 0, checksum = 0;
  layout::Address source, destination;
  unsigned source_port = 0, destination_port = 0;
  unsigned next_header = 0, last_extension = 0;  // IPv6: of the header; bytes from it to the last extension header
  friend bool operator==(const Ip&, const Ip&) = default;
};

std::ostream& operator<<(std::ostream& out, const Ip& ip) {
  const auto address = [](const layout::Address& a) { return to_hex(ByteWriter().u64(a.high).u64(a.low).take()); };
  return out << (ip.ipv6 ? "IPv6 " : "IPv4 ") << (ip.df ? "df " : "") << (ip.fragment ? "fragment " : "")
             << (ip.opens ? "opens " : "") << "header " << ip.header << " tos " << ip.tos << " total " << ip.total
             << " identification " << ip.identification << " flow_label " << ip.flow_label << " ttl " << ip.ttl
             << " protocol " << ip.protocol << " checksum " << ip.checksum << " source " << address(ip.source) << ':'
             << ip.source_port << " destination " << address(ip.destination) << ':' << ip.destination_port
             << " next header " << ip.next_header << " last extension " << ip.last_extension;
}

struct Ipsec {
  bool keepalive = false, present = false, ah = false, encap = false;
  unsigned bytes = 0;
  std::uint64_t spi_seq = 0, iv = 0;
  unsigned next_header = 0, ah_bytes = 0;
};

struct Expected {
  Verdict verdict;
  Ip ip;
  Ipsec ipsec;
};

bool is_mapped(const layout::Address& a) { return a.high == 0 && a.low >> 32 == 0xffff; }

// Step 5 of one packet in its frame: the reason to drop it as received, and as inner packet. `later`: a fragment that
// is not the first.
using Reasons = std::optional<std::pair<Drop, Drop>>;

Reasons read_ipv4(Bytes frame, Ip& ip, bool& later) {
  if (frame.size() < 34) return {{Drop::kIpTruncated, Drop::kInnerMalformed}};
  const Bytes packet = frame.subspan(14);
  ByteReader r(packet);
  const unsigned first = r.u8();
  ip.header = 4 * (first & 15);
  ip.tos = r.u8();
  ip.total = r.u16();
  ip.identification = r.u16();
  const unsigned flags = r.u16();
  ip.ttl = r.u8();
  ip.protocol = r.u8();
  ip.checksum = r.u16();
  ip.source = layout::Address::from_v4(r.u32());
  ip.destination = layout::Address::from_v4(r.u32());
  ip.df = (flags & 0x4000) != 0;
  ip.fragment = (flags & 0x3fff) != 0;  // MF, or an offset
  later = (flags & 0x1fff) != 0;
  if (first >> 4 != 4 || ip.header < 20 || ip.total < ip.header) {
    return {{Drop::kIpMalformed, Drop::kInnerMalformed}};
  }
  if (14 + ip.total > frame.size()) return {{Drop::kIpTruncated, Drop::kEspTrailer}};
  if (sum(packet.first(ip.header)) != 0xffff) return {{Drop::kIpChecksum, Drop::kInnerMalformed}};
  return {};
}

Reasons read_ipv6(Bytes frame, Ip& ip, bool& later) {
  if (frame.size() < 54) return {{Drop::kIpTruncated, Drop::kInnerMalformed}};
  ByteReader r(frame.subspan(14));
  const std::uint32_t first = r.u32();
  ip.ipv6 = true;
  ip.tos = first >> 20 & 0xff;
  ip.flow_label = first & 0xfffff;
  ip.total = 40U + r.u16();
  unsigned next_header = ip.next_header = r.u8();
  ip.ttl = r.u8();
  ip.source.high = r.u64();
  ip.source.low = r.u64();
  ip.destination.high = r.u64();
  ip.destination.low = r.u64();
  if (first >> 28 != 6 || is_mapped(ip.source) || is_mapped(ip.destination)) {
    return {{Drop::kIpMalformed, Drop::kInnerMalformed}};
  }
  if (14 + ip.total > frame.size()) return {{Drop::kIpTruncated, Drop::kEspTrailer}};
  ip.header = 40;
  const auto is_extension = [&] {
    return next_header == 0 || next_header == 43 || next_header == 44 || next_header == 60;
  };
  for (int extensions = 0; is_extension() && !later; ++extensions) {
    if (extensions == 4) return {{Drop::kIpExtension, Drop::kIpExtension}};
    if (ip.header + 8 > ip.total) return {{Drop::kIpMalformed, Drop::kInnerMalformed}};
    const Bytes extension = frame.subspan(14 + ip.header);
    const unsigned bytes = next_header == 44 ? 8 : 8 * (1 + extension[1]);
    if (ip.header + bytes > ip.total) return {{Drop::kIpMalformed, Drop::kInnerMalformed}};
    if (ip.header + bytes > 40 + 48) return {{Drop::kIpExtension, Drop::kIpExtension}};
    if (next_header == 44) {
      later = (extension[2] << 8 | extension[3]) >> 3 != 0;
      ip.fragment = ip.fragment || later || extension[3] & 1;
    }
    next_header = extension[0];
    ip.last_extension = ip.header - 40;
    ip.header += bytes;
  }
  ip.protocol = next_header;
  return {};
}

Ipsec read_ipsec(const Ip& ip, Bytes payload) {
  Ipsec ipsec;
  std::optional<Bytes> esp;
  if (ip.protocol == 50) esp = payload;
  if (ip.protocol == 17 && payload.size() >= 8 && ByteReader(payload.subspan(2)).u16() == 4500 &&
      ByteReader(payload.subspan(4)).u16() == payload.size()) {
    const Bytes content = payload.subspan(8);
    ipsec.keepalive = content.size() == 1 && content[0] == 0xff;
    if (content.size() >= 4 && ByteReader(content).u32() != 0) {
      ipsec.encap = true;
      esp = content;
    }
  }
  if (esp) {
    ByteReader r(*esp);
    ipsec.present = true;
    ipsec.bytes = static_cast<unsigned>(esp->size());
    ipsec.spi_seq = r.u64();
    ipsec.iv = r.u64();
  }
  if (ip.protocol == 51) {
    ByteReader r(payload);
    ipsec.present = ipsec.ah = true;
    ipsec.bytes = static_cast<unsigned>(payload.size());
    ipsec.next_header = r.u8();
    ipsec.ah_bytes = 4U * (r.u8() + 2U);
    r.skip(2);
    ipsec.spi_seq = r.u64();
  }
  return ipsec;
}

Expected expect(Bytes frame, bool enabled, bool decapsulated) {
  Expected e;
  const auto because = [&](Drop reason) {
    e.verdict = drop(reason);
    return e;
  };
  const unsigned ethertype = frame.size() < 14 ? 0 : frame[12] << 8 | frame[13];
  if (!decapsulated) {
    if (!enabled) return because(Drop::kDisabled);
    ByteReader r(frame);
    const std::uint64_t mac = std::uint64_t{r.u16()} << 32 | r.u32();
    if (mac != kMac && (frame[0] & 1) == 0) return because(Drop::kNotForUs);
    if (ethertype == 0x0806) {
      e.verdict = {kForHost, static_cast<unsigned>(layout::Upcall::kArp)};
      return e;
    }
    if (ethertype != 0x0800 && ethertype != 0x86dd) return because(Drop::kEthertype);
  }
  bool later = false;
  const Reasons reasons = ethertype == 0x86dd ? read_ipv6(frame, e.ip, later) : read_ipv4(frame, e.ip, later);
  if (reasons) return because(decapsulated ? reasons->second : reasons->first);

  const Bytes payload = frame.subspan(14 + e.ip.header, e.ip.total - e.ip.header);
  const bool has_ports = e.ip.protocol == 6 || e.ip.protocol == 17 || e.ip.protocol == 132 || e.ip.protocol == 33;
  if (has_ports && payload.size() >= 4 && !later) {
    ByteReader p(payload);
    e.ip.source_port = p.u16();
    e.ip.destination_port = p.u16();
  }
  constexpr unsigned kSyn = 0x02, kAck = 0x10;
  e.ip.opens = e.ip.protocol == 6 && !e.ip.fragment && payload.size() > 13 && (payload[13] & (kSyn | kAck)) == kSyn;
  e.ipsec = read_ipsec(e.ip, payload);
  return e;
}

class Parse : public testing::Test {
 protected:
  bool one_in(unsigned n) { return random_() % n == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

  // What a header is followed by.
  Buffer random_payload(unsigned protocol) {
    Buffer payload(random_() % (one_in(3) ? 20 : 120));
    for (auto& b : payload) b = byte();
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
    return payload;
  }

  unsigned random_protocol() {
    const unsigned protocols[] = {6, 17, 17, 17, 132, 33, 1, 50, 50, 51, 51};
    return protocols[random_() % std::size(protocols)];
  }

  void write_ipv4(ByteWriter& w) {
    const unsigned ihl = one_in(3) ? 20 + 4 * (random_() % 11) : 20;
    const unsigned protocol = random_protocol();
    const Buffer payload = random_payload(protocol);
    w.u8(static_cast<std::uint8_t>((one_in(30) ? 6 : 4) << 4 | (one_in(30) ? random_() % 5 : ihl / 4))).u8(byte());
    w.u16(static_cast<std::uint16_t>(one_in(20) ? random_() % 200 : ihl + payload.size()));
    w.u16(static_cast<std::uint16_t>(random_()));
    const unsigned fragments[] = {0x0000, 0x4000, 0x2000, 0x0010, 0x2010};
    w.u16(static_cast<std::uint16_t>(one_in(3) ? fragments[random_() % 5] : 0));
    w.u8(byte()).u8(static_cast<std::uint8_t>(protocol)).u16(0);
    while (w.size() < 14 + ihl) w.u8(byte());
    const unsigned checked = std::min<unsigned>(4 * (w.view()[14] & 15), ihl);
    std::uint16_t checksum = static_cast<std::uint16_t>(~sum(Bytes(w.view()).subspan(14, checked)));
    if (one_in(20)) checksum ^= 1U << random_() % 16;
    w.patch_u16(24, checksum);
    w.bytes(payload);
  }

  void write_ipv6(ByteWriter& w) {
    const unsigned protocol = random_protocol();
    const std::uint8_t kinds[] = {0, 43, 44, 60};
    std::vector<std::uint8_t> chain(one_in(2) ? random_() % 6 : 0);
    for (auto& kind : chain) kind = kinds[random_() % 4];
    ByteWriter behind;
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const unsigned more = chain[i] == 44 || !one_in(3) ? 0 : random_() % (one_in(10) ? 256 : 4);
      behind.u8(i + 1 < chain.size() ? chain[i + 1] : static_cast<std::uint8_t>(protocol));
      behind.u8(static_cast<std::uint8_t>(chain[i] == 44 ? random_() : more));  // reserved, of a fragment header
      const unsigned offsets[] = {0, 0, 1, 8, 0x0100, 6};
      behind.u16(static_cast<std::uint16_t>(chain[i] == 44 ? offsets[random_() % 6] : random_())).u32(random_());
      for (unsigned unit = 0; unit < std::min(more, 8U); ++unit) behind.u32(random_()).u32(random_());
    }
    behind.bytes(random_payload(protocol));
    w.u32((one_in(30) ? 4U : 6U) << 28 | (random_() & 0xfffffff));
    w.u16(static_cast<std::uint16_t>(one_in(20)   ? random_() % 200
                                     : one_in(40) ? 0xffff - random_() % 60
                                                  : behind.size()));
    w.u8(chain.empty() ? static_cast<std::uint8_t>(protocol) : chain[0]).u8(byte());
    for (int address = 0; address < 2; ++address) {
      if (one_in(20)) {
        w.u64(0).u32(one_in(3) ? 0xfffe : 0xffff).u32(random_());
      } else {
        w.u32(0x20010db8).u32(random_()).u32(random_()).u32(random_());
      }
    }
    w.bytes(behind.view());
  }

  // A frame that passes unless what is drawn says otherwise. A decapsulated one has a header of the card's own.
  Buffer random_frame(bool decapsulated) {
    ByteWriter w;
    w.u16(kMac >> 32).u32(static_cast<std::uint32_t>(kMac)).u16(0x0200).u32(0x99);
    const bool ipv6 = one_in(2);
    w.u16(!decapsulated && one_in(20) ? 0x0806 : !decapsulated && one_in(20) ? 0x8100 : ipv6 ? 0x86dd : 0x0800);
    if (ipv6) {
      write_ipv6(w);
    } else {
      write_ipv4(w);
    }
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

layout::Address address_of(const VlWide<4>& words) {
  return {std::uint64_t{words[3]} << 32 | words[2], std::uint64_t{words[1]} << 32 | words[0]};
}

TEST_F(Parse, DecidesAsTheStepsAreWritten) {
  SCOPED_TRACE(kSeed);
  constexpr int kFrames = 80000;
  struct Asked {
    Buffer frame;
    Expected expected;
    std::uint64_t clock;
  };
  std::deque<Asked> asked;
  std::map<Verdict, int, bool (*)(const Verdict&, const Verdict&)> seen(
      [](const Verdict& a, const Verdict& b) { return std::pair(a.fate, a.reason) < std::pair(b.fate, b.reason); });
  unsigned keepalives = 0, esps = 0, ahs = 0, fragments = 0, extended = 0, opens = 0;
  auto& m = dut_.model;
  int sent = 0;
  for (bool just_sent = false; sent < kFrames || !asked.empty();) {
    m.valid_i = !just_sent && sent < kFrames && random_() % 4 != 0;  // every two clocks at most
    just_sent = m.valid_i;
    if (m.valid_i) {
      const bool enabled = !one_in(20);
      const bool decapsulated = one_in(4);
      const Buffer frame = random_frame(decapsulated);
      Buffer window(128);
      for (auto& b : window) b = byte();  // behind the frame's end: anything
      std::memcpy(window.data(), frame.data(), std::min<std::size_t>(frame.size(), window.size()));
      std::memcpy(m.window_i.data(), window.data(), window.size());
      m.mac_i = kMac;
      m.enable_i = enabled;
      m.decapsulated_i = decapsulated;
      m.length_i = frame.size();
      asked.push_back({frame, expect(frame, enabled, decapsulated), dut_.clocks + m.latency_o});
      ++sent;
    }
    dut_.tick();
    if (!m.valid_o) continue;
    ASSERT_FALSE(asked.empty());
    const auto [frame, e, clock] = asked.front();
    asked.pop_front();
    SCOPED_TRACE(to_hex(frame));
    ASSERT_EQ(dut_.clocks, clock);
    const Verdict verdict{m.fate_o, m.fate_o == kDropped ? m.drop_o : m.fate_o == kForHost ? m.upcall_o : 0U};
    ASSERT_EQ(verdict.fate, e.verdict.fate);
    ASSERT_EQ(verdict.reason, e.verdict.reason);
    ++seen[verdict];
    if (verdict.fate != kUndecided) continue;
    Ip ip;
    ip.ipv6 = m.ipv6_o, ip.next_header = m.ip_next_header_o, ip.last_extension = 8U * m.last_extension_o;
    ip.df = m.df_o, ip.fragment = m.fragment_o, ip.opens = m.opens_o;
    ip.header = m.header_o, ip.tos = m.tos_o, ip.total = m.total_o, ip.identification = m.identification_o;
    ip.flow_label = m.flow_label_o, ip.ttl = m.ttl_o, ip.protocol = m.protocol_o, ip.checksum = m.checksum_o;
    ip.source = address_of(m.source_o), ip.destination = address_of(m.destination_o);
    ip.source_port = m.source_port_o, ip.destination_port = m.destination_port_o;
    ASSERT_EQ(ip, e.ip);
    extended += ip.ipv6 && ip.header > 40;
    fragments += ip.fragment;
    opens += ip.opens;
    ASSERT_EQ(m.keepalive_o, e.ipsec.keepalive);
    ASSERT_EQ(m.present_o, e.ipsec.present);
    keepalives += e.ipsec.keepalive;
    if (!e.ipsec.present) continue;
    ASSERT_EQ(m.ah_o, e.ipsec.ah);
    ASSERT_EQ(m.encap_o, e.ipsec.encap);
    ASSERT_EQ(m.ipsec_bytes_o, e.ipsec.bytes);
    ++(e.ipsec.ah ? ahs : esps);
    if (e.ipsec.bytes < (e.ipsec.ah ? 12 : 16)) continue;
    ASSERT_EQ(m.spi_seq_o, e.ipsec.spi_seq);
    if (e.ipsec.ah) {
      ASSERT_EQ(m.next_header_o, e.ipsec.next_header);
      ASSERT_EQ(m.ah_bytes_o, e.ipsec.ah_bytes);
    } else {
      ASSERT_EQ(m.iv_o, e.ipsec.iv);
    }
  }
  for (const Drop reason : {Drop::kDisabled, Drop::kNotForUs, Drop::kEthertype, Drop::kIpTruncated, Drop::kIpMalformed,
                            Drop::kIpChecksum, Drop::kIpExtension, Drop::kInnerMalformed, Drop::kEspTrailer}) {
    EXPECT_GT(seen[drop(reason)], 100) << static_cast<unsigned>(reason);
  }
  EXPECT_GT(keepalives, 100U);
  EXPECT_GT(esps, 1000U);
  EXPECT_GT(ahs, 1000U);
  EXPECT_GT(fragments, 1000U);
  EXPECT_GT(opens, 300U);
  EXPECT_GT(extended, 1000U);
}

}  // namespace
}  // namespace sallyport::hw
