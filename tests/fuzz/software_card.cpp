// SPDX-License-Identifier: Apache-2.0
// Frames at every port of a software card with rules and SAs, some of them sealed under its inbound key so that what is
// inside is seen: ESP and AH, in tunnel and transport mode, over IPv4 and IPv6; from LAN with users' tags. Every packet
// ends once: sent, given to the host, or under one drop reason; and nothing that claims to come from behind the peer
// reaches the LAN unless it came sealed. Whatever options stand in front of AH, card and peer find the same ICV.
//
// The input is a byte that says what the SAs are, and records: kind, length (16 bits), bytes.
#include "driver/software/card_bench.hpp"
#include "driver/user_tag/user_tag.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

using namespace driver;
using layout::Counter;
using layout::Port;

enum class Kind : std::uint8_t {
  kLan,
  kWan,
  kLanPacket,
  kWanPacket,
  kSealed,
  kSealedContent,
  kFromHost,
  kTagged,
  kSealedBehindExtras,
  kCount
};

// What the SAs are, by bits of the input's first byte.
constexpr unsigned kAh = 1, kTransport = 2, kOverIpv6 = 4, kVlan = 8, kPlainTags = 16;
constexpr std::uint32_t kHandle = 0x11220005;

constexpr std::size_t kLargestFrame = 9300;  // and a little more than the card takes
constexpr std::size_t kMostRecords = 40;     // fewer than the ring's slots

class Gateway : public CardBench {
 public:
  Gateway() {
    SetUp();
    set_rule(layout::TableId::kSpdOut, 0, layout::Action::kProtect, bench::kOutIndex, true);
    layout::Row session;
    session.set(layout::tag_key::kValid, 1);
    session.set(layout::tag_key::kPrincipal, 3);
    session.set(layout::tag_key::kHandle, kHandle);
    std::copy(tag_key_.begin(), tag_key_.end(), session.bytes().begin() + layout::tag_key::kKey.lsb / 8);
    (void)load(layout::TableId::kTagKey, {{kHandle % layout::kTagRows, session}}, 0);
  }
  void TestBody() override {}

  void run(Bytes input) {
    ByteReader r(input);
    install(r.u8());
    const auto before = balance();
    sent_.clear();
    records_.clear();
    std::size_t frames = 0;
    for (std::uint32_t seq = 1; r.left() > 0 && frames < kMostRecords; ++seq) {
      const auto kind = Kind(r.u8() % static_cast<unsigned>(Kind::kCount));
      const std::size_t length = r.u16();
      const Bytes bytes = r.take(std::min({length, r.left(), kLargestFrame}));
      const std::size_t seen = sent_.size();
      const std::uint64_t tags = tags_counted();
      put_in(kind, bytes, seq);
      must(tags_counted() - tags <= (kind == Kind::kWan || kind == Kind::kWanPacket ? 0 : 1),
           "a tag is counted once, from LAN");
      ++frames;
      must(records_.size() == frames, "every packet ends once");
      if (kind == Kind::kSealed || kind == Kind::kSealedContent || kind == Kind::kSealedBehindExtras ||
          kind == Kind::kFromHost) {
        continue;
      }
      for (std::size_t i = seen; i < sent_.size(); ++i)
        must(!from_behind_the_peer(sent_[i]), "what came is not sealed");
    }
    (void)host_received();
    const auto after = balance();
    must(after.in - before.in == frames, "every packet is counted when it enters");
    must(after.out - before.out == frames, "every packet is counted when it ends");
  }

 private:
  struct Balance {
    std::uint64_t in = 0;
    std::uint64_t out = 0;
  };

  Balance balance() {
    Balance b;
    b.in = counter(Counter::kLanRx) + counter(Counter::kWanRx) + counter(Counter::kHostTx);
    b.out = counter(Counter::kLanTx) + counter(Counter::kWanTx) + counter(Counter::kHostRx);
    for (unsigned i = 0; i < layout::kDropReasons; ++i) b.out += drops(layout::Drop(i));
    return b;
  }

  std::uint64_t tags_counted() {
    return counter(Counter::kTagOk) + counter(Counter::kTagUnknown) + counter(Counter::kTagForged) +
           counter(Counter::kTagPlain);
  }

  // Loading a key begins the SA's living state anew.
  void install(unsigned what) {
    namespace out = layout::sa_out;
    namespace in = layout::sa_in;
    what_ = what;
    layout::Row sa_out = sa_out_row();
    layout::Row sa_in = sa_in_row();
    if (is(kAh)) {
      for (auto [row, protocol] : {std::pair{&sa_out, out::kProtocol}, {&sa_in, in::kProtocol}}) {
        row->set(protocol, static_cast<unsigned>(layout::Protocol::kAh));
        row->set(out::kCipher, static_cast<unsigned>(ah_peer_.cipher));
        row->set(out::kIntegrity, static_cast<unsigned>(ah_peer_.integrity));
      }
    }
    if (is(kTransport)) {
      for (layout::Row* row : {&sa_out, &sa_in}) row->set(out::kMode, static_cast<unsigned>(layout::Mode::kTransport));
    }
    if (is(kOverIpv6)) {
      sa_out.set(out::kIpv6, 1);
      sa_out.set(out::kSource, bench::kGateway6);
      sa_out.set(out::kDestination, bench::kPeer6);
      sa_in.set(in::kDestination, bench::kGateway6);
    }
    const bench::EspPeer& peer = is(kAh) ? ah_peer_ : bench::default_peer();
    install_sa_in(sa_in, peer);
    install_sa_out(sa_out, peer);
    write(layout::reg::kLanVlan, is(kVlan) ? 7 : 0);
    write(layout::reg::kPlainTags, is(kPlainTags) ? 1 : 0);
  }
  [[nodiscard]] bool is(unsigned what) const { return (what_ & what) != 0; }

  // The peer's packet around `content`: of ESP with padding and trailer, of AH what it protects.
  Buffer sealed(std::uint32_t seq, std::uint8_t next_header, Bytes content, const Buffer& options = {},
                const std::vector<bench::ExtensionHeader>& extensions = {}) const {
    bench::Packet outer{.source = is(kOverIpv6) ? bench::kPeer6 : bench::kPeer,
                        .destination = is(kOverIpv6) ? bench::kGateway6 : bench::kGateway,
                        .protocol = is(kAh) ? kProtocolAh : kProtocolEsp,
                        .payload = {},
                        .options = options,
                        .extensions = extensions};
    if (is(kAh)) return ah_peer_.seal_ah(bench::ip(outer), bench::kInSpi, seq, next_header, content);
    outer.payload = bench::sealed_by_peer(bench::kInSpi, seq, content);
    return bench::ip(outer);
  }

  void put_in(Kind kind, Bytes bytes, std::uint32_t seq) {
    const auto from_wan = [&](const Buffer& packet) {
      card_.receive(Port::kWan, bench::frame(bench::kWanMac, packet));
    };
    switch (kind) {
      case Kind::kLan:
        return card_.receive(Port::kLan, bytes);
      case Kind::kWan:
        return card_.receive(Port::kWan, bytes);
      case Kind::kLanPacket: {
        const Buffer frame = bench::frame(bench::kLanMac, mended(bytes), ethertype_of(bytes));
        return card_.receive(Port::kLan, is(kVlan) ? bench::tagged(frame, 7) : frame);
      }
      case Kind::kWanPacket:
        return card_.receive(Port::kWan, bench::frame(bench::kWanMac, mended(bytes), ethertype_of(bytes)));
      case Kind::kSealed: {  // a packet; in transport mode the protocol and what follows the header
        const std::uint8_t next_header = is(kTransport)                          ? (bytes.empty() ? 17 : bytes[0])
                                         : ethertype_of(bytes) == kEthertypeIpv6 ? kProtocolIpv6
                                                                                 : kProtocolIpv4;
        const Buffer content = is(kTransport) ? Buffer(bytes.begin() + !bytes.empty(), bytes.end()) : mended(bytes);
        return from_wan(sealed(seq, next_header, is(kAh) ? content : bench::with_trailer(content, next_header)));
      }
      case Kind::kSealedContent:
        return from_wan(sealed(seq, bytes.empty() ? 0 : bytes[0], bytes));
      case Kind::kFromHost:
        return send_from_host(bytes, bytes.empty() ? 0 : bytes[0] % 8);
      case Kind::kTagged: {  // what the tag is, its handle when it is none of ours, and a packet
        ByteReader r(bytes);
        const std::uint8_t what = r.u8();
        UserTag tag{(what & 1) != 0 ? r.u32() : kHandle, std::nullopt};
        const Buffer packet = mended(r.rest());
        IpPacket read;
        const bool sound = read_ip_of(ethertype_of(packet), packet, read) == HeaderFault::kNone;
        if ((what & 2) == 0) tag.check = tag_check(tag_key_, tag.handle, read.source, read.destination);
        if (tag.check && (what & 4) != 0) (*tag.check)[what >> 5] ^= 1;
        const Buffer tagged = put_user_tag(packet, tag).value_or(packet);
        const std::uint64_t right = counter(Counter::kTagOk);
        const Buffer frame = bench::frame(bench::kLanMac, tagged, ethertype_of(tagged));
        card_.receive(Port::kLan, is(kVlan) ? bench::tagged(frame, 7) : frame);
        if (sound && what == 0 && tagged.size() != packet.size() &&
            tagged.size() + kEthernetBytes <= layout::kMaxFrame) {
          must(counter(Counter::kTagOk) == right + 1, "a right tag is accepted");
        }
        if (tag.check && (what & 4) != 0) must(counter(Counter::kTagOk) == right, "a forged tag is refused");
        return;
      }
      case Kind::kSealedBehindExtras: {  // what kind, how long, and what it says
        constexpr std::uint8_t kKinds[] = {kHopByHopOptions, kDestinationOptions, kRouting};
        ByteReader r(bytes);
        const std::uint8_t what = r.u8();
        const std::size_t length = 8U * (1 + r.u8() % 5U);
        const Bytes rest = r.rest();
        Buffer says(rest.begin(), rest.end());
        says.resize(is(kOverIpv6) ? length - 2 : length);
        const Buffer content = is(kTransport) ? bench::datagram() : bench::ip({.source = bench::kRemoteHost});
        const std::uint8_t next_header = is(kTransport) ? kProtocolUdp : kProtocolIpv4;
        const Buffer text = is(kAh) ? content : bench::with_trailer(content, next_header);
        const std::uint64_t wrong = drops(layout::Drop::kIcvMismatch);
        from_wan(is(kOverIpv6) ? sealed(seq, next_header, text, {}, {{kKinds[what % 3], says}})
                               : sealed(seq, next_header, text, says));
        return must(drops(layout::Drop::kIcvMismatch) == wrong, "card and peer agree what may change on the way");
      }
      case Kind::kCount:
        return;
    }
  }

  static std::uint16_t ethertype_of(Bytes packet) {
    return !packet.empty() && packet[0] >> 4 == 6 ? kEthertypeIpv6 : kEthertypeIpv4;
  }

  // With the right checksum and length, where there is room for a header.
  static Buffer mended(Bytes bytes) {
    Buffer out(bytes.begin(), bytes.end());
    const auto write_length = [&out](std::size_t at, std::size_t length) {
      out[at] = static_cast<std::uint8_t>(length >> 8);
      out[at + 1] = static_cast<std::uint8_t>(length);
    };
    if (ethertype_of(out) == kEthertypeIpv6) {
      if (out.size() >= kIpv6Bytes) write_length(4, out.size() - kIpv6Bytes);
      return out;
    }
    const std::size_t header = out.empty() ? 0 : 4U * (out[0] & 15U);
    if (header < kIpv4Bytes || out.size() < header) return out;
    write_length(2, out.size());
    write_checksum(out, header);
    return out;
  }

  static bool from_behind_the_peer(const Transmitted& sent) {
    if (sent.port != Port::kLan) return false;
    const std::size_t ethernet = kEthernetBytes + (sent.frame[12] == 0x81 ? kVlanTagBytes : 0);
    IpPacket packet;
    const Bytes bytes = Bytes(sent.frame).subspan(ethernet);
    if (read_ip_of(ethertype_of(bytes), bytes, packet) != HeaderFault::kNone) return false;
    return packet.source.is_v4() ? packet.source.v4() >> 8 == bench::kRemoteHost.v4() >> 8
                                 : packet.source.high == bench::kRemoteHost6.high;
  }

  const bench::EspPeer ah_peer_ =
      bench::EspPeer::with_keys(layout::Cipher::kNull, layout::Integrity::kHmacSha256_128, 0, 11);
  const Buffer tag_key_ = Buffer(kTagKeyBytes, 0x5a);
  unsigned what_ = 0;
};

void add(Buffer& out, Kind kind, Bytes bytes) {
  const Buffer record = ByteWriter()
                            .u8(static_cast<std::uint8_t>(kind))
                            .u16(static_cast<std::uint16_t>(bytes.size()))
                            .bytes(bytes)
                            .take();
  out.insert(out.end(), record.begin(), record.end());
}

}  // namespace

std::vector<Buffer> seeds() {
  using namespace bench;
  const Packet outbound;
  const Packet outbound6{.source = kLanHost6, .destination = kRemoteHost6, .extensions = {kHopByHopOptions, kRouting}};
  const Packet inbound{.source = kRemoteHost, .destination = kLanHost};
  const Packet inbound6{.source = kRemoteHost6, .destination = kLanHost6};
  const Packet web{
      .destination = kWebServer, .protocol = kProtocolTcp, .payload = ByteWriter().u16(5000).u16(80).zeros(16).take()};
  std::vector<Buffer> out;
  for (unsigned what = 0; what < 2 * kPlainTags; ++what) {
    Buffer& seed = out.emplace_back(1, static_cast<std::uint8_t>(what));
    const Address& ours = (what & kOverIpv6) != 0 ? kGateway6 : kGateway;
    const Address& theirs = (what & kOverIpv6) != 0 ? kPeer6 : kPeer;
    add(seed, Kind::kLan, lan_frame(outbound));
    add(seed, Kind::kLan, lan_frame(outbound6));
    add(seed, Kind::kLan, tagged(lan_frame(outbound), 7));
    add(seed, Kind::kLanPacket, ip({.source = ours, .destination = theirs}));
    add(seed, Kind::kLan, lan_frame(web));
    add(seed, Kind::kLan, frame(kLanMac, ip(outbound), kEthertypeArp));
    add(seed, Kind::kSealed, ip(inbound));
    add(seed, Kind::kSealed, ip(inbound6));
    add(seed, Kind::kSealedContent, with_trailer(ip(inbound)));
    // Router alert, a record of the route, security; options that may change and that may not, with padding.
    for (const char* says : {"9404000007070400000000820400000000", "05020000003e04010203045e0201020100"}) {
      for (const std::uint8_t kind : {0, 1, 2}) {
        add(seed, Kind::kSealedBehindExtras, ByteWriter().u8(kind).u8(2).bytes(from_hex(says).value()).take());
      }
    }
    add(seed, Kind::kWanPacket,
        ip({.source = theirs,
            .destination = ours,
            .payload = ByteWriter().u16(500).u16(4500).u16(40).u16(0).u32(kInSpi).zeros(40).take()}));
    for (const std::uint8_t protocol : {kProtocolEsp, kProtocolAh}) {
      const Packet garbage{.source = theirs, .destination = ours, .protocol = protocol, .payload = Buffer(60, 1)};
      add(seed, Kind::kWan, wan_frame(garbage));
    }
    for (const std::uint8_t tag : {0, 2, 4}) {
      for (const Packet& p : {outbound, outbound6, web}) {
        add(seed, Kind::kTagged, ByteWriter().u8(tag).bytes(ip(p)).take());
        add(seed, Kind::kTagged, ByteWriter().u8(tag | 1).u32(0x33440005).bytes(ip(p)).take());
      }
    }
    add(seed, Kind::kFromHost, lan_frame(outbound));
    add(seed, Kind::kWanPacket, ip(inbound));
    add(seed, Kind::kLanPacket, ip({.fragment = 0x2000, .payload = Buffer(100)}));
    add(seed, Kind::kSealed, ip({.source = kRemoteHost, .destination = kGateway}));
  }
  return out;
}

void run(Bytes input) {
  static Gateway gateway;
  gateway.run(input);
}

}  // namespace sallyport::fuzz
