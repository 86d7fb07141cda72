// SPDX-License-Identifier: Apache-2.0
// Drives the verilated engine with packets of both directions at once and checks what comes out against OpenSSL.
#pragma once

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <random>

#include "Vchain_harness.h"
#include "hw/chain/tb/chain_oracle.hpp"
#include "hw/common/tb/clock.hpp"

namespace sallyport::hw {

enum Direction : unsigned { kOut = 0, kIn = 1 };

class ChainBench {
 public:
  static constexpr std::size_t kBeatBytes = 64;

  explicit ChainBench(unsigned seed = 1) : random_(seed), dut_(static_cast<int>(seed)) {
    m_.write_i = m_.wipe_i = 0;
    for (Side& side : sides_) side.ready = side.valid = 0;
    dut_.tick();
    wait_until([&] { return m_.wiping_o == 0; }, 3000);
  }

  // Of a hundred clocks, how many the sender and the receiver sleep.
  void sleepy(unsigned sender, unsigned receiver) {
    sender_sleeps_ = sender;
    receiver_sleeps_ = receiver;
  }
  void compare(bool on) { compare_ = on; }  // off: lengths and order only

  void load(Direction d, const Sa& sa) {
    if (!sa.integrity_key.empty()) load_integrity(d, sa.index, sa.integrity_row());
    load_key(d, sa.index, sa.key_row());
  }
  void load_integrity(Direction d, unsigned index, const layout::Row& row) {
    write(d == kOut ? layout::TableId::kSaOutIntegrityKey : layout::TableId::kSaInIntegrityKey, index, row);
  }
  void load_key(Direction d, unsigned index, const layout::Row& row) {
    begin_load_key(d, index, row);
    wait_until([&] { return m_.write_ready_o == 1; }, 1000);
  }
  // And lets no clock pass after it.
  void begin_load_key(Direction d, unsigned index, const layout::Row& row) {
    write(d == kOut ? layout::TableId::kSaOutKey : layout::TableId::kSaInKey, index, row);
  }

  void wipe() {
    m_.wipe_i = 1;
    tick();
    m_.wipe_i = 0;
    wait_until([&] { return m_.wiping_o == 0; }, 3000);
  }

  // One clock of reset wherever the engine is: what was inside never comes out.
  void reset() {
    for (Side& side : sides_) {
      side.valid = 0;
      side.sending.clear();
      side.expected.clear();
      side.at = 0;
      side.collected.clear();
    }
    dut_.reset(1);
    wait_until([&] { return m_.wiping_o == 0; }, 3000);
  }

  // Queues a packet; `plaintext` with its trailer, or of AH the text without its first eight bytes.
  void protect_packet(const Sa& sa, std::uint64_t seq, const Buffer& plaintext) {
    const auto side = static_cast<std::uint32_t>(random_());
    sides_[kOut].sending.push_back({sa, seq, plaintext, plaintext.size(), side});
    Expected expected{Buffer(8 + layout::shape(sa.cipher).iv + plaintext.size()), {}, side, true, sa.ah};
    if (compare_) {
      expected.bytes = authenticated(sa, seq, plaintext);
      expected.icv = icv(sa, seq, expected.bytes);
    }
    expected.icv.resize(layout::shape(sa.integrity).icv);
    if (!sa.ah) expected.bytes.insert(expected.bytes.end(), expected.icv.begin(), expected.icv.end());
    sides_[kOut].expected.push_back(std::move(expected));
  }
  void open_packet(const Sa& sa, std::uint64_t seq, const Buffer& plaintext) {
    open_packet(sa, seq, plaintext, protect(sa, seq, plaintext), true);
  }
  void open_packet(const Sa& sa, std::uint64_t seq, const Buffer& plaintext, const Buffer& esp, bool authentic) {
    const auto side = static_cast<std::uint32_t>(random_());
    sides_[kIn].sending.push_back({sa, seq, esp, plaintext.size(), side});
    sides_[kIn].expected.push_back({plaintext, {}, side, authentic, sa.ah});
  }

  // Until everything queued has come out.
  void run() {
    run_began_ = dut_.clocks;
    std::uint64_t quiet = 0;
    while (!sides_[kOut].expected.empty() || !sides_[kIn].expected.empty()) {
      const std::size_t before = sides_[kOut].expected.size() + sides_[kIn].expected.size();
      tick();
      quiet = sides_[kOut].expected.size() + sides_[kIn].expected.size() == before ? quiet + 1 : 0;
      if (quiet > 100000) {
        ADD_FAILURE() << "the engine owes " << before << " packets";
        return;
      }
      if (testing::Test::HasFatalFailure()) return;
    }
    for (int i = 0; i < 200; ++i) tick();
    EXPECT_EQ(m_.busy_o, 0) << "nothing is inside, and it is busy";
  }
  void idle(unsigned clocks) {
    while (clocks-- > 0) tick();
  }

  [[nodiscard]] std::uint64_t clocks() const { return dut_.clocks; }
  // Clocks from the beginning of the last run() to the direction's last beat.
  [[nodiscard]] std::uint64_t finished(Direction d) const { return sides_[d].finished - run_began_; }
  [[nodiscard]] const Buffer& last(Direction d) const { return sides_[d].last_packet; }
  [[nodiscard]] bool last_authentic() const { return last_authentic_; }

 private:
  struct Sent {
    Sa sa;
    std::uint64_t seq;
    Buffer bytes;
    std::size_t ciphertext;
    std::uint32_t side;
  };
  struct Expected {
    Buffer bytes;
    Buffer icv;  // outbound
    std::uint32_t side;
    bool authentic;
    bool ah;
  };
  // The ports of one direction.
  struct Side {
    CData& valid;
    CData& taken;  // the engine's ready
    WData* data;
    CData& empty;
    CData& last;
    SData& sa_index;
    CData& cipher;
    CData& integrity;
    CData& ah;
    CData& esn;
    IData& spi;
    QData& seq;
    SData& ciphertext;
    IData& side;
    CData& room;
    CData& out_valid;
    CData& ready;
    WData* out_data;
    CData& out_empty;
    CData& out_last;
    IData& out_side;
    std::deque<Sent> sending{};
    std::deque<Expected> expected{};
    std::size_t at = 0;  // bytes of the front packet that have gone in
    Buffer collected{};
    std::uint64_t finished = 0;  // clock of the last beat that came out
    Buffer last_packet{};
  };

  void write(layout::TableId table, unsigned index, const layout::Row& row) {
    m_.write_i = 1;
    m_.write_table_i = static_cast<unsigned>(table);
    m_.write_row_i = index;
    std::memcpy(&m_.write_data_i, row.bytes().data(), layout::kRowBytes);
    tick();
    m_.write_i = 0;
  }

  void tick() {
    for (Side& side : sides_) drive(side);
    m_.eval();  // readiness follows from what is offered
    for (const Side& side : sides_) {
      if (side.expected.size() > side.sending.size()) {
        ASSERT_EQ(m_.busy_o, 1) << "a packet is inside";
      }
    }
    std::array<bool, 2> took{};
    for (unsigned d : {kOut, kIn}) {
      Side& side = sides_[d];
      took[d] = side.valid == 1 && side.taken == 1;
      if (side.out_valid == 1 && side.ready == 1) collect(static_cast<Direction>(d));
    }
    dut_.tick();
    for (unsigned d : {kOut, kIn}) {
      if (took[d]) advance(sides_[d]);
    }
  }

  // A beat once offered stays until it is taken.
  void drive(Side& side) {
    side.ready = random_() % 100 >= receiver_sleeps_;
    if (side.sending.empty()) {
      side.valid = 0;
      return;
    }
    if (side.valid == 1) return;
    if (random_() % 100 < sender_sleeps_) return;
    if (side.at == 0 && side.room == 0) return;
    const Sent& sent = side.sending.front();
    const std::size_t n = std::min(kBeatBytes, sent.bytes.size() - side.at);
    std::uint8_t beat[kBeatBytes];
    std::memset(beat, 0xa5, sizeof(beat));  // what lies behind the packet's end is anything
    std::memcpy(beat, sent.bytes.data() + side.at, n);
    std::memcpy(side.data, beat, sizeof(beat));
    side.valid = 1;
    side.last = side.at + n == sent.bytes.size();
    side.empty = kBeatBytes - n;
    side.sa_index = sent.sa.index;
    side.cipher = static_cast<unsigned>(sent.sa.cipher);
    side.integrity = static_cast<unsigned>(sent.sa.integrity);
    side.ah = sent.sa.ah;
    side.esn = sent.sa.esn;
    side.spi = sent.sa.spi;
    side.seq = sent.seq;
    side.ciphertext = sent.ciphertext;
    side.side = sent.side;
  }

  static void advance(Side& side) {
    side.valid = 0;
    side.at += kBeatBytes;
    if (side.at >= side.sending.front().bytes.size()) {
      side.at = 0;
      side.sending.pop_front();
    }
  }

  void collect(Direction d) {
    Side& side = sides_[d];
    ASSERT_FALSE(side.expected.empty()) << "a packet from nowhere";
    const Expected& expected = side.expected.front();
    ASSERT_EQ(side.out_side, expected.side) << "another packet's side";
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(side.out_data);
    side.collected.insert(side.collected.end(), bytes, bytes + kBeatBytes - side.out_empty);
    if (d == kIn && compare_) {
      ASSERT_EQ(m_.in_icv_ok_o == 1, expected.authentic);
      const Buffer& p = expected.bytes;
      if (!expected.ah) {
        ASSERT_EQ(m_.in_trailer_o, p[p.size() - 2] | p[p.size() - 1] << 8);
      }
    }
    if (d == kOut && compare_ && expected.ah) {
      const auto* icv = reinterpret_cast<const std::uint8_t*>(&m_.out_icv_o[0]);
      ASSERT_EQ(to_hex(Buffer(icv, icv + expected.icv.size())), to_hex(expected.icv));
    }
    if (side.out_last == 0) return;
    ASSERT_EQ(side.collected.size(), expected.bytes.size());
    if (compare_) {
      ASSERT_EQ(to_hex(side.collected), to_hex(expected.bytes));
    }
    last_authentic_ = d == kIn && m_.in_icv_ok_o == 1;
    side.last_packet = std::move(side.collected);
    side.collected.clear();
    side.expected.pop_front();
    side.finished = dut_.clocks;
  }

  void wait_until(const std::function<bool()>& done, unsigned limit) {
    while (!done() && limit-- > 0) tick();
    ASSERT_TRUE(done()) << "waited too long";
  }

  std::mt19937 random_;
  Clocked<Vchain_harness> dut_;
  Vchain_harness& m_ = dut_.model;
#define SALLYPORT_SIDE(d)                                                                                     \
  Side {                                                                                                      \
    m_.d##_valid_i, m_.d##_ready_o, &m_.d##_data_i[0], m_.d##_empty_i, m_.d##_last_i, m_.d##_sa_index_i,      \
        m_.d##_cipher_i, m_.d##_integrity_i, m_.d##_ah_i, m_.d##_esn_i, m_.d##_spi_i, m_.d##_seq_i,           \
        m_.d##_ciphertext_i, m_.d##_side_i, m_.d##_room_o, m_.d##_valid_o, m_.d##_ready_i, &m_.d##_data_o[0], \
        m_.d##_empty_o, m_.d##_last_o, m_.d##_side_o                                                          \
  }
  std::array<Side, 2> sides_{SALLYPORT_SIDE(out), SALLYPORT_SIDE(in)};
#undef SALLYPORT_SIDE
  unsigned sender_sleeps_ = 0;
  unsigned receiver_sleeps_ = 0;
  bool compare_ = true;
  bool last_authentic_ = false;
  std::uint64_t run_began_ = 0;
};

}  // namespace sallyport::hw
