// SPDX-License-Identifier: Apache-2.0
// IPv4's options and IPv6's extension headers in front of ESP and AH: in transport mode the packet's own, in tunnel
// mode what somebody on the way has put into the outer header.
#include <algorithm>

#include "driver/software/modes_bench.hpp"

namespace sallyport::driver {
namespace {

using bench::EspPeer;
using bench::ExtensionHeader;
using bench::Packet;
using layout::Drop;
using layout::Mode;
using layout::Port;
using layout::Protocol;

// Bytes, and what AH makes of each: '#' counts, '.' may change on the way, '-' says what the others are, so that no
// test changes it.
struct Marked {
  const char* hex;
  const char* marks;
};

// RFC 791 3.1, RFC 1108, RFC 2113, RFC 1770, RFC 4727; RFC 4302 A.1. No user's tag is among them, which the card would
// take away.
constexpr Marked kOptions[] = {
    {"01010100", "####"},
    {"94040000", "####"},  // router alert
    {"820b5a1122334455667788"
     "00",
     "############"},      // security
    {"8504abcd", "####"},  // extended security
    {"860600000001"
     "0101",
     "########"},                                  // commercial security
    {"95080a0000010a000002", "##########"},        // sender directed multi-destination delivery
    {"0707040a00000100", "--.....#"},              // record route
    {"440c0500aabbccdd00000000", "--.........."},  // timestamp
    {"8307040a00000101", "--.....#"},              // loose source route
    {"8907040a00000101", "--.....#"},              // strict source route
    {"8804cafe", "--.."},                          // stream identifier
    {"de06010203040101", "--....##"},              // of an experiment
    {"5e031100", "--.#"},                          // the same, not copied into fragments
    {"9404000007070401020304"
     "94040001"
     "44050500ff"
     "00",
     "####--.....####--...#"},
    {"000707049404ffff", "########"},  // behind the end of the list
    {"01070004", "#.-."},              // a length of nothing
    {"07010094", ".-.."},              // that of a kind alone
    {"94050000", ".-.."},              // one that leads behind the header
    {"9404000001010194", "#######."},  // no length at all
    {"0727"
     "04010203040506070809101112131415161718192021222324252627282930313233343536"
     "00",
     "--.....................................#"},
};

struct MarkedHeader {
  std::uint8_t kind;
  const char* hex;  // behind next header and length
  const char* marks;
};
const std::vector<MarkedHeader> kExtensions[] = {
    {{kHopByHopOptions, "050200000100", "######"}},  // RFC 2711: router alert
    {{kDestinationOptions, "5e04cafe0000", "######"}},
    {{kDestinationOptions, "3e04cafe0000", "##...."}},
    {{kHopByHopOptions, "003e02babe00", "###..-"}},
    {{kHopByHopOptions,
      "3e005e020000"
      "be06112233445566",
      "######"
      "##......"}},
    {{kDestinationOptions, "003e04cafe00", "-....."}},  // one that leads behind its header
    {{kDestinationOptions, "0000000000be", "####-."}},  // no length at all
    {{kHopByHopOptions, "00be031122335e02aabb00000100", "###...########"},
     {kDestinationOptions, "5e04cafe0000", "######"}},
    {{kRouting,
      "000000000000"
      "20010db8000000000000000000000001",
      "######################"}},            // RFC 8200 4.4
    {{kRouting, "040000000000", "######"}},  // no options, whatever it looks like
    {{kFragment, "", ""}},                   // RFC 6946: atomic
    {{kHopByHopOptions, "3e0401020304", "##...."},
     {kFragment, "", ""},
     {kDestinationOptions, "be0401020304", "##...."}},
    {{kHopByHopOptions, "3e0401020304", "##...."},
     {kDestinationOptions, "5e0401020304", "######"},
     {kRouting, "3e0000000000", "######"},
     {kDestinationOptions, "be0401020304", "##...."}},
    {{kDestinationOptions,
      "3e2c0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
      "##............................................"}},
};

Buffer bytes_of(const char* hex) { return from_hex(hex).value(); }

struct Case {
  std::string name;
  bool ipv6 = false;
  Buffer options{};
  std::vector<ExtensionHeader> extensions{};
  std::string marks{};  // of all bytes behind the fixed header

  void put_into(Packet& p) const {
    p.options = options;
    p.extensions = extensions;
  }
};

std::vector<Case> every_case() {
  std::vector<Case> cases;
  for (const auto& [hex, marks] : kOptions) {
    Case one{hex, false, bytes_of(hex), {}, marks};
    while (one.options.size() % 4 != 0) {  // to the end of the header
      one.options.push_back(0);
      one.marks += '#';
    }
    cases.push_back(std::move(one));
  }
  for (const auto& headers : kExtensions) {
    Case one{"", true};
    for (const auto& [kind, hex, marks] : headers) {
      one.name += std::to_string(kind) + " " + hex + " ";
      one.extensions.emplace_back(kind, bytes_of(hex));
      one.marks += "--" + std::string(kind == kFragment ? "------" : marks);
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

class Extras : public Modes {
 protected:
  static std::vector<Way> ways_of(bool ipv6, Mode mode) {
    std::vector<Way> ways;
    for (const Way& way : every_way()) {
      if (way.mode == mode && way.outside6 == ipv6) ways.push_back(way);
    }
    return ways;
  }
};

TEST_F(Extras, StayInFrontOfWhatTransportModeProtects) {
  for (const Case& one : every_case()) {
    for (const Way& way : ways_of(one.ipv6, Mode::kTransport)) {
      SCOPED_TRACE(name_of(way) + ", " + one.name);
      for (const EspPeer& peer : {types_of(way).front(), types_of(way).back()}) {
        install_sa_out(outbound_row(way, peer), peer);
        install_sa_in(inbound_row(way, peer), peer);
        for (const std::size_t payload : {1, 50, 300}) {
          Packet p = packet_of(way, payload, true);
          one.put_into(p);
          expect_sent_packet(way, peer, p, sa_state(true, bench::kOutIndex).get(layout::sa_out_state::kSeq) + 1);
          std::swap(p.source, p.destination);
          expect_accepted_packet(way, p, sealed(way, peer, payload, p));
        }
      }
    }
  }
}

// RFC 4302 3.3.3.1: byte by byte.
TEST_F(Extras, CountInAhButForWhatMayChangeOnTheWay) {
  std::size_t changed = 0;
  for (const Case& one : every_case()) {
    for (const Mode mode : {Mode::kTransport, Mode::kTunnel}) {
      for (const Way& way : ways_of(one.ipv6, mode)) {
        if (!way.ah()) continue;
        const EspPeer peer = type_of(way);
        install_sa_in(inbound_row(way, peer), peer);
        const Packet p = packet_of(way, 40, false);
        Packet outer = outer_of(way, p, p.tos);
        one.put_into(outer);
        std::uint64_t seq = 0;
        const std::size_t fixed = way.outer_bytes();
        for (std::size_t i = 0; i < one.marks.size(); ++i) {
          if (one.marks[i] == '-') continue;
          SCOPED_TRACE(name_of(way) + ", " + one.name + ", byte " + std::to_string(i));
          Buffer packet = sealed_behind(outer, way, peer, ++seq, p);
          packet[fixed + i] ^= 1;
          if (!one.ipv6) write_checksum(packet, fixed + one.options.size());
          if (one.marks[i] == '#') {
            expect_drop(Drop::kIcvMismatch, [&] { from_wan(packet); });
            continue;
          }
          ++changed;
          if (way.tunnel()) {
            expect_accepted_packet(way, p, packet);
            continue;
          }
          from_wan(packet);
          const auto received = host_received();
          ASSERT_EQ(received.size(), 1u);
          EXPECT_EQ(received[0].frame[14 + fixed + i], packet[fixed + i]) << "as it came";
        }
        Packet whole = p;
        if (!way.tunnel()) one.put_into(whole);
        expect_accepted_packet(way, whole, sealed_behind(outer, way, peer, ++seq, p));
      }
    }
  }
  EXPECT_GT(changed, 100u);
}

// ESP authenticates nothing in front of it.
TEST_F(Extras, DoNotMatterToEspInATunnel) {
  for (const Case& one : every_case()) {
    for (const Way& way : ways_of(one.ipv6, Mode::kTunnel)) {
      if (way.ah()) continue;
      SCOPED_TRACE(name_of(way) + ", " + one.name);
      const EspPeer peer = type_of(way);
      install_sa_in(inbound_row(way, peer), peer);
      const Packet p = packet_of(way, 40, false);
      Packet outer = outer_of(way, p, p.tos);
      one.put_into(outer);
      expect_accepted_packet(way, p, sealed_behind(outer, way, peer, 1, p));
    }
  }
}

TEST_F(Extras, StandInFrontOfEspInUdp) {
  for (const bool ipv6 : {false, true}) {
    const Way way = {Protocol::kEsp, Mode::kTransport, ipv6, ipv6};
    const EspPeer peer = type_of(way);
    layout::Row out = outbound_row(way, peer);
    out.set(layout::sa_out::kEncap, 1);
    install_sa_out(out, peer);
    Packet p = packet_of(way, 40, true);
    p.options = ipv6 ? Buffer() : Buffer{0x94, 4, 0, 0};
    if (ipv6) p.extensions = {kHopByHopOptions, kDestinationOptions};
    card_.receive(Port::kLan, bench::lan_frame(p));
    const Buffer packet = take_sent(Port::kWan);
    IpPacket outer;
    ASSERT_EQ(read_ip(packet, ipv6, outer), HeaderFault::kNone);
    ASSERT_EQ(outer.protocol, 17);
    Packet same = p;
    same.protocol = 17;
    same.payload.assign(outer.payload().begin(), outer.payload().end());
    EXPECT_EQ(to_hex(packet), to_hex(bench::ip(same)));
    EXPECT_EQ(peer.open(outer.payload().subspan(8)), peer.with_trailer(p.payload, p.protocol));

    install_sa_in(inbound_row(way, peer), peer);
    std::swap(p.source, p.destination);
    same = p;
    same.protocol = 17;
    const Buffer esp = peer.seal(bench::kInSpi, 1, Buffer(8), peer.with_trailer(p.payload, p.protocol));
    const auto length = static_cast<std::uint16_t>(8 + esp.size());
    same.payload = ByteWriter().u16(4500).u16(4500).u16(length).u16(0).bytes(esp).take();
    expect_accepted_packet(way, p, bench::ip(same));
  }
}

// RFC 4303 3.1.1: destination options may stand on either side of ESP; whatever stands behind it is what it protects.
TEST_F(Extras, OfIpv6MayStandOnEitherSide) {
  for (const Protocol protocol : {Protocol::kEsp, Protocol::kAh}) {
    const Way way = {protocol, Mode::kTransport, true, true};
    SCOPED_TRACE(name_of(way));
    const EspPeer peer = type_of(way);
    install_sa_in(inbound_row(way, peer), peer);
    Packet p = packet_of(way, 40, false);
    p.extensions = {kHopByHopOptions, kDestinationOptions};
    Packet behind = p;  // what is protected of it: all but the first extension header
    behind.extensions = {kHopByHopOptions};
    behind.protocol = kDestinationOptions;
    const Buffer whole = bench::ip(p);
    behind.payload.assign(whole.begin() + 48, whole.end());
    expect_accepted_packet(way, p, sealed(way, peer, 1, behind));
  }
}

TEST_F(Extras, CountInThePacketThatIsToBeSent) {
  for (const bool ipv6 : {false, true}) {
    for (const Way& way : ways_of(ipv6, Mode::kTransport)) {
      SCOPED_TRACE(name_of(way));
      const EspPeer peer = type_of(way);
      install_sa_out(outbound_row(way, peer), peer);
      Packet p = packet_of(way, 1300, true);
      p.options = ipv6 ? Buffer() : Buffer(40, 1);
      if (ipv6) p.extensions = {kHopByHopOptions, {kDestinationOptions, Buffer(38)}};
      std::size_t last = 0;
      for (;; p.payload.push_back(0)) {
        card_.receive(Port::kLan, bench::lan_frame(p));
        if (sent_.empty()) break;
        last = take_sent(Port::kWan).size();
      }
      EXPECT_LE(last, bench::kMtu);
      EXPECT_GT(last + 8, bench::kMtu);
      EXPECT_EQ(host_received().size(), 1u);
    }
  }
}

}  // namespace
}  // namespace sallyport::driver
