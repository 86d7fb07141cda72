// SPDX-License-Identifier: Apache-2.0
// The inbound SAs against a slow one that remembers everything.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "Vsa_in_harness.h"
#include "hw/layout/codes.hpp"
#include "hw/sa/tb/sa_bench.hpp"

namespace sallyport::hw {
namespace {

using layout::Drop;
using layout::Row;
using layout::TableId;
namespace sa_in = layout::sa_in;
namespace sa_in_state = layout::sa_in_state;

constexpr layout::Address kUs = layout::Address::from_v4(0xc0000201);

// What becomes of a packet: no drop, accepted.
struct Fate {
  std::optional<Drop> drop;
  bool soft_limit = false;
  bool hard_limit = false;

  friend bool operator==(const Fate&, const Fate&) = default;
};
void PrintTo(const Fate& f, std::ostream* out) {
  *out << (f.drop ? layout::kDrops[static_cast<unsigned>(*f.drop)].name : "accepted") << (f.soft_limit ? " soft" : "")
       << (f.hard_limit ? " hard" : "");
}

// One SA as hw/README.md words it: whole sequence numbers, a packet at a time, every number remembered.
struct SlowSa {
  bool esn = false;
  Limits limits{};
  unsigned replay_window = 1;  // as in the row
  std::uint64_t top = 0, packets = 0, bytes = 0;
  unsigned replays = 0, icv_failures = 0;
  bool expired = false;
  std::set<std::uint64_t> seen{};

  [[nodiscard]] std::uint64_t window() const { return std::uint64_t{64} << replay_window; }
  Fate receive(std::uint64_t seq, unsigned c, bool icv_ok) {
    if (expired) return {.drop = Drop::kHardLimit};
    if (seq == 0 || (top >= window() && seq <= top - window())) {
      ++replays;
      return {.drop = Drop::kReplayOld};
    }
    if (seen.contains(seq)) {
      ++replays;
      return {.drop = Drop::kReplayDuplicate};
    }
    if (!icv_ok) {
      ++icv_failures;
      return {.drop = Drop::kIcvMismatch};
    }
    if ((limits.hard_packets != 0 && packets >= limits.hard_packets) ||
        (limits.hard_bytes != 0 && bytes + c > limits.hard_bytes)) {
      expired = true;
      return {.drop = Drop::kHardLimit, .hard_limit = true};
    }
    seen.insert(seq);
    top = std::max(top, seq);
    const bool below = limits.soft_bytes != 0 && bytes < limits.soft_bytes;
    ++packets;
    bytes += c;
    return {.drop = std::nullopt,
            .soft_limit = packets == limits.soft_packets || (below && bytes >= limits.soft_bytes)};
  }
  [[nodiscard]] Row row(std::uint32_t spi) const {
    Row r;
    r.set(sa_in::kValid, 1);
    r.set(sa_in::kEsn, esn ? 1 : 0);
    r.set(sa_in::kReplayWindow, replay_window);
    r.set(sa_in::kSpi, spi);
    r.set(sa_in::kDestination, kUs);
    return r;
  }
  [[nodiscard]] Row state() const {
    Row r;
    r.set(sa_in_state::kTop, top);
    r.set(sa_in_state::kPackets, packets);
    r.set(sa_in_state::kBytes, bytes);
    r.set(sa_in_state::kIcvFailures, icv_failures);
    r.set(sa_in_state::kReplays, replays);
    r.set(sa_in_state::kExpired, expired ? 1 : 0);
    return r;
  }
};

struct Arrival {
  std::uint32_t spi = 0;
  layout::Address destination = kUs;
  std::uint64_t seq = 0;  // the packet carries the low half
  unsigned bytes = 100;   // of ciphertext; of AH, that it protects
  bool icv_ok = true;
  unsigned overhead = 8 + 8 + 16;  // SPI, sequence number, IV, ICV of AES-GCM; of AH its own bytes
  bool ah = false;
  bool ipv6 = false;
};

// Between admission and acceptance a packet spends `inside` clocks in the card.
class Bench : public SaBench<Vsa_in_harness> {
 public:
  Bench() {
    m.admit_valid_i = m.accept_valid_i = 0;
    finish_wiping();
  }

  void receive(const Arrival& a, const Fate& fate, SlowSa* sa = nullptr) {
    m.admit_valid_i = 1;
    m.admit_spi_i = a.spi;
    m.admit_destination_i.at(0) = static_cast<std::uint32_t>(a.destination.low);
    m.admit_destination_i.at(1) = static_cast<std::uint32_t>(a.destination.low >> 32);
    m.admit_destination_i.at(2) = static_cast<std::uint32_t>(a.destination.high);
    m.admit_destination_i.at(3) = static_cast<std::uint32_t>(a.destination.high >> 32);
    m.admit_ipv6_i = a.ipv6;
    m.admit_ah_i = a.ah;
    m.admit_ah_bytes_i = a.overhead;
    m.admit_seq_i = static_cast<std::uint32_t>(a.seq);
    m.admit_bytes_i = a.bytes + a.overhead;
    admitting_.push_back({clocks() + m.admit_latency_o, a, fate, sa, {}});
    tick();
    m.admit_valid_i = 0;
    tick();
  }
  void receive(std::uint32_t spi, SlowSa& sa, std::uint64_t seq, unsigned bytes = 100, bool icv_ok = true) {
    const Fate fate = sa.receive(seq, bytes, icv_ok);
    receive({.spi = spi, .seq = seq, .bytes = bytes, .icv_ok = icv_ok}, fate, &sa);
  }
  void drain() {
    for (unsigned i = 0; i < inside + 20; ++i) tick();
    EXPECT_TRUE(admitting_.empty() && waiting_.empty() && accepting_.empty());
  }
  void turn(std::uint32_t spi, SlowSa& sa, std::uint64_t top) {
    sa.top = top;
    sa.seen = {top};
    m.turn_i = 1;
    m.turn_row_i = spi % layout::kSaRows;
    m.turn_top_i = top;
    tick();
    m.turn_i = 0;
  }
  void load_sa(std::uint32_t spi, const SlowSa& sa) { load_sa(spi, sa, sa.row(spi)); }
  void load_sa(std::uint32_t spi, const SlowSa& sa, const Row& row) {
    load(TableId::kSaInKey, spi % layout::kSaRows, Row{});
    load(TableId::kSaInLimits, spi % layout::kSaRows, sa.limits.row());
    load(TableId::kSaIn, spi % layout::kSaRows, row);
  }
  void expect_state(std::uint32_t spi, const SlowSa& sa) { EXPECT_EQ(capture(spi % layout::kSaRows), sa.state()); }

  void tick() override {
    offer_oldest();
    SaBench::tick();
    m.accept_valid_i = 0;
    take_admission();
    take_acceptance();
  }

  unsigned inside = 30;
  // What packets inside will change is not known at admission: a replay may be called a duplicate that will be old by
  // then, or a replay when the SA will have expired by then.
  bool inside_unknown = false;
  unsigned refused_late = 0;  // admitted, then refused as a replay

 private:
  struct Packet {
    std::uint64_t clock;
    Arrival arrival;
    Fate fate;
    SlowSa* sa;
    Row row;
  };

  // One acceptance every two clocks at most.
  void offer_oldest() {
    if (waiting_.empty() || waiting_.front().clock > clocks() || clocks() < next_accept_) return;
    Packet p = waiting_.front();
    waiting_.pop_front();
    m.accept_valid_i = 1;
    m.accept_sa_index_i = p.arrival.spi % layout::kSaRows;
    from_row(p.row, m.accept_row_i);
    m.accept_seq_i = p.arrival.seq;
    m.accept_bytes_i = p.arrival.bytes;
    m.accept_icv_ok_i = p.arrival.icv_ok;
    next_accept_ = clocks() + 2;
    p.clock = clocks() + m.accept_latency_o;
    accepting_.push_back(p);
  }
  void take_admission() {
    const bool due = !admitting_.empty() && admitting_.front().clock == clocks();
    ASSERT_EQ(m.admit_valid_o == 1, due);
    if (!due) return;
    Packet p = admitting_.front();
    admitting_.pop_front();
    if (m.admit_o == 0) {
      const Fate fate{.drop = Drop{m.admit_drop_o}};
      if (inside_unknown && is_replay(fate) && is_replay(p.fate)) return;
      if (inside_unknown && is_replay(fate) && p.fate == Fate{.drop = Drop::kHardLimit}) {
        ++p.sa->replays;
        return;
      }
      ASSERT_EQ(fate, p.fate);
      return;
    }
    ASSERT_EQ(m.admit_seq_o, p.arrival.seq) << "the high half was inferred wrong";
    ASSERT_EQ(m.admit_sa_index_o, p.arrival.spi % layout::kSaRows);
    ASSERT_EQ(m.admit_ciphertext_o, p.arrival.bytes);
    p.row = to_row(m.admit_row_o);
    p.clock += inside;
    waiting_.push_back(p);
  }
  void take_acceptance() {
    const bool due = !accepting_.empty() && accepting_.front().clock == clocks();
    ASSERT_EQ(m.accept_valid_o == 1, due);
    if (!due) return;
    Fate fate{.drop = std::nullopt, .soft_limit = m.soft_limit_o == 1, .hard_limit = m.hard_limit_o == 1};
    if (m.accept_o == 0) fate.drop = Drop{m.accept_drop_o};
    ASSERT_EQ(fate, accepting_.front().fate) << "sequence number " << accepting_.front().arrival.seq;
    if (fate.drop == Drop::kReplayDuplicate || fate.drop == Drop::kReplayOld) ++refused_late;
    accepting_.pop_front();
  }

  static bool is_replay(const Fate& f) { return f.drop == Drop::kReplayOld || f.drop == Drop::kReplayDuplicate; }

  std::deque<Packet> admitting_, waiting_, accepting_;
  std::uint64_t next_accept_ = 0;
};

constexpr std::uint32_t kSpi = 0x12345000 + 77;

TEST(SaIn, KnowsAnSaBySpiDestinationAndProtocol) {
  Bench bench;
  SlowSa sa;
  bench.load_sa(kSpi, sa);
  const Fate unknown{.drop = Drop::kSpiUnknown};
  bench.receive({.spi = kSpi + 1, .seq = 1}, unknown);                // an empty row
  bench.receive({.spi = kSpi + layout::kSaRows, .seq = 1}, unknown);  // the same row
  bench.receive({.spi = kSpi, .seq = 1, .overhead = 24, .ah = true}, unknown);
  for (unsigned bit = 0; bit < layout::kAddressBits; ++bit) {
    const std::uint64_t one = std::uint64_t{1} << bit % 64;
    const layout::Address other = bit < 64 ? layout::Address(kUs.high, kUs.low ^ one) : layout::Address(one, kUs.low);
    bench.receive({.spi = kSpi, .destination = other, .seq = 1}, unknown);
  }
  bench.receive(kSpi, sa, 1);
  bench.drain();
  bench.expect_state(kSpi, sa);
}

// hw/README.md, ciphers and integrity: a row that cannot authenticate is as good as empty; else ciphertext is at least
// a block.
TEST(SaIn, MeasuresAPacketByTheTypeOfItsSa) {
  Bench bench;
  for (unsigned cipher = 0; cipher < 16; ++cipher) {
    for (unsigned integrity = 0; integrity < 16; ++integrity) {
      SCOPED_TRACE("cipher " + std::to_string(cipher) + ", integrity " + std::to_string(integrity));
      const std::uint32_t spi = 0x7000 + 16 * cipher + integrity;
      SlowSa sa;
      Row row = sa.row(spi);
      row.set(sa_in::kCipher, cipher);
      row.set(sa_in::kIntegrity, integrity);
      bench.load_sa(spi, sa, row);
      const layout::CipherShape bytes =
          cipher < std::size(layout::kCipherShapes) ? layout::kCipherShapes[cipher] : layout::CipherShape{0, 0, 0};
      const unsigned icv = bytes.icv != 0                                    ? bytes.icv
                           : integrity < std::size(layout::kIntegrityShapes) ? layout::kIntegrityShapes[integrity].icv
                                                                             : 0;
      if (bytes.block == 0 || icv == 0) {
        for (unsigned esp = 12; esp < 130; ++esp) {
          bench.receive({.spi = spi, .seq = 1, .bytes = esp, .overhead = 0}, {.drop = Drop::kSpiUnknown});
        }
        bench.drain();
        continue;
      }
      const unsigned overhead = 8 + bytes.iv + icv;
      std::uint64_t seq = 0;
      for (unsigned esp = 12; esp < 130; ++esp) {
        if (esp < overhead + bytes.block || (esp - overhead) % bytes.block != 0) {
          // Not even a replay counts.
          bench.receive({.spi = spi, .seq = 0, .bytes = esp, .overhead = 0}, {.drop = Drop::kEspMalformed});
        } else {
          const Fate fate = sa.receive(++seq, esp - overhead, true);
          bench.receive({.spi = spi, .seq = seq, .bytes = esp - overhead, .overhead = overhead}, fate);
        }
      }
      bench.drain();
      EXPECT_GT(seq, 2U);
      bench.expect_state(spi, sa);
    }
  }
}

// RFC 4302 2.2 and 2.6: the ICV, padded to a multiple of 4 bytes, of 8 over IPv6.
TEST(SaIn, MeasuresAnAhByItsLengthAndTheIcvOfItsSa) {
  Bench bench;
  for (unsigned integrity = 1; integrity < std::size(layout::kIntegrityShapes); ++integrity) {
    const std::uint32_t spi = 0x7000 + integrity;
    SlowSa sa;
    Row row = sa.row(spi);
    row.set(sa_in::kProtocol, static_cast<unsigned>(layout::Protocol::kAh));
    row.set(sa_in::kCipher, static_cast<unsigned>(layout::Cipher::kNull));
    row.set(sa_in::kIntegrity, integrity);
    bench.load_sa(spi, sa, row);
    const unsigned least = 12 + layout::kIntegrityShapes[integrity].icv;
    std::uint64_t seq = 0;
    for (unsigned words = 0; words < 256; ++words) {  // as the length field says, less 2
      for (const bool ipv6 : {false, true}) {
        SCOPED_TRACE("integrity " + std::to_string(integrity) + ", words " + std::to_string(words));
        const unsigned ah = 4 * (words + 2);
        const Fate malformed{.drop = Drop::kAhMalformed};
        if (ah < least || ah > least + 7 || (ipv6 && ah % 8 != 0)) {
          bench.receive({.spi = spi, .seq = 0, .overhead = ah, .ah = true, .ipv6 = ipv6}, malformed);
          continue;
        }
        // Nothing behind it; it ends behind the packet; and one that is well.
        bench.receive({.spi = spi, .seq = 0, .bytes = 0, .overhead = ah, .ah = true, .ipv6 = ipv6}, malformed);
        bench.receive({.spi = spi, .seq = 0, .bytes = 0U - 4, .overhead = ah, .ah = true, .ipv6 = ipv6}, malformed);
        const Fate fate = sa.receive(++seq, 1 + words, true);
        bench.receive({.spi = spi, .seq = seq, .bytes = 1 + words, .overhead = ah, .ah = true, .ipv6 = ipv6}, fate);
      }
    }
    bench.drain();
    EXPECT_GE(seq, 3U);  // an ICV leaves two lengths over IPv4 and one over IPv6
    bench.expect_state(spi, sa);
  }
}

TEST(SaIn, TakesARowOfAhForEmptyThatEnciphers) {
  Bench bench;
  for (unsigned cipher = 0; cipher < 16; ++cipher) {
    const std::uint32_t spi = 0x7000 + cipher;
    SlowSa sa;
    Row row = sa.row(spi);
    row.set(sa_in::kProtocol, static_cast<unsigned>(layout::Protocol::kAh));
    row.set(sa_in::kCipher, cipher);
    row.set(sa_in::kIntegrity, static_cast<unsigned>(layout::Integrity::kHmacSha256_128));
    bench.load_sa(spi, sa, row);
    const bool empty = layout::Cipher{static_cast<std::uint8_t>(cipher)} != layout::Cipher::kNull;
    const Fate fate = empty ? Fate{.drop = Drop::kSpiUnknown} : sa.receive(1, 100, true);
    bench.receive({.spi = spi, .seq = 1, .overhead = 28, .ah = true}, fate);
  }
  bench.drain();
}

TEST(SaIn, TakesARowForEmptyWhoseWindowHasNoName) {
  Bench bench;
  for (unsigned code = 0; code < 16; ++code) {
    SlowSa sa{.replay_window = code};
    bench.load_sa(kSpi + code, sa);
    if (code < layout::kReplayWindowSizes) {
      bench.receive(kSpi + code, sa, 1);
    } else {
      bench.receive({.spi = kSpi + code, .seq = 1}, {.drop = Drop::kSpiUnknown});
    }
  }
  bench.drain();
}

TEST(SaIn, RefusesADuplicateThatWasAdmittedBeforeItsOriginalWasAccepted) {
  Bench bench;
  SlowSa sa;
  bench.load_sa(kSpi, sa);
  for (const unsigned inside : {0U, 1U, 2U, 3U, 10U}) {
    bench.inside = inside;
    for (int i = 0; i < 4; ++i) bench.receive(kSpi, sa, sa.top + (i == 0 ? 1 : 0));
    bench.drain();
  }
  EXPECT_GT(bench.refused_late, 5U);
  EXPECT_EQ(sa.replays, 15U);
  bench.expect_state(kSpi, sa);
}

TEST(SaIn, LetsAForgedPacketChangeNothingButItsCount) {
  Bench bench;
  SlowSa sa;
  bench.load_sa(kSpi, sa);
  bench.receive(kSpi, sa, 10);
  bench.receive(kSpi, sa, 4000000000, 100, false);
  bench.receive(kSpi, sa, 11);
  bench.receive(kSpi, sa, 9, 100, false);
  bench.receive(kSpi, sa, 9);
  bench.drain();
  EXPECT_EQ(sa.icv_failures, 2U);
  EXPECT_EQ(sa.top, 11U);
  bench.expect_state(kSpi, sa);
}

TEST(SaIn, StopsExactlyAtEachHardLimit) {
  Bench bench;
  SlowSa by_packets{.limits = {.soft_packets = 2, .hard_packets = 4}};
  SlowSa by_bytes{.limits = {.soft_bytes = 500, .hard_bytes = 1000}};
  bench.load_sa(kSpi, by_packets);
  bench.load_sa(kSpi + 1, by_bytes);
  for (unsigned seq = 1; seq <= 6; ++seq) {
    bench.receive(kSpi, by_packets, seq);
    bench.receive(kSpi + 1, by_bytes, seq, seq == 5 ? 204 : 200);
    if (seq == 4) bench.receive(kSpi + 1, by_bytes, 100, 200);  // 1000 exactly
  }
  bench.drain();
  bench.receive(kSpi, by_packets, 7);  // refused at admission now
  bench.drain();
  EXPECT_EQ(by_packets.packets, 4U);
  EXPECT_EQ(by_bytes.bytes, 1000U);
  bench.expect_state(kSpi, by_packets);
  bench.expect_state(kSpi + 1, by_bytes);
}

TEST(SaIn, TakesNumbersUpToTheLast32BitOneWithoutEsn) {
  Bench bench;
  SlowSa sa;
  bench.load_sa(kSpi, sa);
  bench.turn(kSpi, sa, 0xfffffff0U);
  for (const std::uint32_t seq : {0xffffffffU, 0xfffffffeU, 0U, 1U, 0xffffffffU}) {
    bench.receive(kSpi, sa, seq);
    bench.drain();
  }
  bench.expect_state(kSpi, sa);
}

TEST(SaIn, IsEmptyEverywhereAfterAWipe) {
  Bench bench;
  SlowSa sa;
  bench.load_sa(kSpi, sa);
  for (const std::uint64_t seq : {std::uint64_t{1}, std::uint64_t{70}}) bench.receive(kSpi, sa, seq);
  bench.drain();
  bench.wipe();
  bench.receive({.spi = kSpi, .seq = 2}, {.drop = Drop::kSpiUnknown});
  bench.drain();
  EXPECT_EQ(bench.capture(kSpi % layout::kSaRows), Row{});
  SlowSa fresh;
  bench.load(TableId::kSaIn, kSpi % layout::kSaRows, fresh.row(kSpi));
  for (const std::uint64_t seq : {std::uint64_t{70}, std::uint64_t{1}}) {
    bench.receive(kSpi, fresh, seq);
    bench.drain();
  }
  bench.expect_state(kSpi, fresh);
}

// ---- with a window of every size -----------------------------------------------------------------------------------

class SaInWindow : public testing::TestWithParam<unsigned> {
 protected:
  [[nodiscard]] SlowSa sa(bool esn = false) const { return {.esn = esn, .replay_window = GetParam()}; }
  const std::uint64_t w = std::uint64_t{layout::kLeastReplayWindow} << GetParam();
  Bench bench;
};
INSTANTIATE_TEST_SUITE_P(Every, SaInWindow, testing::Range(0U, layout::kReplayWindowSizes),
                         [](const auto& size) { return std::to_string(layout::kLeastReplayWindow << size.param); });

// RFC 4303 3.4.3. Wherever in its word of 64 numbers the highest one is.
TEST_P(SaInWindow, AcceptsTheLastNumberInsideOnceAndRefusesTheFirstLeftOfIt) {
  SlowSa sa = this->sa();
  bench.load_sa(kSpi, sa);
  unsigned replays = 0;
  for (std::uint64_t top = 3 * w; top < 3 * w + 130 * 70; top += 70 + top % 3) {
    for (const std::uint64_t seq : {top, top - w + 1, top - w + 1, top - w, top, top - w + 1}) {
      bench.receive(kSpi, sa, seq);
      bench.drain();
    }
    replays += 4;
    ASSERT_EQ(sa.replays, replays);
  }
  bench.expect_state(kSpi, sa);
}

TEST_P(SaInWindow, RemembersWhatIsInsideAfterAJumpOfAnySizeAndNothingElse) {
  SlowSa sa = this->sa();
  bench.load_sa(kSpi, sa);
  std::vector<std::uint64_t> jumps = {1,    2,    63,   64,   65,   w - 1, w,    w + 1,
                                      4032, 4095, 4096, 4097, 4159, 4160,  4161, 8192};
  for (std::uint64_t start = sa.top; const std::uint64_t jump : jumps) {
    for (std::uint64_t i = 1; i < w; i += 7) bench.receive(kSpi, sa, start + i);
    bench.drain();
    start = sa.top + jump;
    bench.receive(kSpi, sa, start);
    bench.drain();
    for (std::uint64_t seq = start - w; seq <= start; ++seq) bench.receive(kSpi, sa, seq);
    bench.drain();
    ASSERT_FALSE(testing::Test::HasFailure()) << "jump of " << jump;
  }
  EXPECT_EQ(bench.refused_late, 0U);  // all of it before decryption
  bench.expect_state(kSpi, sa);
}

TEST_P(SaInWindow, AnswersOnePacketEveryTwoClocksOfOneRowAndOneWord) {
  for (unsigned pace = 2; pace < 6; ++pace) {
    SlowSa sa = this->sa();
    bench.inside = 0;
    bench.inside_unknown = true;  // a replay is refused at whichever port sees it first
    bench.load_sa(kSpi, sa);
    const std::uint64_t start = bench.clocks();
    unsigned packets = 0;
    const auto receive = [&](std::uint64_t seq) {
      bench.receive(kSpi, sa, seq);
      for (unsigned i = 2; i < pace; ++i) bench.tick();
      ++packets;
    };
    for (std::uint64_t top = w; top < 2 * w;
         top += 40) {  // into the next word, and back into the last, again and again
      for (const std::uint64_t seq : {top, top - 1, top - 1, top - 40, top - 41, top - 41, top - 62, top - 62}) {
        receive(seq);
      }
    }
    for (std::uint64_t i = 0; i < w; ++i) receive(sa.top - i);  // a word, one number after the other
    ASSERT_EQ(bench.clocks() - start, packets * pace);
    bench.drain();
    for (std::uint64_t i = 0; i < w; ++i) receive(sa.top - i);  // and none of them again
    bench.drain();
    bench.expect_state(kSpi, sa);
  }
}

TEST_P(SaInWindow, BeginsEmptyWithANewSaInTheRowWhateverTheLastOneReceived) {
  SlowSa old = this->sa();
  bench.load_sa(kSpi, old);
  for (std::uint64_t seq = 1; seq <= 2 * w; ++seq) bench.receive(kSpi, old, seq);
  bench.drain();
  SlowSa young = this->sa();
  bench.load_sa(kSpi, young);
  bench.receive(kSpi, young, w + 17);
  for (std::uint64_t seq = w + 17; seq >= 18; --seq) bench.receive(kSpi, young, seq);
  bench.drain();
  EXPECT_EQ(young.replays, 1U);
  bench.expect_state(kSpi, young);
}

// RFC 4303 A2: the subspace follows from the window.
TEST_P(SaInWindow, FollowsAnExtendedSequenceNumberAcross32Bits) {
  const auto width = static_cast<std::int64_t>(w);
  for (const std::uint64_t high : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{0xffffffff}}) {
    SlowSa sa = this->sa(true);
    bench.load_sa(kSpi, sa);
    const std::uint64_t edge = high << 32;
    bench.turn(kSpi, sa, edge - 200);
    for (const std::int64_t step :
         {std::int64_t{-190}, std::int64_t{-3},  std::int64_t{-2}, std::int64_t{0},  std::int64_t{-1}, std::int64_t{-1},
          std::int64_t{1},    2 - width,         2 - width,        std::int64_t{-2}, std::int64_t{30}, 31 - width,
          std::int64_t{-5},   width - 2,         std::int64_t{-1}, width - 1,        std::int64_t{0},  std::int64_t{1},
          width + 200,        std::int64_t{201}, std::int64_t{202}}) {
      bench.receive(kSpi, sa, edge + static_cast<std::uint64_t>(step));
      bench.drain();
    }
    if (high < 0xffffffff) {  // left of the window reads as far to the right: the ICV tells
      bench.receive(kSpi, sa, edge + (std::uint64_t{1} << 32) + 1, 100, false);
      bench.drain();
    }
    bench.expect_state(kSpi, sa);
  }
}

TEST_P(SaInWindow, RefusesNumbersBeforeTheFirstSubspace) {
  SlowSa sa = this->sa(true);
  bench.load_sa(kSpi, sa);
  for (int i = 0; i < 2; ++i) {  // top is 0, then 1
    bench.receive({.spi = kSpi, .seq = 0xffffffff}, {.drop = Drop::kReplayOld});
    bench.receive({.spi = kSpi, .seq = 0}, {.drop = Drop::kReplayOld});
    sa.replays += 2;
    if (i == 0) bench.receive(kSpi, sa, 1);
    bench.drain();
  }
  bench.expect_state(kSpi, sa);
}

TEST_P(SaInWindow, AgreesWithTheSlowSaWhateverIsInsideAtOnce) {
  const unsigned seed = 31 + GetParam();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  bench.inside_unknown = true;
  std::map<std::uint32_t, SlowSa> sas;
  const auto some_limit = [&](unsigned scale) { return random() % 3 == 0 ? random() % scale : 0; };
  const auto some_step = [&]() -> std::int64_t {  // from top
    switch (random() % 8) {
      case 0:
        return -static_cast<std::int64_t>(random() % (2 * w));
      case 1:
        return -static_cast<std::int64_t>(random() % 4);
      case 2:
        return static_cast<std::int64_t>(random() % 20);
      case 3:
        return static_cast<std::int64_t>(random() % 4 == 0 ? random() % (3 * w) : 64 * (random() % 4) + random() % 3);
      case 4:
        return static_cast<std::int64_t>(w - 2 + random() % 4);
      case 5:
        return random() % 20 == 0 ? static_cast<std::int64_t>(random() >> (33 + random() % 24)) : 1;
      default:
        return 1;
    }
  };
  for (int i = 0; i < 30000; ++i) {
    const std::uint32_t spi = 0x9000 + static_cast<std::uint32_t>(random() % (i % 2000 < 1000 ? 2 : 7));
    if (!sas.contains(spi) || random() % 400 == 0) {  // a new SA takes the row
      bench.drain();
      bench.inside = random() % 60;
      SlowSa& sa = sas[spi] = this->sa(random() % 2 != 0);
      sa.limits = {some_limit(300), some_limit(500), some_limit(500000), some_limit(900000)};
      bench.load_sa(spi, sa);
      // With ESN what is far left of the window would be taken for far right: stay where the slow SA's numbers are
      // meant.
      if (sa.esn) bench.turn(spi, sa, ((1 + random() % 3) << 32) - random() % (2 * w));
    }
    SlowSa& sa = sas[spi];
    std::int64_t step = some_step();
    if (sa.esn) step = std::max<std::int64_t>(step, 1 - static_cast<std::int64_t>(w));
    std::uint64_t seq = step < 0 && sa.top < static_cast<std::uint64_t>(-step) ? 0 : sa.top + step;
    if (!sa.esn) seq = std::min<std::uint64_t>(seq, 0xffffffff);
    bench.receive(spi, sa, seq, static_cast<unsigned>(4 * (1 + random() % 2300)), random() % 10 != 0);
    for (auto gap = random() % 4 == 0 ? random() % 5 : 0; gap > 0; --gap) bench.tick();
    if (random() % 500 == 0) {
      bench.drain();
      bench.expect_state(spi, sa);
    }
    ASSERT_FALSE(testing::Test::HasFailure());
  }
  bench.drain();
  EXPECT_GT(bench.refused_late, 500U);
}

}  // namespace
}  // namespace sallyport::hw
