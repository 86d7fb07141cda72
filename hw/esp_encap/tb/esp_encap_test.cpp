// SPDX-License-Identifier: Apache-2.0
// esp_encap, with the chain engine behind it, against what the software card makes of the same packets.
#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "Vesp_encap_harness.h"
#include "driver/ip/ip.hpp"
#include "driver/software/ah.hpp"
#include "driver/software/encapsulation.hpp"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/tables.hpp"
#include "hw/path/tb/extras.hpp"

namespace sallyport::hw {
namespace {

namespace out = layout::sa_out;
using driver::IpPacket;
using layout::Address;
using layout::Mode;
using layout::Protocol;

constexpr std::uint64_t kNextHopMac = 0x020102030405, kWanMac = 0x0a0b0c0d0e0f;

struct Sa {
  unsigned index = 0;
  layout::Row row;
  layout::Row key;
  layout::Row integrity_key;

  [[nodiscard]] bool says(const layout::Field& field) const { return row.get(field) == 1; }
  [[nodiscard]] bool ah() const { return Protocol(row.get(out::kProtocol)) == Protocol::kAh; }
  [[nodiscard]] driver::software::Transform transform() const {
    return driver::software::transform_of(row, Protocol(row.get(out::kProtocol)), key, integrity_key).value();
  }
  [[nodiscard]] bool chained() const { return layout::shape(layout::Cipher(row.get(out::kCipher))).icv == 0; }
};

// A packet on its way in, and the frame it becomes.
struct Job {
  Sa sa;
  std::uint64_t seq;
  std::uint64_t leaving;  // leaving_t
  std::uint8_t next_header;
  Buffer payload;
  Buffer extras;  // with what follows them
  std::size_t counted;
  driver::IpHeader outer;
  driver::IpHeader own;  // of a packet of transport mode, as it comes
  Buffer frame;
};

void put_address(VlWide<4>& port, const Address& address) {
  port[0] = static_cast<std::uint32_t>(address.low);
  port[1] = static_cast<std::uint32_t>(address.low >> 32);
  port[2] = static_cast<std::uint32_t>(address.high);
  port[3] = static_cast<std::uint32_t>(address.high >> 32);
}

class EspEncap : public testing::Test {
 protected:
  EspEncap() {
    m_.write_i = m_.in_valid_i = 0;
    dut_.tick();
    wait_for_tables();
  }

  Address some_address(bool ipv6) {
    return ipv6 ? Address{std::uint64_t{random_()} << 32 | random_(), random_()}
                : Address::from_v4(static_cast<std::uint32_t>(random_()));
  }

  Sa some_sa(unsigned index, Protocol protocol, layout::Cipher cipher, layout::Integrity integrity) {
    Sa sa;
    sa.index = index;
    sa.row.set(out::kValid, 1);
    sa.row.set(out::kProtocol, static_cast<unsigned>(protocol));
    sa.row.set(out::kCipher, static_cast<unsigned>(cipher));
    sa.row.set(out::kIntegrity, static_cast<unsigned>(integrity));
    sa.row.set(out::kEsn, random_() % 2);
    sa.row.set(out::kMode, random_() % 2);
    sa.row.set(out::kEncap, protocol == Protocol::kEsp ? random_() % 2 : 0);
    sa.row.set(out::kAhAlign8, random_() % 2);
    sa.row.set(out::kIpv6, random_() % 2);
    sa.row.set(out::kDf, random_() % 3);
    sa.row.set(out::kSetDscp, random_() % 2);
    sa.row.set(out::kDscp, random_() % 64);
    sa.row.set(out::kTtl, random_() % 256);
    sa.row.set(out::kSpi, random_());
    sa.row.set(out::kSourcePort, random_() % 65536);
    sa.row.set(out::kDestinationPort, random_() % 65536);
    sa.row.set(out::kSource, some_address(sa.says(out::kIpv6)));
    sa.row.set(out::kDestination, some_address(sa.says(out::kIpv6)));
    const Buffer key = random_bytes(random_, 32);
    std::copy(key.begin(), key.end(), sa.key.bytes().begin());
    sa.key.set(layout::sa_key::kSalt, random_());
    sa.key.set(layout::sa_key::kKeySize, random_() % 3);
    sa.key.set(layout::sa_key::kIntegrity, static_cast<unsigned>(integrity));
    const Buffer integrity_key = random_bytes(random_, layout::shape(integrity).key);
    std::copy(integrity_key.begin(), integrity_key.end(), sa.integrity_key.bytes().begin());
    return sa;
  }

  // Every cipher and every integrity, and AH.
  std::vector<Sa> some_sas() {
    std::vector<Sa> sas;
    const unsigned integrities = std::size(layout::kIntegrities);
    for (unsigned i = 0; i < 48; ++i) {
      const auto integrity = layout::Integrity(1 + i % (integrities - 1));
      const auto cipher = layout::Cipher(i % std::size(layout::kCiphers));
      const bool own_icv = layout::shape(cipher).icv != 0;
      sas.push_back(i % 3 == 0
                        ? some_sa(i * 42, Protocol::kAh, layout::Cipher::kNull, integrity)
                        : some_sa(i * 42, Protocol::kEsp, cipher, own_icv ? layout::Integrity::kNone : integrity));
      load(sas.back());
    }
    return sas;
  }

  void load(const Sa& sa) {
    if (sa.row.get(out::kIntegrity) != 0) write(layout::TableId::kSaOutIntegrityKey, sa.index, sa.integrity_key);
    write(layout::TableId::kSaOutKey, sa.index, sa.key);
  }

  Job some_job(const Sa& sa, std::size_t payload_bytes) {
    driver::IpHeader header;
    header.ipv6 = random_() % 2;
    header.tos = static_cast<std::uint8_t>(random_());
    header.identification = static_cast<std::uint16_t>(header.ipv6 ? 0 : random_());
    header.df = !header.ipv6 && random_() % 2;
    header.flow_label = header.ipv6 ? random_() & 0xfffff : 0;
    header.ttl = static_cast<std::uint8_t>(2 + random_() % 254);
    header.source = some_address(header.ipv6);
    header.destination = some_address(header.ipv6);
    const bool tunnel = Mode(sa.row.get(out::kMode)) == Mode::kTunnel;
    if (!tunnel) give_extras(header, random_);
    const Buffer whole = driver::write_ip(header, driver::kProtocolTcp, random_bytes(random_, payload_bytes));
    IpPacket packet;
    EXPECT_EQ(driver::read_ip(whole, header.ipv6, packet), driver::HeaderFault::kNone);

    Job job{sa, std::uint64_t{random_()} << 32 | random_(), random_() % 2 == 1, packet.protocol, {}, {}, 0, {}, {}, {}};
    if (!sa.says(out::kEsn)) job.seq &= 0xffffffff;
    if (tunnel) {
      job.next_header = header.ipv6 ? driver::kProtocolIpv6 : driver::kProtocolIpv4;
      job.payload = whole;
      driver::decrement_ttl(job.payload);
    } else {
      job.payload.assign(packet.payload().begin(), packet.payload().end());
      job.own = packet;
    }
    job.extras = moved_extras(job.own, random_);
    const auto transform = sa.transform();
    const driver::software::Encapsulation encapsulation(packet, sa.row, transform);
    job.counted = encapsulation.counted_bytes();
    const Buffer sealed = encapsulation.packet(job.seq);
    IpPacket read;
    const bool ipv6 = sealed[0] >> 4 == 6;
    EXPECT_EQ(driver::read_ip(sealed, ipv6, read), driver::HeaderFault::kNone);
    job.outer = read;
    ByteWriter w;
    w.u16(kNextHopMac >> 32).u32(static_cast<std::uint32_t>(kNextHopMac));
    w.u16(kWanMac >> 32).u32(static_cast<std::uint32_t>(kWanMac));
    job.frame = w.u16(read.ethertype()).bytes(sealed).take();
    return job;
  }

  // Lets jobs through; `chance` of 4 for a beat offered, `pressure` of 4 for a reader to wait.
  void run(const std::vector<Job>& jobs, unsigned chance, unsigned pressure) {
    std::array<std::deque<const Job*>, 2> expected;  // AES-GCM and AES-GMAC; chained
    for (const Job& job : jobs) {
      source_.push(job.payload);
      expected[job.sa.chained() ? 1 : 0].push_back(&job);
    }
    std::size_t entering = 0;
    std::size_t chained_inside = 0;
    for (std::uint64_t limit = dut_.clocks + 4000 * jobs.size() + 20000;
         !expected[0].empty() || !expected[1].empty();) {
      ASSERT_LT(dut_.clocks, limit) << "a packet got lost";
      // There is room in the chain engine for every packet that comes.
      const bool wait = chained_inside >= kMostChained;
      source_.drive(m_.in_valid_i, m_.in_data_i, m_.in_empty_i, m_.in_last_i, wait ? 0 : chance);
      if (entering < jobs.size()) describe(jobs[entering]);
      m_.gcm_ready_i = random_() % 4 >= pressure;
      m_.chained_ready_i = random_() % 4 >= pressure;
      m_.eval();
      ASSERT_FALSE(m_.dropped_o);
      const bool last_taken = m_.in_valid_i && m_.in_ready_o && m_.in_last_i;
      source_.taken(m_.in_ready_o);
      if (last_taken) chained_inside += jobs[entering++].sa.chained();
      ASSERT_NO_FATAL_FAILURE(collect(0, m_.gcm_valid_o && m_.gcm_ready_i, m_.gcm_data_o, m_.gcm_empty_o, m_.gcm_last_o,
                                      m_.gcm_leaving_o, expected[0]));
      const std::size_t before = expected[1].size();
      ASSERT_NO_FATAL_FAILURE(collect(1, m_.chained_valid_o && m_.chained_ready_i, m_.chained_data_o,
                                      m_.chained_empty_o, m_.chained_last_o, m_.chained_leaving_o, expected[1]));
      chained_inside -= before - expected[1].size();
      dut_.tick();
    }
    for (int i = 0; i < 200; ++i) dut_.tick();
    EXPECT_EQ(m_.busy_o, 0);
  }

  static constexpr unsigned kSeed = 5;
  static constexpr std::size_t kMostChained = 20;
  std::mt19937 random_{kSeed};

 private:
  void wait_for_tables() {
    for (int i = 0; i < 4000 && m_.ready_o == 0; ++i) dut_.tick();
    ASSERT_EQ(m_.ready_o, 1);
  }

  void write(layout::TableId table, unsigned index, const layout::Row& row) {
    m_.write_i = 1;
    m_.write_table_i = static_cast<unsigned>(table);
    m_.write_row_i = index;
    std::memcpy(&m_.write_data_i, row.bytes().data(), layout::kRowBytes);
    dut_.tick();
    m_.write_i = 0;
    wait_for_tables();
  }

  void describe(const Job& job) {
    std::memcpy(&m_.row_i, job.sa.row.bytes().data(), layout::kRowBytes);
    m_.sa_index_i = job.sa.index;
    m_.leaving_i = job.leaving;
    m_.ipv6_i = job.outer.ipv6;
    m_.tos_i = job.outer.tos;
    m_.df_i = job.outer.df;
    m_.identification_i = job.outer.identification;
    m_.flow_label_i = job.outer.flow_label;
    m_.ttl_i = job.outer.ttl;
    put_address(m_.source_i, job.outer.source);
    put_address(m_.destination_i, job.outer.destination);
    m_.extra_words_i = job.own.extras.size() / 4;
    m_.first_next_header_i = job.own.first_extension;
    m_.last_extension_i = last_extension(job.own);
    std::memcpy(&m_.extras_i, job.extras.data(), job.extras.size());
    m_.destination_mac_i = kNextHopMac;
    m_.source_mac_i = kWanMac;
    m_.seq_i = job.seq;
    m_.next_header_i = job.next_header;
    m_.payload_i = job.payload.size();
    m_.ciphertext_i = job.counted;
    m_.ah_bytes_i =
        job.sa.ah() ? driver::software::ah_bytes(job.sa.transform(), job.outer.ipv6 || job.sa.says(out::kAhAlign8)) : 0;
    m_.outer_total_i = job.frame.size() - driver::kEthernetBytes;
  }

  template <class Data>
  void collect(unsigned way, bool passes, const Data& data, unsigned empty, bool last, std::uint64_t leaving,
               std::deque<const Job*>& expected) {
    if (!passes) return;
    ASSERT_FALSE(expected.empty()) << "a frame from nowhere";
    ASSERT_EQ(leaving, expected.front()->leaving);
    sinks_[way].sample(true, data, empty, last);
    if (!last) return;
    const Job& job = *expected.front();
    ASSERT_EQ(to_hex(sinks_[way].frames.front()), to_hex(job.frame))
        << layout::kCiphers[job.sa.row.get(out::kCipher)].name << ", "
        << layout::kIntegrities[job.sa.row.get(out::kIntegrity)].name << ", ah " << job.sa.ah() << ", mode "
        << job.sa.row.get(out::kMode) << ", esn " << job.sa.says(out::kEsn) << ", outer ipv6 " << job.outer.ipv6
        << ", extras " << to_hex(job.own.extras) << ", payload " << job.payload.size();
    sinks_[way].frames.pop_front();
    expected.pop_front();
  }

  Clocked<Vesp_encap_harness> dut_;
  Vesp_encap_harness& m_ = dut_.model;
  FrameSource source_{random_};
  std::array<FrameSink, 2> sinks_;
};

TEST_F(EspEncap, MakesWhatTheSoftwareCardMakesUnderGapsAndBackpressure) {
  SCOPED_TRACE(kSeed);
  const std::vector<Sa> sas = some_sas();
  unsigned with_extras = 0, ah_with_extras = 0;
  for (const auto& [chance, pressure] : {std::pair{4U, 0U}, {2U, 0U}, {4U, 2U}, {2U, 3U}}) {
    std::vector<Job> jobs;
    for (int i = 0; i < 500; ++i) {
      const std::size_t bytes = 1 + random_() % (random_() % 4 == 0 ? 1600 : 180);
      jobs.push_back(some_job(sas[random_() % sas.size()], bytes));
      if (jobs.back().own.extras.empty()) continue;
      ++with_extras;
      ah_with_extras += jobs.back().sa.ah();
    }
    run(jobs, chance, pressure);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(ah_with_extras, 100U);
  EXPECT_GT(with_extras, ah_with_extras + 200);
}

// Of every length, so that ICV, headers and padding lie everywhere in a beat.
TEST_F(EspEncap, TakesPacketsOfEveryLength) {
  SCOPED_TRACE(kSeed);
  std::vector<Job> jobs;
  for (const Sa& sa : some_sas()) {
    if (!sa.ah() && sa.index % 4 != 0) continue;
    for (std::size_t bytes = 1; bytes <= 130; ++bytes) jobs.push_back(some_job(sa, bytes));
  }
  run(jobs, 4, 0);
}

}  // namespace
}  // namespace sallyport::hw
