// SPDX-License-Identifier: Apache-2.0
// SAs between two gateways with a card each, driven as a daemon drives them.
#include "driver/sa/sa_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "driver/control/card_control.hpp"
#include "driver/software/software_card.hpp"
#include "driver/tables/route_compiler.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/testing/frames.hpp"

namespace sallyport::driver {
namespace {

using layout::Address;
using layout::Drop;
using layout::Port;

constexpr std::uint16_t kPolicyId = 42;
constexpr std::uint8_t kLanHop = 1;
constexpr std::uint8_t kWanHop = 2;

Secret marked(std::uint8_t mark, std::size_t bytes) { return Secret(Buffer(bytes, mark)); }

SaProtection gcm(std::uint8_t mark, std::size_t key_bytes = 32) {
  return {.key = marked(mark, key_bytes), .salt = marked(mark, 4)};
}

SaProtection cbc(std::uint8_t mark) {
  return {.cipher = layout::Cipher::kAesCbc,
          .integrity = layout::Integrity::kHmacSha256_128,
          .key = marked(mark, 16),
          .integrity_key = marked(mark, 32)};
}

// A card that remembers what was loaded.
class WatchedCard : public testing::FlakyCard {
 public:
  using FlakyCard::FlakyCard;
  std::vector<std::pair<layout::TableId, layout::Row>> loaded;

  Result<void> write(const layout::Register& reg, std::uint32_t value) override {
    if (reg.offset == layout::reg::kLoadLength.offset) {
      std::span<std::uint8_t> left = memory().back().first(value);
      const auto next_row = [&left] {
        layout::Row row;
        std::ranges::copy(left.first(layout::kRowBytes), row.bytes().begin());
        left = left.subspan(layout::kRowBytes);
        return row;
      };
      while (!left.empty()) {
        const layout::Row head = next_row();
        const auto table = static_cast<layout::TableId>(head.get(layout::load_record::kTableId));
        for (auto rows = head.get(layout::load_record::kCount); rows > 0; --rows)
          loaded.emplace_back(table, next_row());
      }
    }
    return FlakyCard::write(reg, value);
  }
};

// Gateway `number` with LAN 10.0.number.0/24, WAN address 192.0.2.number, host 10.0.number.9 behind it.
class Gateway {
 public:
  explicit Gateway(std::uint8_t number)
      : number_(number),
        card_([this](Port port, Bytes frame) {
          (port == Port::kLan ? lan_ : wan_).emplace_back(frame.begin(), frame.end());
        }),
        session_(TableSession::fresh(watched_).value()),
        sas_(watched_, session_) {
    auto control = CardControl::open(watched_);
    EXPECT_TRUE(control->set_mac(Port::kLan, lan_mac()));
    EXPECT_TRUE(control->set_mac(Port::kWan, wan_mac()));
    EXPECT_TRUE(control->enable(true));
  }

  [[nodiscard]] MacAddress lan_mac() const { return {2, 0, 0, 0, number_, 1}; }
  [[nodiscard]] MacAddress wan_mac() const { return {2, 0, 0, 0, number_, 2}; }
  [[nodiscard]] Address address() const { return Address::from_v4(0xc0000200U + number_); }
  [[nodiscard]] AddressRange lan() const {
    const std::uint32_t network = 0x0a000000U + (number_ << 8);
    return {Address::from_v4(network), Address::from_v4(network + 0xff)};
  }
  [[nodiscard]] std::uint32_t host() const { return lan().first.v4() + 9; }

  // Sends what is between the LANs through row `sa_index`, and demands protection of what comes back.
  void commit(const Gateway& peer, std::optional<std::uint16_t> sa_index) {
    SpdRule rule;
    rule.source = {lan()};
    rule.destination = {peer.lan()};
    rule.action = sa_index ? layout::Action::kProtect : layout::Action::kHost;
    rule.sa_index = sa_index.value_or(0);
    rule.policy_id = kPolicyId;
    SpdRule back = rule;
    std::swap(back.source, back.destination);
    back.action = layout::Action::kProtect;
    TableImage image;
    EXPECT_TRUE(compile_spd(Direction::kOutbound, {rule}, image));
    EXPECT_TRUE(compile_spd(Direction::kInbound, {back}, image));
    EXPECT_TRUE(compile_routes({{lan().first, kIpv4Prefix + 24, layout::Route::kSend, kLanHop},
                                {Address::from_v4(0), kIpv4Prefix, layout::Route::kSend, kWanHop},
                                {address(), kIpv4Prefix + 32, layout::Route::kLocal, 0}},
                               image));
    set_next_hop(image, kLanHop, {Port::kLan, {2, 0, 0, 0, number_, 9}, 1500});
    set_next_hop(image, kWanHop, {Port::kWan, peer.wan_mac(), 1500});
    EXPECT_TRUE(session_.commit(image));
  }

  // A packet of our host to the peer's; how many left towards the WAN.
  void send_to(const Gateway& peer) {
    card_.receive(Port::kLan, testing::ethernet_frame(lan_mac(), {2, 0, 0, 0, number_, 9}, kEthertypeIpv4,
                                                      testing::udp_packet(host(), peer.host())));
  }
  std::uint64_t drops(Drop reason) { return CardControl::open(card_)->counters()->of(reason); }

  std::uint8_t number_;
  std::vector<Buffer> lan_;  // what the card sent
  std::vector<Buffer> wan_;
  SoftwareCard card_;
  WatchedCard watched_{card_};
  TableSession session_;
  SaTable sas_;
};

class SaTableTest : public ::testing::Test {
 protected:
  // An SA from a to b: the receiver chooses the SPI. The sender's row.
  static std::uint16_t connect(Gateway& from, Gateway& to, std::uint8_t key_mark, std::uint32_t& spi,
                               std::uint32_t replay_window = kDefaultReplayWindow) {
    spi = to.sas_.reserve_spi().value();
    InboundSa in;
    in.spi = spi;
    in.destination = to.address();
    in.protection = gcm(key_mark);
    in.policy_id = kPolicyId;
    in.replay_window = replay_window;
    EXPECT_TRUE(to.sas_.install(in));
    OutboundSa out;
    out.spi = spi;
    out.source = from.address();
    out.destination = to.address();
    out.protection = gcm(key_mark);
    out.next_hop = kWanHop;
    out.policy_id = kPolicyId;
    return from.sas_.install(out).value();
  }
  // Everything on the wire from a to b arrives.
  static void deliver(Gateway& from, Gateway& to) {
    for (const Buffer& frame : from.wan_) to.card_.receive(Port::kWan, frame);
    from.wan_.clear();
  }

  Gateway a_{1};
  Gateway b_{2};
};

TEST_F(SaTableTest, CarriesPacketsFromOneGatewayToTheOther) {
  std::uint32_t spi = 0;
  const std::uint16_t row = connect(a_, b_, 0x11, spi);
  a_.commit(b_, row);
  b_.commit(a_, std::nullopt);
  for (int i = 0; i < 3; ++i) a_.send_to(b_);
  deliver(a_, b_);
  EXPECT_EQ(b_.lan_.size(), 3u);
  const OutboundState out = a_.sas_.outbound_state(row).value();
  EXPECT_EQ(out.seq, 3u);
  EXPECT_EQ(out.packets, 3u);
  const InboundState in = b_.sas_.inbound_state(spi).value();
  EXPECT_EQ(in.top, 3u);
  EXPECT_EQ(in.bytes, out.bytes);
  EXPECT_FALSE(in.expired);
}

// The old SA stays until packets under it have arrived: none is lost.
TEST_F(SaTableTest, RekeysWithoutLosingAPacket) {
  std::uint32_t spi = 0;
  std::uint16_t row = connect(a_, b_, 0x20, spi);
  a_.commit(b_, row);
  b_.commit(a_, std::nullopt);
  std::set<std::uint32_t> spis{spi};
  for (std::uint8_t rekey = 1; rekey <= 20; ++rekey) {
    a_.send_to(b_);  // under the old SA, still on the wire at the change
    std::uint32_t new_spi = 0;
    const std::uint16_t new_row = connect(a_, b_, static_cast<std::uint8_t>(0x20 + rekey), new_spi);
    EXPECT_TRUE(spis.insert(new_spi).second);
    a_.commit(b_, new_row);
    ASSERT_TRUE(a_.sas_.retire_outbound(row));
    a_.send_to(b_);
    deliver(a_, b_);
    ASSERT_TRUE(b_.sas_.retire_inbound(spi));
    b_.commit(a_, std::nullopt);
    ASSERT_TRUE(a_.sas_.reclaim());
    ASSERT_TRUE(b_.sas_.reclaim());
    row = new_row;
    spi = new_spi;
    EXPECT_EQ(b_.lan_.size(), 2u * rekey);
  }
}

TEST_F(SaTableTest, RefusesPacketsOfARetiredSaAndReusesItsRowOnlyAfterTheNextCommit) {
  std::uint32_t spi = 0;
  const std::uint16_t row = connect(a_, b_, 0x33, spi);
  a_.commit(b_, row);
  b_.commit(a_, std::nullopt);
  a_.send_to(b_);
  ASSERT_TRUE(b_.sas_.retire_inbound(spi));
  deliver(a_, b_);
  EXPECT_EQ(b_.drops(Drop::kSpiUnknown), 1u);
  ASSERT_TRUE(b_.sas_.reclaim());
  EXPECT_EQ(b_.sas_.claim_spi(spi).error().code, Errc::kExists);
  b_.commit(a_, std::nullopt);
  ASSERT_TRUE(b_.sas_.reclaim());
  EXPECT_TRUE(b_.sas_.claim_spi(spi));
}

TEST_F(SaTableTest, ChoosesSpisThatCarryTheirRowAndAreNeverReserved) {
  std::set<std::uint32_t> rows;
  for (unsigned i = 0; i < layout::kSaRows; ++i) {
    const std::uint32_t spi = a_.sas_.reserve_spi().value();
    EXPECT_GE(spi, 256u);
    EXPECT_TRUE(rows.insert(spi % layout::kSaRows).second);
  }
  EXPECT_EQ(a_.sas_.reserve_spi().error().code, Errc::kFull);
  EXPECT_EQ(a_.sas_.claim_spi(255).error().code, Errc::kInvalid);
}

TEST_F(SaTableTest, LeavesNoKeyInHostMemory) {
  constexpr std::uint8_t kMark = 0x5e;
  std::uint32_t spi = 0;
  (void)connect(a_, b_, kMark, spi);
  OutboundSa of_two_keys;
  of_two_keys.protection = cbc(kMark);
  ASSERT_TRUE(a_.sas_.install(of_two_keys));
  for (Gateway* gateway : {&a_, &b_}) {
    ASSERT_FALSE(gateway->watched_.memory().empty());
    for (const auto& memory : gateway->watched_.memory()) {
      const Buffer piece(16, kMark);
      EXPECT_EQ(std::search(memory.begin(), memory.end(), piece.begin(), piece.end()), memory.end());
    }
  }
}

// hw/README.md: "the driver writes integrity key (when there is one), key, limits, then row".
TEST_F(SaTableTest, LoadsTheKeysOfAnSaBeforeItsRow) {
  using layout::TableId;
  const auto tables = [this] {
    std::vector<TableId> ids;
    for (const auto& [table, row] : std::exchange(a_.watched_.loaded, {})) ids.push_back(table);
    return ids;
  };
  OutboundSa out;
  out.protection = cbc(1);
  ASSERT_TRUE(a_.sas_.install(out));
  EXPECT_EQ(tables(),
            (std::vector{TableId::kSaOutIntegrityKey, TableId::kSaOutKey, TableId::kSaOutLimits, TableId::kSaOut}));
  InboundSa in;
  in.spi = a_.sas_.reserve_spi().value();
  in.protection = gcm(2);
  ASSERT_TRUE(a_.sas_.install(in));
  EXPECT_EQ(tables(), (std::vector{TableId::kSaInKey, TableId::kSaInLimits, TableId::kSaIn}));
}

TEST_F(SaTableTest, WritesWhatAnSaSaysIntoItsRows) {
  const Address source(0x20010db8'00000000, 1);
  const Address destination(0x20010db8'00000000, 2);
  OutboundSa out;
  out.spi = 0x12345678;
  out.protocol = layout::Protocol::kAh;
  out.source = source;
  out.destination = destination;
  out.protection = {layout::Cipher::kNull, layout::Integrity::kHmacSha1_96, {}, {}, marked(3, 20)};
  out.df = layout::Df::kClear;
  out.dscp = 46;
  out.ah_align8 = true;
  out.too_big = layout::TooBig::kFragment;
  out.limits = {1, 2, 3, 4};
  ASSERT_TRUE(a_.sas_.install(out));
  {
    namespace f = layout::sa_out;
    const layout::Row& row = a_.watched_.loaded.at(3).second;
    EXPECT_EQ(row.get(f::kValid), 1u);
    EXPECT_EQ(row.get(f::kMode), static_cast<std::uint64_t>(layout::Mode::kTunnel));
    EXPECT_EQ(row.get(f::kProtocol), static_cast<std::uint64_t>(layout::Protocol::kAh));
    EXPECT_EQ(row.get(f::kIpv6), 1u);
    EXPECT_EQ(row.get(f::kDf), static_cast<std::uint64_t>(layout::Df::kClear));
    EXPECT_EQ(row.get_address(f::kSource), source);
    EXPECT_EQ(row.get_address(f::kDestination), destination);
    EXPECT_EQ(row.get(f::kSetDscp), 1u);
    EXPECT_EQ(row.get(f::kDscp), 46u);
    EXPECT_EQ(row.get(f::kAhAlign8), 1u);
    EXPECT_EQ(row.get(f::kTooBig), static_cast<std::uint64_t>(layout::TooBig::kFragment));
    namespace l = layout::sa_limits;
    const layout::Row& limits = a_.watched_.loaded.at(2).second;
    EXPECT_EQ(limits.get(l::kSoftPackets), 1u);
    EXPECT_EQ(limits.get(l::kHardPackets), 2u);
    EXPECT_EQ(limits.get(l::kSoftBytes), 3u);
    EXPECT_EQ(limits.get(l::kHardBytes), 4u);
  }
  a_.watched_.loaded.clear();
  out.mode = layout::Mode::kTransport;
  out.dscp.reset();
  ASSERT_TRUE(a_.sas_.install(out));
  {
    namespace f = layout::sa_out;
    const layout::Row& row = a_.watched_.loaded.at(3).second;
    EXPECT_EQ(row.get(f::kMode), static_cast<std::uint64_t>(layout::Mode::kTransport));
    EXPECT_EQ(row.get(f::kIpv6), 0u);
    EXPECT_EQ(row.get(f::kSetDscp), 0u);
  }
  a_.watched_.loaded.clear();
  InboundSa in;
  in.spi = a_.sas_.reserve_spi().value();
  in.mode = layout::Mode::kTransport;
  in.protocol = layout::Protocol::kAh;
  in.destination = destination;
  in.protection = {layout::Cipher::kNull, layout::Integrity::kHmacSha1_96, {}, {}, marked(3, 20)};
  ASSERT_TRUE(a_.sas_.install(in));
  {
    namespace f = layout::sa_in;
    const layout::Row& row = a_.watched_.loaded.at(3).second;
    EXPECT_EQ(row.get(f::kMode), static_cast<std::uint64_t>(layout::Mode::kTransport));
    EXPECT_EQ(row.get(f::kProtocol), static_cast<std::uint64_t>(layout::Protocol::kAh));
    EXPECT_EQ(row.get_address(f::kDestination), destination);
    EXPECT_EQ(row.get(f::kSpi), in.spi);
  }
}

TEST_F(SaTableTest, RefusesWhatNoSaIs) {
  const auto problem = [&](auto change) {
    OutboundSa sa;
    sa.protection = {layout::Cipher::kNull, layout::Integrity::kHmacSha1_96, {}, {}, marked(3, 20)};
    change(sa);
    const auto row = a_.sas_.install(sa);
    return row ? "installed" : row.error().detail;
  };
  const auto ah = [](OutboundSa& sa) { sa.protocol = layout::Protocol::kAh; };
  EXPECT_EQ(problem(ah), "installed");
  EXPECT_EQ(problem([&](OutboundSa& sa) {
              ah(sa);
              sa.protection = cbc(1);
            }),
            "ah does not encrypt: cipher must be null, not aes_cbc");
  EXPECT_EQ(problem([&](OutboundSa& sa) {
              ah(sa);
              sa.encap.emplace();
            }),
            "ah does not pass a NAT, so it is never in UDP: use esp");
  EXPECT_EQ(problem([](OutboundSa& sa) { sa.destination = Address::from_v4(1); }),
            "a tunnel from an address of one IP version to an address of the other");
  EXPECT_EQ(problem([](OutboundSa& sa) { sa.dscp = 63; }), "installed");
  EXPECT_EQ(problem([](OutboundSa& sa) { sa.dscp = 64; }), "dscp must be 0 to 63, not 64");
}

TEST_F(SaTableTest, TellsTheCardHowLongAKeyIs) {
  using layout::KeySize;
  for (const auto& [bytes, size] :
       {std::pair(16U, KeySize::kAes128), {24U, KeySize::kAes192}, {32U, KeySize::kAes256}}) {
    OutboundSa sa;
    sa.protection = gcm(1, bytes);
    ASSERT_TRUE(a_.sas_.install(sa));
    const auto [table, row] = a_.watched_.loaded.at(0);
    EXPECT_EQ(table, layout::TableId::kSaOutKey);
    EXPECT_EQ(row.get(layout::sa_key::kKeySize), static_cast<std::uint64_t>(size)) << bytes;
    a_.watched_.loaded.clear();
  }
}

// What a cipher or an integrity demands is what is taken, and one byte more or less is refused.
TEST_F(SaTableTest, TakesKeysOfTheLengthsThatTheAlgorithmsHaveAndNoOther) {
  using layout::Cipher;
  using layout::Integrity;
  struct Demand {
    Cipher cipher;
    std::vector<std::size_t> key;
    std::size_t salt;
  };
  const std::vector<Demand> ciphers = {
      {Cipher::kAesGcm, {16, 24, 32}, 4}, {Cipher::kAesGmac, {16, 24, 32}, 4}, {Cipher::kNull, {0}, 0},
      {Cipher::kAesCtr, {16, 24, 32}, 4}, {Cipher::kAesCbc, {16, 24, 32}, 0},  {Cipher::kDesCbc, {8}, 0},
      {Cipher::kDes3Cbc, {24}, 0}};
  const std::size_t hash_bytes[] = {0, 16, 20, 32, 48, 64};
  const auto installs = [&](Cipher cipher, Integrity integrity, std::size_t key, std::size_t salt, std::size_t hmac) {
    OutboundSa sa;
    sa.protection = {cipher, integrity, marked(1, key), marked(2, salt), marked(3, hmac)};
    auto row = a_.sas_.install(sa);
    if (!row) {
      EXPECT_EQ(row.error().code, Errc::kInvalid);
    }
    return row.has_value();
  };
  for (const Demand& demand : ciphers) {
    const bool own_icv = layout::shape(demand.cipher).icv != 0;
    for (unsigned code = 0; code < std::size(layout::kIntegrities); ++code) {
      const auto integrity = Integrity(code);
      const bool sound = own_icv == (integrity == Integrity::kNone);
      SCOPED_TRACE(std::string(layout::kCiphers[static_cast<unsigned>(demand.cipher)].name) + " " +
                   layout::kIntegrities[code].name);
      for (std::size_t key = 0; key <= 40; ++key) {
        const bool right = std::find(demand.key.begin(), demand.key.end(), key) != demand.key.end();
        EXPECT_EQ(installs(demand.cipher, integrity, key, demand.salt, hash_bytes[code]), sound && right) << key;
      }
      for (std::size_t salt = 0; salt <= 8; ++salt) {
        EXPECT_EQ(installs(demand.cipher, integrity, demand.key[0], salt, hash_bytes[code]),
                  sound && salt == demand.salt)
            << salt;
      }
      for (std::size_t hmac = 0; hmac <= 65; ++hmac) {
        EXPECT_EQ(installs(demand.cipher, integrity, demand.key[0], demand.salt, hmac),
                  sound && hmac == hash_bytes[code])
            << hmac;
      }
    }
  }
}

// The first packet comes when its number is the last inside of the window, and again when it is the first left of it.
TEST_F(SaTableTest, GivesAnInboundSaAnAntiReplayWindowOfEverySizeThereIs) {
  for (const std::uint32_t window : {64, 128, 256, 512, 1024, 2048, 4096}) {
    Gateway a{1};
    Gateway b{2};
    std::uint32_t spi = 0;
    const std::uint16_t row = connect(a, b, 0x50, spi, window);
    a.commit(b, row);
    b.commit(a, std::nullopt);
    for (std::uint32_t i = 0; i <= window; ++i) a.send_to(b);
    std::vector<Buffer> packets;
    packets.swap(a.wan_);
    const auto arrives = [&](std::uint32_t seq) {
      const std::size_t before = b.lan_.size();
      b.card_.receive(Port::kWan, packets[seq - 1]);
      return b.lan_.size() == before + 1;
    };
    EXPECT_TRUE(arrives(window));
    EXPECT_TRUE(arrives(1));
    EXPECT_FALSE(arrives(1));
    EXPECT_EQ(b.drops(Drop::kReplayDuplicate), 1u);
    EXPECT_TRUE(arrives(window + 1));
    EXPECT_FALSE(arrives(1));
    EXPECT_EQ(b.drops(Drop::kReplayOld), 1u);
  }
}

TEST_F(SaTableTest, RefusesAnAntiReplayWindowOfAnotherSizeAndSaysWhichThereAre) {
  const auto problem = [&](std::uint32_t window) {
    InboundSa sa;
    sa.spi = a_.sas_.reserve_spi().value();
    sa.protection = gcm(1);
    sa.replay_window = window;
    const auto installed = a_.sas_.install(sa);
    return installed ? "installed" : installed.error().detail;
  };
  EXPECT_EQ(problem(0),
            "replay_window must not be 0: without a window, whoever recorded a packet could send it again; it must be "
            "64, 128, 256, 512, 1024, 2048 or 4096");
  for (const std::uint32_t window : {1, 32, 63, 65, 100, 4095, 4097, 8192}) {
    EXPECT_EQ(problem(window),
              "replay_window must be 64, 128, 256, 512, 1024, 2048 or 4096 packets, not " + std::to_string(window));
  }
}

TEST_F(SaTableTest, NamesWhatAnAlgorithmTakes) {
  const auto problem = [&](SaProtection protection) {
    OutboundSa sa;
    sa.protection = std::move(protection);
    return a_.sas_.install(sa).error().detail;
  };
  using layout::Cipher;
  using layout::Integrity;
  EXPECT_EQ(problem({Cipher::kAesCbc, Integrity::kHmacSha256_128, marked(1, 20), {}, marked(3, 32)}),
            "aes_cbc takes a key of 16, 24 or 32 bytes, and was given 20 bytes");
  EXPECT_EQ(problem({Cipher::kAesCtr, Integrity::kHmacSha256_128, marked(1, 16), {}, marked(3, 32)}),
            "aes_ctr takes a salt of 4 bytes, and was given 0 bytes");
  EXPECT_EQ(problem({Cipher::kNull, Integrity::kHmacSha384_192, {}, {}, marked(3, 32)}),
            "hmac_sha384_192 takes an integrity key of 48 bytes, and was given 32 bytes");
  EXPECT_EQ(problem({Cipher::kDesCbc, Integrity::kNone, marked(1, 8), {}, {}}),
            "des_cbc needs an integrity beside it, such as hmac_sha256_128");
  EXPECT_EQ(problem({Cipher::kAesGcm, Integrity::kHmacSha1_96, marked(1, 16), marked(2, 4), marked(3, 20)}),
            "aes_gcm has an ICV of its own: integrity must be none, not hmac_sha1_96");
}

TEST_F(SaTableTest, InstallsNothingWhenTheCardFailsOnTheWay) {
  using testing::FlakyCard;
  std::uint32_t spi = 0;
  const std::uint16_t row = connect(a_, b_, 0x44, spi);
  a_.commit(b_, row);
  b_.commit(a_, std::nullopt);
  OutboundSa sa;
  sa.protection = gcm(7);
  unsigned failures = 0;
  for (;; ++failures) {
    a_.watched_.fail_from(failures, FlakyCard::Loss::kRequest);
    const bool installed = a_.sas_.install(sa).has_value();
    const bool failed = a_.watched_.failed();
    a_.watched_.heal();
    ASSERT_EQ(installed, !failed);
    a_.send_to(b_);  // nobody else's SA is touched
    deliver(a_, b_);
    ASSERT_EQ(b_.lan_.size(), failures + 1);
    if (!failed) break;
  }
  EXPECT_GT(failures, 8u);
}

// A daemon that comes back: the sequence numbers go on, and rows in use are not given away.
TEST_F(SaTableTest, GoesOnAfterARestartOfTheDaemon) {
  std::uint32_t spi = 0;
  const std::uint16_t row = connect(a_, b_, 0x66, spi);
  a_.commit(b_, row);
  b_.commit(a_, std::nullopt);
  std::uint32_t unknown = 0;
  const std::uint16_t unknown_row = connect(a_, b_, 0x67, unknown);  // which the daemon did not come to store
  a_.send_to(b_);
  deliver(a_, b_);

  const Buffer stored = b_.session_.current().serialise();
  TableSession session = TableSession::adopt(b_.watched_, TableImage::parse(stored).value()).value();
  SaTable sas(b_.watched_, session);
  ASSERT_TRUE(sas.adopt({}, {spi}));
  EXPECT_EQ(sas.claim_spi(spi).error().code, Errc::kExists);
  EXPECT_EQ(sas.inbound_state(spi)->top, 1u);
  a_.send_to(b_);
  deliver(a_, b_);
  EXPECT_EQ(b_.lan_.size(), 2u);
  EXPECT_EQ(sas.inbound_state(spi)->top, 2u);
  a_.commit(b_, unknown_row);
  a_.send_to(b_);
  deliver(a_, b_);
  EXPECT_EQ(b_.lan_.size(), 2u) << "and opens nothing for an SA that nobody knows";
}

}  // namespace
}  // namespace sallyport::driver
