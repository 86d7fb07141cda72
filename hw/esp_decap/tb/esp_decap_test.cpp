// SPDX-License-Identifier: Apache-2.0
// esp_decap, with the chain engine behind it, against packets that the software card's transforms seal.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <optional>

#include "Vesp_decap_harness.h"
#include "driver/ip/ip.hpp"
#include "driver/software/ah.hpp"
#include "driver/software/transform.hpp"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/tables.hpp"
#include "hw/path/tb/extras.hpp"

namespace sallyport::hw {
namespace {

namespace in = layout::sa_in;
using driver::IpHeader;
using layout::Address;
using layout::Drop;
using layout::Mode;
using layout::Protocol;

constexpr std::uint64_t kLanMac = 0x020102030405;
constexpr std::uint8_t kEcnMask = 3, kCe = 3;

struct Sa {
  unsigned index = 0;
  layout::Row row;
  layout::Row key;
  layout::Row integrity_key;

  [[nodiscard]] bool ah() const { return Protocol(row.get(in::kProtocol)) == Protocol::kAh; }
  [[nodiscard]] bool tunnel() const { return Mode(row.get(in::kMode)) == Mode::kTunnel; }
  [[nodiscard]] driver::software::Transform transform() const {
    return driver::software::transform_of(row, Protocol(row.get(in::kProtocol)), key, integrity_key).value();
  }
  [[nodiscard]] bool chained() const { return layout::shape(layout::Cipher(row.get(in::kCipher))).icv == 0; }
};

// A packet on its way in, and what becomes of it.
struct Job {
  Sa sa;
  std::uint64_t seq = 0;
  std::uint32_t generation = 0;
  IpHeader outer;
  Buffer extras;  // with what follows them
  std::size_t total = 0;
  Buffer wire;  // as it enters
  std::uint64_t iv = 0;
  std::size_t counted = 0;
  std::uint8_t next_header = 0;
  bool authentic = true;
  bool replayed = false;  // the SA says so in the end
  std::optional<Drop> drop;
  Buffer frame;  // when not
};

void put_address(VlWide<4>& port, const Address& address) {
  port[0] = static_cast<std::uint32_t>(address.low);
  port[1] = static_cast<std::uint32_t>(address.low >> 32);
  port[2] = static_cast<std::uint32_t>(address.high);
  port[3] = static_cast<std::uint32_t>(address.high >> 32);
}

class EspDecap : public testing::Test {
 protected:
  EspDecap() {
    m_.write_i = m_.in_valid_i = m_.accept_valid_i = 0;
    m_.lan_mac_i = kLanMac;
    dut_.tick();
    wait_for_tables();
  }

  bool one_in(unsigned n) { return random_() % n == 0; }

  IpHeader some_header() {
    IpHeader header;
    header.ipv6 = one_in(2);
    header.tos = static_cast<std::uint8_t>(random_());
    header.identification = static_cast<std::uint16_t>(header.ipv6 ? 0 : random_());
    header.df = !header.ipv6 && one_in(2);
    header.flow_label = header.ipv6 ? random_() & 0xfffff : 0;
    header.ttl = static_cast<std::uint8_t>(random_());
    header.source = some_address(header.ipv6);
    header.destination = some_address(header.ipv6);
    return header;
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
      const Sa& sa = sas.back();
      if (sa.row.get(in::kIntegrity) != 0) write(layout::TableId::kSaInIntegrityKey, sa.index, sa.integrity_key);
      write(layout::TableId::kSaInKey, sa.index, sa.key);
    }
    return sas;
  }

  // `about` bytes of content, behind a header when there is to be one.
  Job some_job(const Sa& sa, std::size_t about, bool faults) {
    Job job;
    job.sa = sa;
    job.seq = (sa.row.get(in::kEsn) == 1 ? std::uint64_t{random_()} << 32 : 0) | ++number_;
    job.generation = static_cast<std::uint32_t>(random_());
    job.outer = some_header();
    give_extras(job.outer, random_);

    Buffer content = random_bytes(random_, about);
    std::uint8_t next_header = driver::kProtocolTcp;
    bool ipv6 = job.outer.ipv6;
    std::uint8_t tos = 0;
    if (sa.tunnel()) {
      const IpHeader inner = some_header();
      content = driver::write_ip(inner, driver::kProtocolTcp, content);
      if (one_in(4)) content.resize(content.size() + random_() % 40);  // RFC 4303 2.7
      ipv6 = inner.ipv6;
      tos = inner.tos;
      next_header = ipv6 ? driver::kProtocolIpv6 : driver::kProtocolIpv4;
    }
    const auto drop_unless = [&job](bool holds, Drop reason) {
      if (!job.drop && !holds) job.drop = reason;
    };
    if (faults && one_in(10)) job.authentic = false;
    if (faults && one_in(10)) job.replayed = true;
    drop_unless(!job.replayed, Drop::kReplayDuplicate);
    drop_unless(job.authentic, Drop::kIcvMismatch);
    bool long_pad = false;
    if (!sa.ah() && faults && one_in(10)) {
      long_pad = true;
      content.resize(std::min<std::size_t>(content.size(), 60));
      job.drop = job.drop.value_or(Drop::kEspTrailer);
    }
    if (faults && one_in(10)) {
      next_header = sa.tunnel() ? driver::kProtocolTcp : driver::kProtocolNone;
      drop_unless(false, Drop::kEspNextHeader);
    }
    if (faults && one_in(10)) {  // the least that there can be, less one: AH has been refused before without any
      const std::size_t least = sa.tunnel() ? (ipv6 ? driver::kIpv6Bytes : driver::kIpv4Bytes) : sa.ah() ? 2 : 1;
      content.resize(least - 1);
      if (sa.tunnel() || !sa.ah()) drop_unless(false, Drop::kInnerMalformed);
    }

    seal(job, content, next_header, long_pad);
    if (job.drop) return job;
    if (sa.tunnel()) {
      if ((job.outer.tos & kEcnMask) == kCe && (tos & kEcnMask) != 0) driver::set_tos(content, tos | kCe);
    } else {
      content = driver::write_ip(job.outer, next_header, content);
    }
    ByteWriter w;
    w.u16(kLanMac >> 32).u32(static_cast<std::uint32_t>(kLanMac)).zeros(6);
    job.frame = w.u16(ipv6 ? driver::kEthertypeIpv6 : driver::kEthertypeIpv4).bytes(content).take();
    return job;
  }

  // Lets jobs through; `chance` of 4 for a beat offered, `pressure` of 4 for a reader to wait.
  void run(const std::vector<Job>& jobs, unsigned chance, unsigned pressure) {
    for (const Job& job : jobs) {
      source_.push(job.wire);
      by_number_[static_cast<std::uint32_t>(job.seq)] = &job;
      Way& way = ways_[job.sa.chained() ? 1 : 0];
      (job.drop ? way.drops : way.frames).push_back(&job);
    }
    std::size_t entering = 0;
    std::size_t left = jobs.size();
    std::size_t chained_inside = 0;
    for (std::uint64_t limit = dut_.clocks + 4000 * jobs.size() + 20000; left != 0;) {
      ASSERT_LT(dut_.clocks, limit) << "a packet got lost";
      // There is room in the chain engine for every packet that comes.
      source_.drive(m_.in_valid_i, m_.in_data_i, m_.in_empty_i, m_.in_last_i,
                    chained_inside >= kMostChained ? 0 : chance);
      if (entering < jobs.size()) describe(jobs[entering]);
      m_.gcm_ready_i = random_() % 4 >= pressure;
      m_.chained_ready_i = random_() % 4 >= pressure;
      answer();
      m_.eval();
      ASSERT_NO_FATAL_FAILURE(ask());
      const bool last_taken = m_.in_valid_i && m_.in_ready_o && m_.in_last_i;
      source_.taken(m_.in_ready_o);
      if (last_taken) chained_inside += jobs[entering++].sa.chained();
      ASSERT_EQ(m_.dropped_o & 4, 0);
      std::size_t gone = 0;
      ASSERT_NO_FATAL_FAILURE(gone = collect(0, m_.gcm_valid_o && m_.gcm_ready_i, m_.gcm_data_o, m_.gcm_empty_o,
                                             m_.gcm_last_o, m_.gcm_generation_o, m_.gcm_length_o, m_.gcm_drop_o));
      left -= gone;
      ASSERT_NO_FATAL_FAILURE(gone = collect(1, m_.chained_valid_o && m_.chained_ready_i, m_.chained_data_o,
                                             m_.chained_empty_o, m_.chained_last_o, m_.chained_generation_o,
                                             m_.chained_length_o, m_.chained_drop_o));
      left -= gone;
      chained_inside -= gone;
      dut_.tick();
    }
    for (int i = 0; i < 200; ++i) dut_.tick();
    EXPECT_EQ(m_.busy_o, 0);
  }

  static constexpr unsigned kSeed = 6;
  static constexpr std::size_t kMostChained = 20;
  std::mt19937 random_{kSeed};

 private:
  struct Way {
    std::deque<const Job*> frames, drops;
    FrameSink sink;
  };
  struct Answer {
    std::uint64_t clock;
    const Job* job;
  };

  Address some_address(bool ipv6) {
    return ipv6 ? Address{std::uint64_t{random_()} << 32 | random_(), random_()}
                : Address::from_v4(static_cast<std::uint32_t>(random_()));
  }

  Sa some_sa(unsigned index, Protocol protocol, layout::Cipher cipher, layout::Integrity integrity) {
    Sa sa;
    sa.index = index;
    sa.row.set(in::kValid, 1);
    sa.row.set(in::kProtocol, static_cast<unsigned>(protocol));
    sa.row.set(in::kCipher, static_cast<unsigned>(cipher));
    sa.row.set(in::kIntegrity, static_cast<unsigned>(integrity));
    sa.row.set(in::kEsn, random_() % 2);
    sa.row.set(in::kMode, random_() % 2);
    sa.row.set(in::kSpi, random_());
    const Buffer key = random_bytes(random_, 32);
    std::copy(key.begin(), key.end(), sa.key.bytes().begin());
    sa.key.set(layout::sa_key::kSalt, random_());
    sa.key.set(layout::sa_key::kKeySize, random_() % 3);
    sa.key.set(layout::sa_key::kIntegrity, static_cast<unsigned>(integrity));
    const Buffer integrity_key = random_bytes(random_, layout::shape(integrity).key);
    std::copy(integrity_key.begin(), integrity_key.end(), sa.integrity_key.bytes().begin());
    return sa;
  }

  // What enters, with everything that is said of it. Of AH what may change on the way has changed.
  void seal(Job& job, const Buffer& content, std::uint8_t next_header, bool long_pad) {
    const Sa& sa = job.sa;
    const auto transform = sa.transform();
    const auto spi = static_cast<std::uint32_t>(sa.row.get(in::kSpi));
    if (sa.ah()) {
      const std::size_t ah_bytes = driver::software::ah_bytes(transform, job.outer.ipv6 || one_in(2));
      job.counted = content.size();
      job.next_header = next_header;
      job.wire =
          driver::software::authenticate(job.outer, {spi, job.seq, next_header, ah_bytes, content}, transform);
      if (!job.authentic) {
        const std::size_t at = job.outer.header_bytes() + driver::software::kAhFixedBytes;
        job.wire[at + random_() % (job.wire.size() - at)] ^= 1;
      }
      job.total = job.wire.size();
      const auto behind_header = job.wire.begin() + static_cast<std::ptrdiff_t>(job.outer.header_bytes());
      job.outer.extras.assign(job.wire.begin() + static_cast<std::ptrdiff_t>(job.outer.plain_bytes()), behind_header);
      job.wire.erase(job.wire.begin(), behind_header);
      job.extras = moved_extras(job.outer, random_);
      job.outer.ttl = static_cast<std::uint8_t>(random_());
      job.outer.tos = static_cast<std::uint8_t>(random_());
      if (!job.outer.ipv6) job.outer.df = one_in(2);
      return;
    }
    job.extras = moved_extras(job.outer, random_);
    ByteWriter text;
    text.bytes(content);
    std::uint8_t padding = 0;
    const unsigned more = one_in(6) ? random_() % 100 : 0;
    const unsigned block = layout::shape(transform.cipher).block;
    while ((text.size() + 2) % block != 0 || padding < more) text.u8(++padding);
    text.u8(long_pad ? static_cast<std::uint8_t>(std::min<std::size_t>(text.size() + 1, 255)) : padding)
        .u8(next_header);
    job.counted = text.size();
    job.wire = transform.seal(spi, job.seq, transform.iv(job.seq), text.view());
    if (!job.authentic) job.wire[job.wire.size() - 1 - random_() % transform.icv_bytes()] ^= 1;
    job.iv = ByteReader(Bytes(job.wire).subspan(driver::software::kEspHeaderBytes)).u64();
    if (!sa.chained()) {
      const bool iv_end = transform.cipher == layout::Cipher::kAesGmac && transform.esn;
      const std::size_t before = driver::software::kEspHeaderBytes + 8 - (iv_end ? 4 : 0);
      job.wire.erase(job.wire.begin(), job.wire.begin() + static_cast<std::ptrdiff_t>(before));
    }
  }

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
    m_.generation_i = job.generation;
    m_.sa_index_i = job.sa.index;
    m_.seq_i = job.seq;
    m_.iv_i = job.iv;
    m_.ciphertext_i = job.counted;
    m_.ipv6_i = job.outer.ipv6;
    m_.tos_i = job.outer.tos;
    m_.df_i = job.outer.df;
    m_.identification_i = job.outer.identification;
    m_.flow_label_i = job.outer.flow_label;
    m_.ttl_i = job.outer.ttl;
    put_address(m_.source_i, job.outer.source);
    put_address(m_.destination_i, job.outer.destination);
    m_.extra_words_i = job.outer.extras.size() / 4;
    m_.first_next_header_i = job.outer.first_extension;
    m_.last_extension_i = last_extension(job.outer);
    std::memcpy(&m_.extras_i, job.extras.data(), job.extras.size());
    m_.total_i = job.total;
    m_.next_header_i = job.next_header;
  }

  // The SA: asked in a clock, it answers kAcceptLatency later.
  void ask() {
    if (m_.accept_valid_o == 0) return;
    const auto found = by_number_.find(static_cast<std::uint32_t>(m_.accept_seq_o));
    ASSERT_NE(found, by_number_.end());
    const Job& job = *found->second;
    EXPECT_EQ(m_.accept_seq_o, job.seq);
    EXPECT_EQ(m_.accept_bytes_o, job.counted);
    EXPECT_EQ(m_.accept_icv_ok_o == 1, job.authentic);
    answers_.push_back({dut_.clocks + kAcceptLatency, &job});
    by_number_.erase(found);
  }
  void answer() {
    m_.accept_valid_i = !answers_.empty() && answers_.front().clock == dut_.clocks;
    if (m_.accept_valid_i == 0) return;
    const Job& job = *answers_.front().job;
    m_.accept_i = job.authentic && !job.replayed;
    m_.accept_drop_i = static_cast<unsigned>(job.replayed ? Drop::kReplayDuplicate : Drop::kIcvMismatch);
    answers_.pop_front();
  }

  // How many packets have gone in this clock.
  template <class Data>
  std::size_t collect(unsigned w, bool passes, const Data& data, unsigned empty, bool last, std::uint32_t generation,
                      std::size_t length, unsigned reason) {
    Way& way = ways_[w];
    std::size_t gone = 0;
    if ((m_.dropped_o >> w & 1) != 0) {
      EXPECT_FALSE(way.drops.empty()) << "a drop from nowhere";
      if (way.drops.empty()) return 0;
      EXPECT_EQ(reason, static_cast<unsigned>(*way.drops.front()->drop)) << about(*way.drops.front());
      way.drops.pop_front();
      ++gone;
    }
    if (!passes) return gone;
    EXPECT_FALSE(way.frames.empty()) << "a frame from nowhere";
    if (way.frames.empty()) return 0;
    const Job& job = *way.frames.front();
    EXPECT_EQ(generation, job.generation);
    EXPECT_EQ(length, job.frame.size());
    way.sink.sample(true, data, empty, last);
    if (!last) return gone;
    EXPECT_EQ(to_hex(way.sink.frames.front()), to_hex(job.frame)) << about(job);
    way.sink.frames.pop_front();
    way.frames.pop_front();
    return gone + 1;
  }

  static std::string about(const Job& job) {
    return std::string(layout::kCiphers[job.sa.row.get(in::kCipher)].name) + ", " +
           layout::kIntegrities[job.sa.row.get(in::kIntegrity)].name + (job.sa.ah() ? ", ah" : ", esp") +
           (job.sa.tunnel() ? ", tunnel" : ", transport") + (job.outer.ipv6 ? ", ipv6" : ", ipv4") + ", extras " +
           to_hex(job.outer.extras) + ", " + std::to_string(job.counted) + " bytes";
  }

  static constexpr std::uint64_t kAcceptLatency = 4;  // sa_pkg::AcceptLatency
  Clocked<Vesp_decap_harness> dut_;
  Vesp_decap_harness& m_ = dut_.model;
  FrameSource source_{random_};
  std::array<Way, 2> ways_;  // AES-GCM and AES-GMAC; chained
  std::map<std::uint32_t, const Job*> by_number_;
  std::deque<Answer> answers_;
  std::uint32_t number_ = 0;
};

TEST_F(EspDecap, OpensWhatIsSoundAndDropsTheRestUnderGapsAndBackpressure) {
  SCOPED_TRACE(kSeed);
  const std::vector<Sa> sas = some_sas();
  unsigned with_extras = 0, ah_with_extras = 0;
  for (const auto& [chance, pressure] : {std::pair{4U, 0U}, {2U, 0U}, {4U, 2U}, {2U, 3U}}) {
    std::vector<Job> jobs;
    for (int i = 0; i < 600; ++i) {
      const std::size_t bytes = 1 + random_() % (one_in(4) ? 1600 : 180);
      jobs.push_back(some_job(sas[random_() % sas.size()], bytes, true));
      if (jobs.back().outer.extras.empty() || jobs.back().drop) continue;
      ++with_extras;
      ah_with_extras += jobs.back().sa.ah();
    }
    run(jobs, chance, pressure);
    if (HasFailure()) return;
  }
  EXPECT_GT(ah_with_extras, 100U);
  EXPECT_GT(with_extras, ah_with_extras + 200);
}

// Of every length, so that ICV, headers and padding lie everywhere in a beat.
TEST_F(EspDecap, TakesPacketsOfEveryLength) {
  SCOPED_TRACE(kSeed);
  std::vector<Job> jobs;
  for (const Sa& sa : some_sas()) {
    if (!sa.ah() && sa.index % 4 != 0) continue;
    for (std::size_t bytes = 1; bytes <= 130; ++bytes) jobs.push_back(some_job(sa, bytes, false));
  }
  run(jobs, 4, 0);
}

}  // namespace
}  // namespace sallyport::hw
