// SPDX-License-Identifier: Apache-2.0
// Who sent a packet from LAN, by the tag in it (hw/README.md, "the user's tag"), and syn_to_host.
#include <set>

#include "driver/software/card_bench.hpp"
#include "driver/user_tag/user_tag.hpp"
#include "hw/layout/bucket_hash.hpp"

namespace sallyport::driver {
namespace {

using bench::Packet;
using layout::Action;
using layout::Counter;
using layout::Drop;
using layout::Port;
using layout::TableId;
using layout::Upcall;
namespace reg = layout::reg;
namespace d = layout::rx_descriptor;

constexpr std::uint32_t kHandle = 0xabcd0804;  // row 4
constexpr std::uint16_t kPrincipal = 0x1234, kOfAddress = 0x77;

std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts) all += count;
  return all;
}

class UserTags : public CardBench {
 protected:
  void SetUp() override {
    CardBench::SetUp();
    // Everything is the host's decision, so that upcalls tell whose it is.
    set_rule(TableId::kSpdOut, 0, Action::kHost);
    for (const Address& address : {bench::kLanHost, bench::kLanHost6}) map(address, kOfAddress);
    install(kHandle, kPrincipal, key());
  }

  static Buffer key() {
    ByteWriter w;
    for (unsigned i = 0; i < kTagKeyBytes; ++i) w.u8(static_cast<std::uint8_t>(0xf0 - i));
    return w.take();
  }
  void install(std::uint32_t handle, std::uint16_t principal, Bytes with_key) {
    layout::Row row;
    row.set(layout::tag_key::kValid, 1);
    row.set(layout::tag_key::kPrincipal, principal);
    row.set(layout::tag_key::kHandle, handle);
    std::copy(with_key.begin(), with_key.end(), row.bytes().begin() + layout::tag_key::kKey.lsb / 8);
    ASSERT_EQ(load(TableId::kTagKey, {{handle % layout::kTagRows, row}}, 0), layout::LoadError::kNone);
  }
  void map(const Address& address, std::uint16_t principal) {
    namespace bucket = layout::principal_bucket;
    layout::Row row;
    row.set(bucket::kValid, 1);
    row.set(bucket::kPrincipal, principal);
    row.set(bucket::kAddress, address);
    load_both(TableId::kPrincipal, {{layout::principal_buckets(address, 0).first, row}});
  }

  static UserTag right(const Packet& p, std::uint32_t handle = kHandle) {
    return {handle, tag_check(key(), handle, p.source, p.destination)};
  }
  static UserTag forged(const Packet& p) {
    UserTag tag = right(p);
    (*tag.check)[7] ^= 1;
    return tag;
  }
  static UserTag plain(std::uint32_t handle = kHandle) { return {handle, std::nullopt}; }
  static Buffer tagged_frame(const Packet& p, const UserTag& tag) {
    return bench::frame(bench::kLanMac, put_user_tag(bench::ip(p), tag).value());
  }

  // The principal with which the host gets this frame, which must be the packet without its tag.
  std::uint16_t sender(Bytes frame, const Packet& p) {
    card_.receive(Port::kLan, frame);
    return told(p);
  }
  std::uint16_t sender(const Packet& p, const UserTag& tag) { return sender(tagged_frame(p, tag), p); }
  std::uint16_t told(const Packet& p) {
    std::uint16_t principal = 0xffff;
    for (const auto& received : host_received()) {
      if (received.upcall() == Upcall::kTagRejected) {
        rejected_.push_back(received.descriptor.get_address(d::kSource));
        EXPECT_EQ(received.descriptor.get(d::kPrincipal), 0u);
        EXPECT_EQ(received.descriptor.get(d::kPort), static_cast<unsigned>(Port::kLan));
        EXPECT_TRUE(received.frame.empty());
        continue;
      }
      EXPECT_EQ(received.upcall(), Upcall::kPolicy);
      EXPECT_EQ(received.frame, bench::lan_frame(p));
      principal = static_cast<std::uint16_t>(received.descriptor.get(d::kPrincipal));
    }
    return principal;
  }
  // Of tag_ok, tag_unknown, tag_forged, tag_plain.
  std::vector<std::uint64_t> counts() {
    return {counter(Counter::kTagOk), counter(Counter::kTagUnknown), counter(Counter::kTagForged),
            counter(Counter::kTagPlain)};
  }
  using Counts = std::vector<std::uint64_t>;

  std::vector<Address> rejected_;  // told by events
  const Packet ipv4_{};
  const Packet ipv6_{.source = bench::kLanHost6, .destination = bench::kRemoteHost6};
};

TEST_F(UserTags, NameTheSenderWhateverTheAddressSays) {
  EXPECT_EQ(sender(bench::lan_frame(ipv4_), ipv4_), kOfAddress);
  EXPECT_EQ(sender(bench::lan_frame(ipv6_), ipv6_), kOfAddress);
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 0}));
  EXPECT_EQ(sender(ipv4_, right(ipv4_)), kPrincipal);
  EXPECT_EQ(sender(ipv6_, right(ipv6_)), kPrincipal);
  EXPECT_EQ(counts(), (Counts{2, 0, 0, 0}));
  EXPECT_TRUE(rejected_.empty());
}

TEST_F(UserTags, ThatAreWrongMakeThePacketNobodys) {
  EXPECT_EQ(sender(ipv4_, forged(ipv4_)), 0);
  EXPECT_EQ(sender(ipv4_, right(ipv4_, kHandle + layout::kTagRows)), 0);  // its row, and another handle
  EXPECT_EQ(sender(ipv4_, right(ipv4_, kHandle + 1)), 0);                 // a row that is empty
  EXPECT_EQ(sender(ipv6_, forged(ipv6_)), 0);
  EXPECT_EQ(counts(), (Counts{0, 2, 2, 0}));
  EXPECT_EQ(rejected_, (std::vector<Address>{bench::kLanHost, bench::kLanHost, bench::kLanHost, bench::kLanHost6}));
}

TEST_F(UserTags, HoldBetweenTheirTwoAddressesOnly) {
  Packet elsewhere = ipv4_;
  elsewhere.destination = Address::from_v4(bench::kRemoteHost.v4() + 1);
  EXPECT_EQ(sender(elsewhere, right(ipv4_)), 0);
  elsewhere = ipv4_;
  elsewhere.source = Address::from_v4(bench::kLanHost.v4() + 1);
  EXPECT_EQ(sender(elsewhere, right(ipv4_)), 0);
  elsewhere = ipv6_;
  elsewhere.source.high ^= 1ULL << 12;  // of the /64 beside
  card_.receive(Port::kLan, tagged_frame(elsewhere, right(ipv6_)));
  EXPECT_EQ(counts(), (Counts{0, 0, 3, 0}));
}

// Each bit of handle and check counts.
TEST_F(UserTags, AreComparedWhole) {
  const Buffer frame = tagged_frame(ipv4_, right(ipv4_));
  for (std::size_t byte = 14 + 22; byte < 14 + 34; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Buffer other = frame;
      other[byte] ^= static_cast<std::uint8_t>(1U << bit);
      write_checksum(std::span(other).subspan(14), 36);
      EXPECT_EQ(sender(other, ipv4_), 0) << "byte " << byte << ", bit " << bit;
    }
  }
  EXPECT_EQ(counts(), (Counts{0, 32, 64, 0}));
}

TEST_F(UserTags, WithoutACheckCountWhenTheRegisterSaysSo) {
  EXPECT_EQ(sender(ipv4_, plain()), 0);
  EXPECT_EQ(sender(ipv6_, plain()), 0);
  EXPECT_EQ(sender(ipv4_, plain(kHandle + 1)), 0);
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 3}));
  EXPECT_EQ(rejected_.size(), 3u);
  write(reg::kPlainTags, 1);
  EXPECT_EQ(sender(ipv4_, plain()), kPrincipal);
  EXPECT_EQ(sender(ipv6_, plain()), kPrincipal);
  EXPECT_EQ(sender(ipv4_, plain(kHandle + 1)), 0);
  EXPECT_EQ(sender(ipv4_, forged(ipv4_)), 0);  // one with a check is held to it
  EXPECT_EQ(counts(), (Counts{2, 1, 1, 3}));
}

TEST_F(UserTags, AreForgottenWithTheirRowAndByAWipe) {
  ASSERT_EQ(load(TableId::kTagKey, {{kHandle % layout::kTagRows, {}}}, 0), layout::LoadError::kNone);
  EXPECT_EQ(sender(ipv4_, right(ipv4_)), 0);
  install(kHandle, kPrincipal, key());
  EXPECT_EQ(sender(ipv4_, right(ipv4_)), kPrincipal);
  write(reg::kControl, 3);
  for (int i = 0; i < 100000 && (read(reg::kControl) & 2) != 0; ++i) continue;
  EXPECT_EQ(sender(ipv4_, right(ipv4_)), 0);
  EXPECT_EQ(counts(), (Counts{1, 2, 0, 0}));
}

TEST_F(UserTags, AreToldOfOnceUntilTheHostHasReadIt) {
  for (int i = 0; i < 3; ++i) card_.receive(Port::kLan, tagged_frame(ipv4_, forged(ipv4_)));
  told(ipv4_);
  EXPECT_EQ(rejected_.size(), 1u);
  card_.receive(Port::kLan, tagged_frame(ipv4_, forged(ipv4_)));
  told(ipv4_);
  EXPECT_EQ(rejected_.size(), 2u);
  EXPECT_EQ(counter(Counter::kTagForged), 4u);
  EXPECT_EQ(counter(Counter::kEvents), 2u);
}

// An unread event of one kind keeps none of the other back.
TEST_F(UserTags, AreToldOfBesideAnUnknownSpi) {
  const auto stray = bench::wan_frame(
      {.source = bench::kPeer, .destination = bench::kGateway, .protocol = 50, .payload = Buffer(60, 1)});
  for (int i = 0; i < 2; ++i) {
    card_.receive(Port::kLan, tagged_frame(ipv4_, forged(ipv4_)));
    card_.receive(Port::kWan, stray);
  }
  std::multiset<Upcall> events;
  for (const auto& received : host_received()) {
    if (received.frame.empty()) events.insert(received.upcall());
  }
  EXPECT_EQ(events, (std::multiset{Upcall::kSpiUnknown, Upcall::kTagRejected}));
}

TEST_F(UserTags, NeverLeaveByTheWan) {
  set_rule(TableId::kSpdOut, 0, Action::kProtect);
  const Packet http{.destination = bench::kWebServer, .protocol = 6, .payload = {0x12, 0x34, 0, 80, 0, 0}};
  for (const auto& [packet, clear] : {std::pair(ipv4_, false), {ipv6_, false}, {http, true}}) {
    for (const UserTag& tag : {right(packet), forged(packet), plain()}) {
      Buffer frame = tagged_frame(packet, tag);
      frame.resize(frame.size() + 5);  // Ethernet's padding
      card_.receive(Port::kLan, frame);
      ASSERT_EQ(sent_.size(), 1u);
      Packet forwarded = packet;
      forwarded.ttl = 63;
      if (clear) {
        EXPECT_EQ(Buffer(sent_[0].frame.begin() + 14, sent_[0].frame.end()), bench::ip(forwarded));
      } else {
        IpPacket outer;
        ASSERT_EQ(read_ip(Bytes(sent_[0].frame).subspan(14), false, outer), HeaderFault::kNone);
        EXPECT_EQ(bench::opened_by_peer(outer.payload()),
                  bench::with_trailer(bench::ip(forwarded), packet.source.is_v4() ? 4 : 41));
      }
      sent_.clear();
    }
  }
}

TEST_F(UserTags, StandInFrontOfOptionsAndExtensionHeaders) {
  Packet options = ipv4_;
  options.options.assign(24, 1);
  EXPECT_EQ(sender(options, right(options)), kPrincipal);
  Packet extensions = ipv6_;
  extensions.extensions = {kHopByHopOptions, kRouting, kDestinationOptions, kFragment};  // as many as the card reads
  extensions.fragment = 0x2001;
  EXPECT_EQ(sender(extensions, right(extensions)), kPrincipal);
  Packet fragment = ipv4_;
  fragment.fragment = 0x2001;
  EXPECT_EQ(sender(fragment, right(fragment)), kPrincipal);
}

TEST_F(UserTags, ChangeNothingOfWhatAdmissionFindsWrong) {
  const Buffer good = tagged_frame(ipv4_, right(ipv4_));
  Buffer frame = good;
  frame[14 + 10] ^= 1;
  card_.receive(Port::kLan, frame);
  EXPECT_EQ(drops(Drop::kIpChecksum), 1u);
  card_.receive(Port::kLan, Bytes(good).first(good.size() - 1));
  card_.receive(Port::kLan, Bytes(good).first(34));
  card_.receive(Port::kLan, Bytes(good).first(40));
  EXPECT_EQ(drops(Drop::kIpTruncated), 3u);
  frame = good;
  frame[14 + 3] = 35;  // total, a byte below the header
  card_.receive(Port::kLan, frame);
  frame[14 + 3] = 3;
  card_.receive(Port::kLan, frame);
  frame = good;
  frame[14] = 0x56;  // version
  card_.receive(Port::kLan, frame);
  EXPECT_EQ(drops(Drop::kIpMalformed), 3u);
  frame = good;
  frame[5] ^= 4;
  card_.receive(Port::kLan, frame);
  EXPECT_EQ(drops(Drop::kNotForUs), 1u);
  frame = tagged_frame(ipv6_, right(ipv6_));
  card_.receive(Port::kLan, Bytes(frame).first(frame.size() - 1));
  EXPECT_EQ(drops(Drop::kIpTruncated), 4u);
  frame[14 + 5] = 8;  // payload length
  card_.receive(Port::kLan, frame);
  EXPECT_EQ(drops(Drop::kIpMalformed), 4u);
  write(reg::kControl, 0);
  card_.receive(Port::kLan, good);
  EXPECT_EQ(drops(Drop::kDisabled), 1u);
  EXPECT_EQ(sum(counts()), 0u);
  EXPECT_TRUE(host_received().empty());
}

// What is no tag stays where it is, and the address says whose the packet is.
TEST_F(UserTags, AreNoneInAnotherForm) {
  const auto told_as_it_came = [&](Buffer frame) {
    if (frame[12] == 8) write_checksum(std::span(frame).subspan(14), (frame[14] & 0xfU) * 4);
    card_.receive(Port::kLan, frame);
    const auto received = host_received();
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].frame, frame);
    EXPECT_EQ(received[0].descriptor.get(d::kPrincipal), kOfAddress);
  };
  for (const UserTag& tag : {right(ipv4_), plain()}) {
    const std::size_t end = 14 + 20 + user_tag_bytes(tag);
    for (const std::size_t at : {std::size_t{34}, std::size_t{35}, end - 2, end - 1}) {
      Buffer frame = tagged_frame(ipv4_, tag);
      frame[at] = 0;
      told_as_it_came(frame);
    }
  }
  for (const UserTag& tag : {right(ipv6_), plain()}) {
    for (const std::size_t at : {56, 57}) {  // type and length of the option
      Buffer frame = tagged_frame(ipv6_, tag);
      frame[at] ^= 2;
      told_as_it_came(frame);
    }
  }
  EXPECT_EQ(sum(counts()), 0u);
}

TEST_F(UserTags, AreTakenOutOnce) {
  const Buffer twice = put_user_tag(put_user_tag(bench::ip(ipv4_), right(ipv4_)).value(), right(ipv4_)).value();
  card_.receive(Port::kLan, bench::frame(bench::kLanMac, twice));
  const auto received = host_received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].frame, tagged_frame(ipv4_, right(ipv4_)));
  EXPECT_EQ(received[0].descriptor.get(d::kPrincipal), kPrincipal);
}

TEST_F(UserTags, MeanNothingInFramesFromWan) {
  const Packet transit{
      .source = bench::kWebServer, .destination = bench::kLanHost, .protocol = 6, .payload = {0, 80, 0x12, 0x34, 0, 0}};
  const Buffer packet = put_user_tag(bench::ip(transit), right(transit)).value();
  card_.receive(Port::kWan, bench::frame(bench::kWanMac, packet));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].frame.size(), 14 + packet.size());
  EXPECT_EQ(to_hex(Bytes(sent_[0].frame).subspan(34, 16)), to_hex(Bytes(packet).subspan(20, 16)));
  EXPECT_EQ(sum(counts()), 0u);
}

TEST_F(UserTags, GiveWayToWhatTheHostKnows) {
  const auto lan_rx = static_cast<unsigned>(layout::Inject::kLanRx);
  send_from_host(bench::lan_frame(ipv4_), lan_rx, 0x5555);
  EXPECT_EQ(told(ipv4_), 0x5555);
  send_from_host(bench::lan_frame(ipv4_), lan_rx, 0);
  EXPECT_EQ(told(ipv4_), 0);
  send_from_host(bench::lan_frame(ipv4_), lan_rx);
  EXPECT_EQ(told(ipv4_), kOfAddress);
  send_from_host(tagged_frame(ipv4_, forged(ipv4_)), lan_rx, 0x5555);
  EXPECT_EQ(told(ipv4_), 0x5555);
  EXPECT_EQ(sum(counts()), 0u);
  send_from_host(tagged_frame(ipv4_, right(ipv4_)), lan_rx);
  EXPECT_EQ(told(ipv4_), kPrincipal);
  EXPECT_EQ(counts(), (Counts{1, 0, 0, 0}));
}

TEST_F(UserTags, LeaveLongFramesWhole) {
  for (std::size_t payload = 0; payload < 200; ++payload) {
    Packet packet = payload % 2 == 0 ? ipv4_ : ipv6_;
    packet.protocol = 99;
    packet.payload.resize(payload);
    for (std::size_t i = 0; i < payload; ++i) packet.payload[i] = static_cast<std::uint8_t>(i * 37 + payload);
    EXPECT_EQ(sender(packet, payload % 3 == 0 ? plain() : right(packet)), payload % 3 == 0 ? 0 : kPrincipal) << payload;
  }
}

// ---- syn_to_host ---------------------------------------------------------------------------------------------------

class SynToHost : public CardBench {
 protected:
  static constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kAck = 0x10, kEce = 0x40, kCwr = 0x80;

  static Packet tcp(std::uint8_t flags, bool ipv6 = false) {
    Packet p{.protocol = 6, .payload = Buffer(20)};
    p.payload[1] = 7;
    p.payload[13] = flags;
    if (ipv6) {
      p.source = bench::kLanHost6;
      p.destination = bench::kRemoteHost6;
    }
    return p;
  }
  // Whether the host gets the packet; if not, it must have been protected.
  bool to_host(Bytes frame) {
    sent_.clear();
    card_.receive(Port::kLan, frame);
    const auto received = host_received();
    EXPECT_EQ(received.size() + sent_.size(), 1u);
    if (received.empty()) return false;
    EXPECT_EQ(received[0].upcall(), Upcall::kPolicy);
    EXPECT_EQ(received[0].descriptor.get(d::kPolicyId), bench::kPolicyId);
    EXPECT_EQ(received[0].frame, Buffer(frame.begin(), frame.end()));
    return true;
  }
  bool to_host(const Packet& p) { return to_host(bench::lan_frame(p)); }
  void want(bool syn_to_host, Action action = Action::kProtect) {
    set_rule(TableId::kSpdOut, 0, action, bench::kOutIndex, syn_to_host);
  }
};

TEST_F(SynToHost, GivesTheHostWhatOpensAConnection) {
  EXPECT_FALSE(to_host(tcp(kSyn)));
  want(true);
  for (const bool ipv6 : {false, true}) {
    EXPECT_TRUE(to_host(tcp(kSyn, ipv6)));
    EXPECT_TRUE(to_host(tcp(kSyn | kEce | kCwr, ipv6)));  // RFC 3168 6.1.1
    EXPECT_FALSE(to_host(tcp(kSyn | kAck, ipv6)));
    EXPECT_FALSE(to_host(tcp(kAck, ipv6)));
    EXPECT_FALSE(to_host(tcp(kFin, ipv6)));
    Packet udp = tcp(kSyn, ipv6);
    udp.protocol = 17;
    EXPECT_FALSE(to_host(udp));
  }
}

TEST_F(SynToHost, LooksBehindOptionsAndExtensionHeaders) {
  want(true);
  for (std::size_t options = 0; options <= 40; options += 4) {
    Packet p = tcp(kSyn);
    p.options.assign(options, 1);
    EXPECT_TRUE(to_host(p)) << options;
    p.payload[13] = kAck;
    EXPECT_FALSE(to_host(p)) << options;
  }
  for (std::size_t count = 0; count <= 4; ++count) {
    Packet p = tcp(kSyn, true);
    p.extensions.assign(count, kDestinationOptions);
    EXPECT_TRUE(to_host(p)) << count;
    p.payload[13] = kAck;
    EXPECT_FALSE(to_host(p)) << count;
  }
}

TEST_F(SynToHost, LeavesFragmentsAndSegmentsThatEndBeforeTheirFlags) {
  want(true);
  for (const bool ipv6 : {false, true}) {
    for (const std::uint16_t fragment : {std::uint16_t{0x2000}, std::uint16_t{0x0001}}) {
      Packet p = tcp(kSyn, ipv6);
      p.fragment = fragment;
      if (ipv6) p.extensions = {kFragment};
      EXPECT_FALSE(to_host(p)) << fragment;
    }
    Packet whole = tcp(kSyn, ipv6);
    if (ipv6) whole.extensions = {kFragment};  // RFC 6946: a fragment header, and no fragment
    EXPECT_TRUE(to_host(whole));
    Packet p = tcp(kSyn, ipv6);
    p.payload.resize(14);
    EXPECT_TRUE(to_host(p));
    p.payload.resize(13);
    Buffer frame = bench::lan_frame(p);
    frame.resize(60 + 20, kSyn);  // behind the packet's end
    EXPECT_FALSE(to_host(frame));
  }
}

TEST_F(SynToHost, SaysNothingInRulesThatDoNotProtect) {
  want(true, Action::kBypass);
  EXPECT_FALSE(to_host(tcp(kSyn)));
  want(true, Action::kDiscard);
  card_.receive(Port::kLan, bench::lan_frame(tcp(kSyn)));
  EXPECT_EQ(drops(Drop::kSpdDiscard), 1u);
}

TEST_F(SynToHost, LetsPassWhatTheHostGivesBack) {
  want(true);
  const auto lan_rx = static_cast<unsigned>(layout::Inject::kLanRx);
  send_from_host(bench::lan_frame(tcp(kSyn)), lan_rx, 0);
  EXPECT_EQ(sent_.size(), 1u);
  EXPECT_TRUE(host_received().empty());
  send_from_host(bench::lan_frame(tcp(kSyn)), lan_rx);
  EXPECT_EQ(host_received().size(), 1u);
}

}  // namespace
}  // namespace sallyport::driver
