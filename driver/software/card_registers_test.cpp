// SPDX-License-Identifier: Apache-2.0
#include "driver/software/card_bench.hpp"

namespace sallyport::driver {
namespace {

namespace reg = layout::reg;
using layout::LoadError;
using layout::TableId;

TEST(CardRegisters, ReadTheirResetValueAndHoldWhatMayBeWritten) {
  SoftwareCard card([](layout::Port, Bytes) {});
  for (const layout::Register& r : layout::kRegisters) {
    for (unsigned i = 0; i < r.count; ++i) {
      if (r.offset == reg::kClock.offset) continue;  // runs
      EXPECT_EQ(card.read(r.at(i)).value(), r.reset) << r.name << ' ' << i;
    }
  }
  constexpr std::uint32_t kHeld[] = {reg::kCookie.offset,       reg::kLanMac.offset,      reg::kWanMac.offset,
                                     reg::kHashSeed.offset,     reg::kLoadAddress.offset, reg::kRxAddress.offset,
                                     reg::kTxAddress.offset,    reg::kRxConsumer.offset,  reg::kTxProducer.offset,
                                     reg::kSaStateSelect.offset};
  for (const layout::Register& vlan : {reg::kLanVlan, reg::kWanVlan}) {
    ASSERT_TRUE(card.write(vlan, 0xfffffabc));
    EXPECT_EQ(card.read(vlan).value(), 0xabcu) << vlan.name << " has 12 bits";
  }
  ASSERT_TRUE(card.write(reg::kPlainTags, 0xffffffff));
  EXPECT_EQ(card.read(reg::kPlainTags).value(), 1u);
  for (const layout::Register& r : layout::kRegisters) {
    if (r.access == layout::Access::kRead) {
      const std::uint32_t before = r.offset == reg::kClock.offset ? 0 : card.read(r).value();
      ASSERT_TRUE(card.write(r, ~before));
      if (r.offset != reg::kClock.offset) {
        EXPECT_EQ(card.read(r).value(), before) << r.name;
      }
    }
    for (const std::uint32_t offset : kHeld) {
      if (r.offset != offset) continue;
      ASSERT_TRUE(card.write(r, 0x00005a5a));
      EXPECT_EQ(card.read(r).value(), 0x00005a5au) << r.name;
    }
  }
}

class Counters : public CardBench {};

TEST_F(Counters, HoldTheHighHalfOfEachFromTheReadingOfItsLowHalfOn) {
  using layout::Counter;
  const auto half = [&](Counter c, unsigned i) { return read(reg::kCounters.at(2 * static_cast<unsigned>(c) + i)); };
  EXPECT_EQ(half(Counter::kLanRx, 1), 0U);
  card_.set_counter(Counter::kLanRx, 0x1'ffff'ffff);
  card_.set_counter(Counter::kWanRx, 0x7'0000'0003);
  EXPECT_EQ(half(Counter::kLanRx, 1), 0U) << "its low half was not read yet";
  EXPECT_EQ(half(Counter::kLanRx, 0), 0xffff'ffffU);
  EXPECT_EQ(half(Counter::kWanRx, 0), 3U);
  read(reg::kClock);
  read(reg::kDropCounters);
  card_.receive(layout::Port::kLan, bench::lan_frame());  // the counter's low half runs over
  EXPECT_EQ(half(Counter::kLanRx, 1), 1U);
  EXPECT_EQ(half(Counter::kWanRx, 1), 7U);
  EXPECT_EQ(half(Counter::kLanRx, 1), 1U);
  EXPECT_EQ(half(Counter::kLanRx, 0), 0U);
  EXPECT_EQ(half(Counter::kLanRx, 1), 2U);
}

class TableLoad : public CardBench {};

TEST_F(TableLoad, RefusesTheOpenBankAndWhateverFollows) {
  layout::Row row;
  row.set(layout::next_hop::kValid, 1);
  const std::uint32_t loads = read(reg::kLoadCount);
  EXPECT_EQ(load(TableId::kNextHop, {{9, row}}, 0), LoadError::kOpenBank);
  EXPECT_EQ(load(TableId::kNextHop, {{9, row}}, 1), LoadError::kNone);
  EXPECT_EQ(read(reg::kLoadCount), loads + 2);
}

TEST_F(TableLoad, NamesAWrongRecordAndAppliesThoseBeforeIt) {
  const auto record = [](unsigned table, unsigned first, unsigned count, std::uint32_t magic) {
    layout::Row header;
    header.set(layout::load_record::kTableId, table);
    header.set(layout::load_record::kBank, 1);
    header.set(layout::load_record::kRow, first);
    header.set(layout::load_record::kCount, count);
    header.set(layout::load_record::kMagic, magic);
    return header;
  };
  constexpr auto kNextHop = static_cast<unsigned>(layout::TableId::kNextHop);
  layout::Row empty_hop;
  const auto good = record(kNextHop, bench::kWanHop, 1, layout::kLoadMagic);
  for (const layout::Row& bad :
       {record(kNextHop, 0, 1, 0), record(99, 0, 1, layout::kLoadMagic),
        record(kNextHop, layout::kNextHops - 1, 2, layout::kLoadMagic), record(kNextHop, 0, 9, layout::kLoadMagic),
        record(kNextHop, 0xffffffff, 1, layout::kLoadMagic)}) {
    ByteWriter w;
    w.bytes(good.bytes()).bytes(empty_hop.bytes()).bytes(bad.bytes()).bytes(empty_hop.bytes());
    EXPECT_EQ(load_bytes(w.view()), LoadError::kRecord);
  }
  flip();
  card_.receive(layout::Port::kLan, bench::lan_frame());
  EXPECT_EQ(drops(layout::Drop::kNoNextHop), 1u);  // the good record was applied
}

TEST_F(TableLoad, RefusesMemoryThatIsNotTheHosts) {
  write(reg::kLoadAddress.at(1), 0xffff);
  write(reg::kLoadLength, 128);
  EXPECT_EQ(LoadError(read(reg::kStatus) >> 8), LoadError::kHostMemory);
}

TEST_F(TableLoad, OfAKeyStartsTheSequenceNumbersAnew) {
  card_.receive(layout::Port::kLan, bench::lan_frame());
  EXPECT_EQ(sa_state(true, bench::kOutIndex).get(layout::sa_out_state::kSeq), 1u);
  install_sa_out(sa_out_row());
  EXPECT_EQ(sa_state(true, bench::kOutIndex).get(layout::sa_out_state::kSeq), 0u);
}

class Flip : public CardBench {};

TEST_F(Flip, OnlyObeysTheNextGeneration) {
  const std::uint32_t generation = read(reg::kGeneration);
  write(reg::kFlip, generation);
  write(reg::kFlip, generation + 2);
  EXPECT_EQ(read(reg::kGeneration), generation);
  write(reg::kFlip, generation + 1);
  EXPECT_EQ(read(reg::kGeneration), generation + 1);
}

TEST_F(Flip, ShowsTheOtherBankToTheNextPacket) {
  ASSERT_EQ(load(TableId::kNextHop, {{bench::kWanHop, layout::Row{}}}, 1), LoadError::kNone);
  card_.receive(layout::Port::kLan, bench::lan_frame());
  EXPECT_EQ(sent_.size(), 1u);
  const std::uint32_t before = read(reg::kGeneration);
  flip();
  card_.receive(layout::Port::kLan, bench::lan_frame());
  EXPECT_EQ(drops(layout::Drop::kNoNextHop), 1u);
  flip();
  card_.receive(layout::Port::kLan, bench::lan_frame());
  EXPECT_EQ(sent_.size(), 2u);
  ASSERT_EQ(records_.size(), 3u);
  EXPECT_EQ(records_[0].generation, before);
  EXPECT_EQ(records_[1].generation, before + 1);
  EXPECT_EQ(records_[2].generation, before + 2);
}

class Control : public CardBench {};

TEST_F(Control, WipesEverySaAndKey) {
  card_.receive(layout::Port::kLan, bench::lan_frame());
  write(reg::kControl, 3);
  EXPECT_EQ(read(reg::kControl), 1u);
  card_.receive(layout::Port::kLan, bench::lan_frame());
  EXPECT_EQ(drops(layout::Drop::kSaEmpty), 1u);
  EXPECT_EQ(sa_state(true, bench::kOutIndex), layout::Row{});
}

}  // namespace
}  // namespace sallyport::driver
