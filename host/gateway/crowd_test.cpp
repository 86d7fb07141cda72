// SPDX-License-Identifier: Apache-2.0
// As many users on line as the card has rules for, each with an SA of their own.
#include <gmock/gmock.h>

#include "driver/control/card_control.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/testing/frames.hpp"
#include "host/gateway/card_keeper.hpp"
#include "host/gateway/principal_numbers.hpp"

namespace sallyport::gateway {
namespace {

using driver::Address;
using testing::HasSubstr;

constexpr unsigned kLanInterface = 3;
constexpr unsigned kWanInterface = 4;
constexpr MacAddress kLanMac = {2, 0, 0, 0, 1, 0};
constexpr MacAddress kWanMac = {2, 0, 0, 0, 2, 0};
constexpr MacAddress kPeerMac = {2, 0, 0, 0, 2, 1};
constexpr MacAddress kHostMac = {2, 0, 0, 0, 1, 1};
constexpr Address kUs = Address::from_v4(0xc0000201);    // 192.0.2.1
constexpr Address kPeer = Address::from_v4(0xc0000202);  // 192.0.2.2
constexpr std::uint32_t kFirstComputer = 0x0a010100;     // 10.1.1.0
constexpr std::uint32_t kServer = 0x0a02000a;            // 10.2.0.10
constexpr std::uint32_t kFirstSpi = 0x10000;             // of the peer's

// Knows which SAs there are, and fails when told to.
class SomeJournal final : public CardJournal {
 public:
  Result<void> about_to_open(std::uint32_t, const driver::TableImage&) override { return {}; }
  Result<void> policy_ids_changed(const std::map<std::string, std::uint16_t>&) override { return {}; }
  Result<void> sa_installed(const InstalledSa& sa) override {
    sas.insert(sa.spi_in);
    return {};
  }
  Result<void> sa_changed(const InstalledSa&) override { return {}; }
  Result<void> sa_removed(Spi spi_in) override {
    if (broken) return Error{Errc::kIo, "the journal was told to fail"};
    sas.erase(spi_in);
    return {};
  }
  std::set<Spi> sas;
  bool broken = false;
};

class CrowdTest : public testing::Test {
 protected:
  void SetUp() override {
    Forwarding forwarding({kLanInterface}, {kWanInterface});
    ASSERT_TRUE(forwarding.update({{{kWanInterface, kUs, driver::kIpv4Prefix + 24}},
                                   {{Address::from_v4(0xc0000200), driver::kIpv4Prefix + 24, 0, kWanInterface, {}}},
                                   {{{kWanInterface, kPeer}, kPeerMac}}}));
    auto control = driver::CardControl::open(card_);
    ASSERT_TRUE(control && control->set_mac(layout::Port::kLan, kLanMac) &&
                control->set_mac(layout::Port::kWan, kWanMac) && control->enable(true));
    watched_.on_written(layout::reg::kLoadLength, [this](std::uint32_t bytes) { bytes_loaded_ += bytes; });
    auto keeper = CardKeeper::start(watched_, std::move(forwarding), &journal_);
    ASSERT_TRUE(keeper) << keeper.error().detail;
    keeper_ = std::move(*keeper);

    policy::Policy staff;
    staff.name = "staff";
    staff.group = "staff";
    staff.action = policy::Action::kProtect;
    staff.connection = "peer";
    policy::Policy rest;
    rest.name = "rest";
    keeper_->set_policies({staff, rest}, {{staff.target(), true}});
    target_ = staff.target();
  }

  // They are on line with the next commit.
  void log_in(unsigned count) {
    for (; on_line_ < count; ++on_line_) {
      const auto number = numbers_.take({"staff"});
      ASSERT_TRUE(number);
      const Address computer = Address::from_v4(kFirstComputer + on_line_);
      users_[name(on_line_)] = {*number, {"staff"}, {IpAddress::from_number(computer)}};
      computers_[computer] = *number;
    }
    keeper_->set_users(users_, computers_);
  }
  // That of the peer's which user number `user` sends by with the next commit.
  void install_sa(unsigned user) {
    const auto spi = keeper_->allocate();
    ASSERT_TRUE(spi) << spi.error().detail;
    SaParameters sa;
    sa.spi_in = *spi;
    sa.spi_out = Spi{kFirstSpi + user};
    sa.key_bits = 256;
    for (SaKeys* keys : {&sa.in, &sa.out}) *keys = {Secret(32), Secret(4), Secret()};
    sa.local = IpAddress::from_number(kUs);
    sa.remote = IpAddress::from_number(kPeer);
    sa.local_ts = sa.remote_ts = {TrafficSelector::of(AddressRange::any())};
    const auto installed = keeper_->install(own(user), ike::ChildHandle{user + 1}, sa, {});
    ASSERT_TRUE(installed) << installed.error().detail;
    keeper_->use_outbound(*spi);
  }
  void commit() {
    const auto committed = keeper_->commit();
    ASSERT_TRUE(committed) << committed.error().detail;
  }
  static std::string name(unsigned user) { return "user" + std::to_string(user); }
  [[nodiscard]] std::string own(unsigned user) const { return policy::target_of_user(target_, name(user)); }

  // By whose SA a packet of this user's computer leaves; none: by nobody's.
  std::optional<unsigned> sends_by(unsigned user) {
    wan_.clear();
    card_.receive(
        layout::Port::kLan,
        driver::testing::ip_frame(kLanMac, kHostMac, driver::testing::udp_packet(kFirstComputer + user, kServer)));
    if (wan_.empty()) return std::nullopt;
    return ByteReader(Bytes(wan_.back()).subspan(34)).u32() - kFirstSpi;  // the SPI, behind Ethernet and IPv4
  }
  // Whether the card takes what comes under this SPI for an SA's.
  bool is_opened(Spi spi) {
    const auto unknown = [&] { return driver::CardControl::open(card_)->counters()->of(layout::Drop::kSpiUnknown); };
    const auto before = unknown();
    driver::IpHeader header;
    header.ttl = 64;
    header.source = kPeer;
    header.destination = kUs;
    const Buffer esp = ByteWriter().u32(static_cast<std::uint32_t>(spi)).u32(1).zeros(56).take();
    card_.receive(layout::Port::kWan,
                  driver::testing::ip_frame(kWanMac, kPeerMac, driver::write_ip(header, driver::kProtocolEsp, esp)));
    return unknown() == before;
  }
  void expect_each_sends_by_their_own(unsigned users) {
    for (unsigned user = 0; user < users; ++user) ASSERT_EQ(sends_by(user), user);
  }

  std::vector<Buffer> wan_;  // what left there
  driver::SoftwareCard card_{[this](layout::Port port, Bytes frame) {
    if (port == layout::Port::kWan) wan_.emplace_back(frame.begin(), frame.end());
  }};
  driver::testing::FlakyCard watched_{card_};
  std::uint64_t bytes_loaded_ = 0;  // into tables
  SomeJournal journal_;
  std::unique_ptr<CardKeeper> keeper_;
  std::string target_;
  PrincipalNumbers numbers_;
  policy::UsersOnLine users_;
  CardKeeper::Addresses computers_;
  unsigned on_line_ = 0;
};

TEST_F(CrowdTest, AThousandUsersSendBySasOfTheirOwnAndOneMoreIsALittleLoad) {
  log_in(1000);
  for (unsigned user = 0; user < 1000; ++user) install_sa(user);
  commit();
  expect_each_sends_by_their_own(1000);

  log_in(1001);
  ASSERT_TRUE(keeper_->flush()) << "now both banks hold the same";
  // The rule behind the users' has another number, which is a row for each of them; of everything, 3.2 MB.
  constexpr std::uint64_t kALittle = 100'000;
  const auto loads_a_little = [&] {
    bytes_loaded_ = 0;
    commit();
    EXPECT_GT(bytes_loaded_, 0U);
    EXPECT_LT(bytes_loaded_, kALittle);
  };
  loads_a_little();
  EXPECT_FALSE(sends_by(1000));
  install_sa(1000);
  loads_a_little();
  expect_each_sends_by_their_own(1001);
}

TEST_F(CrowdTest, ARuleTooManyIsNamedAndEverybodyElseSendsOn) {
  // The rule of who has no SA of their own, and the policy behind, leave room for so many who have.
  constexpr unsigned kFit = layout::kSpdRules - 2;
  log_in(kFit + 2);
  for (unsigned user = 0; user < kFit; ++user) install_sa(user);
  EXPECT_EQ(keeper_->has_room_for(own(0)).has_value(), true) << "one that is there";
  commit();
  const auto refused = keeper_->has_room_for(own(kFit));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kFull);
  EXPECT_THAT(refused.error().detail, HasSubstr("'" + name(kFit) + "'"));
  EXPECT_THAT(refused.error().detail, HasSubstr("shared = \"yes\""));

  // As if it came all the same.
  install_sa(kFit);
  const auto committed = keeper_->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, Errc::kFull);
  EXPECT_THAT(committed.error().detail, HasSubstr("1025 rules"));
  expect_each_sends_by_their_own(kFit);
  EXPECT_FALSE(sends_by(kFit));
  ASSERT_TRUE(keeper_->remove(keeper_->sending_for(own(kFit))->spi_in));

  // Who is the last without one takes the place of the rule for who has none.
  users_.erase(name(kFit + 1));
  log_in(kFit + 2);
  EXPECT_TRUE(keeper_->has_room_for(own(kFit)));
  install_sa(kFit);
  commit();
  expect_each_sends_by_their_own(kFit + 1);
}

TEST_F(CrowdTest, AnSaThatTheCardDidNotLetGoGoesWithTheNextCommit) {
  log_in(1);
  commit();
  bool failed = true;
  for (unsigned n = 0; failed; ++n) {
    SCOPED_TRACE(n);
    install_sa(0);
    const Spi spi = keeper_->sending_for(own(0))->spi_in;
    commit();
    ASSERT_TRUE(is_opened(spi));
    watched_.fail_from(n, driver::testing::FlakyCard::Loss::kRequest);
    const auto removed = keeper_->remove(spi);
    failed = watched_.failed();
    EXPECT_NE(removed.has_value(), failed);
    watched_.heal();
    commit();
    EXPECT_FALSE(is_opened(spi));
    EXPECT_FALSE(sends_by(0));
    EXPECT_TRUE(journal_.sas.empty());
    EXPECT_TRUE(keeper_->forwarding().hops_of_peers().empty());
    // Its rows are free again, and free once: the SAs that are made next are nobody else's.
    ASSERT_TRUE(keeper_->flush());
    commit();
    std::vector<Spi> all;
    for (auto one = keeper_->allocate(); one; one = keeper_->allocate()) all.push_back(*one);
    EXPECT_EQ(all.size(), layout::kSaRows);
    for (const Spi one : all) keeper_->release(one);
  }
}

TEST_F(CrowdTest, AnSaThatTheJournalDidNotLetGoIsForgottenWithTheNextCommit) {
  log_in(1);
  install_sa(0);
  commit();
  journal_.broken = true;
  EXPECT_FALSE(keeper_->remove(keeper_->sending_for(own(0))->spi_in));
  journal_.broken = false;
  EXPECT_EQ(journal_.sas.size(), 1U);
  commit();
  EXPECT_TRUE(journal_.sas.empty());
}

TEST_F(CrowdTest, PoliciesThatTheCardDoesNotTakeLeaveThoseBeforeTheirNumbers) {
  const policy::Policy rest = keeper_->policies().back();
  policy::Policy zebra = rest;
  zebra.name = "zebra";
  keeper_->set_policies({rest}, {});
  keeper_->set_policies({rest, zebra}, {});  // the second has the number that staff had
  commit();
  const auto numbers = keeper_->policy_ids();
  policy::Policy another = rest;
  another.name = "another";
  another.action = policy::Action::kBypass;
  watched_.fail_from(0, driver::testing::FlakyCard::Loss::kRequest);
  EXPECT_FALSE(keeper_->replace_policies({another}, {}));
  watched_.heal();
  EXPECT_EQ(keeper_->policy_ids(), numbers);
  EXPECT_EQ(keeper_->policies().size(), 2U);
}

// The engine gives an SPI back whose SA was removed, whenever that was.
TEST_F(CrowdTest, TheSpiOfAnSaIsFreeOnlyOnceItsRowIsWiped) {
  log_in(1);
  install_sa(0);
  const Spi spi = keeper_->sending_for(own(0))->spi_in;
  commit();
  while (keeper_->allocate()) {
  }
  ASSERT_TRUE(keeper_->remove(spi));
  keeper_->release(spi);
  EXPECT_FALSE(keeper_->allocate());
  ASSERT_TRUE(keeper_->flush());
  commit();
  EXPECT_TRUE(keeper_->allocate());
}

}  // namespace
}  // namespace sallyport::gateway
