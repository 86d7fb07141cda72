// SPDX-License-Identifier: Apache-2.0
// tag_check against the list of hw/README.md, "Who sent the packet", with driver/user_tag's check.
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <random>

#include "Vtag_check_harness.h"
#include "driver/user_tag/user_tag.hpp"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/codes.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"

namespace sallyport::hw {
namespace {

using layout::Address;

struct Session {
  std::uint32_t handle = 0;
  std::uint16_t principal = 0;
  std::array<std::uint8_t, driver::kTagKeyBytes> key{};
};

struct Claim {
  bool known = false;
  std::uint16_t principal = 0;
  bool present = false;
  bool plain = false;
  std::uint32_t handle = 0;
  driver::TagCheck check{};
  Address source, destination;
  bool passes = true;
  std::uint32_t generation = 0;
};

enum Count : unsigned { kOk = 1, kUnknown = 2, kForged = 4, kPlain = 8 };

struct Answer {
  bool named = false;
  std::uint16_t principal = 0;
  unsigned count = 0;
};

void set_address(VlWide<4>& port, const Address& address) {
  const std::uint64_t halves[] = {address.low, address.high};
  std::memcpy(port.data(), halves, sizeof halves);
}
Address address_of(const VlWide<4>& port) {
  std::uint64_t halves[2];
  std::memcpy(halves, port.data(), sizeof halves);
  return {halves[1], halves[0]};
}

class Check {
 public:
  explicit Check(unsigned seed) : random(seed), dut_(static_cast<int>(seed)) {
    auto& m = dut_.model;
    m.valid_i = m.write_valid_i = m.wipe_i = m.plain_tags_i = 0;
    wait_for_walk();
  }

  void wait_for_walk() {
    while (dut_.model.wiping_o) tick();
  }

  void install(const Session& session, bool valid = true) {
    layout::Row row;
    row.set(layout::tag_key::kValid, valid);
    row.set(layout::tag_key::kPrincipal, session.principal);
    row.set(layout::tag_key::kHandle, session.handle);
    std::copy(session.key.begin(), session.key.end(), row.bytes().begin() + layout::tag_key::kKey.lsb / 8);
    write(static_cast<unsigned>(layout::TableId::kTagKey), session.handle % layout::kTagRows, row);
    sessions.erase(session.handle % layout::kTagRows);
    if (valid) sessions[session.handle % layout::kTagRows] = session;
  }
  void write(unsigned table, unsigned number, const layout::Row& row) {
    auto& m = dut_.model;
    m.write_valid_i = 1;
    m.write_table_id_i = static_cast<std::uint8_t>(table);
    m.write_row_i = static_cast<std::uint16_t>(number);
    std::memcpy(m.write_data_i.data(), row.bytes().data(), layout::kRowBytes);
    tick();
  }
  void wipe() {
    drain();
    dut_.model.wipe_i = 1;
    tick();
    EXPECT_TRUE(dut_.model.wiping_o);
    sessions.clear();
    wait_for_walk();
  }
  void set_plain_tags(bool on) {
    drain();
    plain_tags = on;
    dut_.model.plain_tags_i = on;
  }

  void ask(const Claim& c) {
    auto& m = dut_.model;
    m.valid_i = 1;
    m.known_i = c.known;
    m.principal_i = c.principal;
    m.present_i = c.present;
    m.plain_i = c.plain;
    m.handle_i = c.handle;
    m.check_i = ByteReader(c.check).u64();
    set_address(m.source_i, c.source);
    set_address(m.destination_i, c.destination);
    m.passes_i = c.passes;
    m.generation_i = c.generation;
    expected_.push_back({dut_.clocks + m.latency_o, c, answer(c)});
    tick();
    tick();
  }

  void tick() {
    auto& m = dut_.model;
    dut_.tick();
    m.valid_i = m.write_valid_i = m.wipe_i = 0;
    const bool due = !expected_.empty() && expected_.front().clock == dut_.clocks;
    ASSERT_EQ(m.valid_o, due);
    if (!due) {
      ASSERT_EQ(m.counts_o, 0);
      ASSERT_EQ(m.event_valid_o, 0);
      return;
    }
    const auto& [clock, claim, want] = expected_.front();
    ASSERT_EQ(m.named_o, want.named);
    if (want.named) {
      ASSERT_EQ(m.principal_o, want.principal);
    }
    ASSERT_EQ(m.counts_o, claim.passes ? want.count : 0);
    const bool event = claim.passes && want.count > kOk;
    ASSERT_EQ(m.event_valid_o, event);
    if (event) {
      ASSERT_EQ(m.event_upcall_o, static_cast<unsigned>(layout::Upcall::kTagRejected));
      ASSERT_EQ(m.event_generation_o, claim.generation);
      ASSERT_EQ(address_of(m.event_source_o), claim.source);
    }
    ++seen[want.count];
    expected_.pop_front();
  }

  void drain() {
    while (!expected_.empty() && !::testing::Test::HasFatalFailure()) tick();
  }

  std::mt19937 random;
  std::map<unsigned, Session> sessions;  // by row
  bool plain_tags = false;
  std::map<unsigned, unsigned> seen;  // answers, by what they counted

 private:
  Answer answer(const Claim& c) const {
    if (c.known) return {true, c.principal, 0};
    if (!c.present) return {};
    if (c.plain && !plain_tags) return {true, 0, kPlain};
    const auto found = sessions.find(c.handle % layout::kTagRows);
    if (found == sessions.end() || found->second.handle != c.handle) return {true, 0, kUnknown};
    if (!c.plain && c.check != driver::tag_check(found->second.key, c.handle, c.source, c.destination)) {
      return {true, 0, kForged};
    }
    return {true, found->second.principal, kOk};
  }

  struct Expected {
    std::uint64_t clock;
    Claim claim;
    Answer answer;
  };
  std::deque<Expected> expected_;
  Clocked<Vtag_check_harness> dut_;
};

Session random_session(std::mt19937& random) {
  Session s;
  s.handle = static_cast<std::uint32_t>(random());
  if (random() % 2) s.handle = s.handle - s.handle % layout::kTagRows + s.handle % 8;  // rows that meet
  s.principal = static_cast<std::uint16_t>(random());
  for (auto& byte : s.key) byte = static_cast<std::uint8_t>(random());
  return s;
}

Claim random_claim(Check& check) {
  auto& random = check.random;
  const auto random64 = [&] { return std::uint64_t{random()} << 32 | random(); };
  Claim c;
  c.known = random() % 8 == 0;
  c.principal = static_cast<std::uint16_t>(random());
  c.present = random() % 8 != 0;
  c.plain = random() % 4 == 0;
  c.source = {random64(), random64()};
  c.destination = {random64(), random64()};
  c.passes = random() % 8 != 0;
  c.generation = static_cast<std::uint32_t>(random());
  auto session = check.sessions.begin();
  if (!check.sessions.empty()) std::advance(session, random() % check.sessions.size());
  if (check.sessions.empty() || random() % 8 == 0) {
    c.handle = static_cast<std::uint32_t>(random());
    return c;
  }
  c.handle = session->second.handle;
  c.check = driver::tag_check(session->second.key, c.handle, c.source, c.destination);
  switch (random() % 8) {
    case 0:
      c.handle ^= 1U << random() % 32;
      break;
    case 1:
      c.check[random() % 8] ^= static_cast<std::uint8_t>(1U << random() % 8);
      break;
    case 2:
      (random() % 2 ? c.source.low : c.destination.high) ^= std::uint64_t{1} << random() % 64;
      break;
    default:
      break;
  }
  return c;
}

TEST(TagCheck, AnswersAsTheListOfStepsDoes) {
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE(kSeed);
  Check check(kSeed);
  for (int i = 0; i < 20000; ++i) {
    if (i % 2000 == 1000) check.set_plain_tags(!check.plain_tags);
    if (check.random() % 20 == 0) {
      check.drain();
      check.install(random_session(check.random), check.random() % 4 != 0);
    }
    ASSERT_NO_FATAL_FAILURE(check.ask(random_claim(check)));
    for (unsigned idle = check.random() % 4 ? 0 : check.random() % 9; idle > 0; --idle) check.tick();
  }
  check.drain();
  for (const unsigned count : {0U, 1U, 2U, 4U, 8U}) EXPECT_GT(check.seen[count], 500U) << count;
}

TEST(TagCheck, KnowsNobodyAfterResetAndAWipe) {
  Check check(12);
  Session session = random_session(check.random);
  const auto claim = [&] {
    Claim c;
    c.present = true;
    c.handle = session.handle;
    c.check = driver::tag_check(session.key, c.handle, c.source, c.destination);
    return c;
  };
  check.ask(claim());
  check.drain();
  EXPECT_EQ(check.seen[kUnknown], 1U);
  check.install(session);
  check.ask(claim());
  check.wipe();
  EXPECT_EQ(check.seen[kOk], 1U);
  check.ask(claim());
  check.drain();
  EXPECT_EQ(check.seen[kUnknown], 2U);
  session.handle = 0;
  for (std::uint32_t handle = 0; handle < layout::kTagRows; ++handle) {
    session.handle = handle;
    check.ask(claim());
  }
  check.drain();
  EXPECT_EQ(check.seen[kUnknown], 2U + layout::kTagRows);
}

TEST(TagCheck, ListensToItsOwnTableAlone) {
  Check check(13);
  Session session;
  session.handle = 5;
  session.principal = 9;
  layout::Row row;
  row.set(layout::tag_key::kValid, 1);
  row.set(layout::tag_key::kHandle, session.handle);
  for (const layout::Table& table : layout::kTables) {
    if (table.id != static_cast<unsigned>(layout::TableId::kTagKey)) check.write(table.id, session.handle, row);
  }
  Claim c;
  c.present = true;
  c.handle = session.handle;
  check.ask(c);
  check.drain();
  EXPECT_EQ(check.seen[kUnknown], 1U);
}

}  // namespace
}  // namespace sallyport::hw
