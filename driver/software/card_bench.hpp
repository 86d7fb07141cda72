// SPDX-License-Identifier: Apache-2.0
// For tests: a card, software or another one, between a LAN and a WAN, with tables written row by row.
//
//   10.0.1.0/24       --- LAN [card, 192.0.2.1       ] WAN --- peer gateway 192.0.2.2       --- 10.0.2.0/24
//   2001:db8:1::/64            [      2001:db8:ff::1 ]                      2001:db8:ff::2      2001:db8:2::/64
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "driver/software/esp_peer.hpp"
#include "driver/software/software_card.hpp"

namespace sallyport::driver {

namespace bench {

constexpr std::uint64_t kLanMac = 0x020000000001, kWanMac = 0x020000000002;
constexpr std::uint64_t kLanHostMac = 0x0200000000aa, kPeerMac = 0x0200000000bb;
constexpr Address kLanHost = Address::from_v4(0x0a000105), kRemoteHost = Address::from_v4(0x0a000205);
constexpr Address kGateway = Address::from_v4(0xc0000201), kPeer = Address::from_v4(0xc0000202);
constexpr Address kLanHost6{0x20010db800010000, 5}, kRemoteHost6{0x20010db800020000, 5};
constexpr Address kGateway6{0x20010db800ff0000, 1}, kPeer6{0x20010db800ff0000, 2};
constexpr Address kStranger = Address::from_v4(0x08080808);  // whom no rule knows
constexpr Address kWebServer = Address::from_v4(0xc6336405);
constexpr unsigned kLanHop = 1, kWanHop = 2;
constexpr std::uint16_t kPolicyId = 7;
constexpr unsigned kOutIndex = 5;
constexpr std::uint32_t kOutSpi = 0x11223344;
constexpr std::uint32_t kInSpi = 0x50000803;  // row 3
constexpr unsigned kInIndex = kInSpi % layout::kSaRows;
constexpr std::uint16_t kMtu = 1500;

inline Buffer datagram() { return ByteWriter().u16(0x1234).u16(0x5678).u16(12).u16(0).u32(0x01020304).take(); }

// An IPv6 extension header: what follows its next header and length, 6 bytes or a multiple of 8 more. That of a
// fragment says the packet's `fragment`.
struct ExtensionHeader {
  ExtensionHeader(std::uint8_t kind_, Buffer content_ = {1, 4, 0, 0, 0, 0})  // RFC 8200 4.2: PadN
      : kind(kind_), content(std::move(content_)) {}
  std::uint8_t kind;
  Buffer content;
};

struct Packet {
  Address source = kLanHost;  // which says the IP version, too
  Address destination = kRemoteHost;
  std::uint8_t protocol = 17;
  std::uint8_t ttl = 64;
  std::uint16_t fragment = 0;  // flags and offset as in an IPv4 header
  Buffer payload = datagram();
  std::uint8_t tos = 0;
  Buffer options{};  // of IPv4, a multiple of 4 bytes
  std::vector<ExtensionHeader> extensions{};
};

Buffer ip(const Packet& p);

// The ethertype is that of the packet's IP version.
Buffer frame(std::uint64_t destination_mac, Bytes packet);
Buffer frame(std::uint64_t destination_mac, Bytes content, std::uint16_t ethertype);

inline Buffer lan_frame(const Packet& p = {}) { return frame(kLanMac, ip(p)); }
inline Buffer wan_frame(const Packet& p) { return frame(kWanMac, ip(p)); }

// IEEE 802.1Q: with a tag of this VLAN.
Buffer tagged(Bytes frame, std::uint16_t tag_control);

// Who has the bench's keys of either direction, unless a test says another: AES-GCM with a key of 256 bits.
const EspPeer& default_peer();
// Its ESP packet.
Buffer sealed_by_peer(std::uint32_t spi, std::uint32_t seq, Bytes plaintext, std::uint32_t seq_high = 0,
                      bool esn = false);
// An inner packet with padding and trailer.
Buffer with_trailer(Bytes inner, std::uint8_t next_header = 4);
// Opens what the card sent to it: plaintext with padding and trailer.
Buffer opened_by_peer(Bytes esp, std::uint32_t seq_high = 0, bool esn = false);

// Fills a search tree and the rows of its intervals: `starts` ascending, one row more than starts.
using Rows = std::map<unsigned, layout::Row>;
Rows tree(unsigned intervals, const std::vector<Address>& starts);

}  // namespace bench

// A card as the scenarios see it: when a call returns, everything it has caused has happened.
class BenchedCard : public Card {
 public:
  virtual void receive(layout::Port port, Bytes frame, bool mac_error = false) = 0;
  virtual void on_packet(SoftwareCard::Record record) = 0;

  // A card of stages has packets inside while the ports wait; a card that does all of a packet within the call that
  // brings it has none.
  [[nodiscard]] virtual bool has_packets_inside_between_calls() const = 0;
  // Runs `body` while no port takes a frame; then everything comes out. No packet is recorded meanwhile.
  virtual void while_ports_wait(const std::function<void()>& body) = 0;

  // State that no register writes, so that a test need not send 2^32 packets to come near the end of a number.
  virtual void set_last_seq(unsigned outbound_sa_index, std::uint64_t seq) = 0;
  virtual void set_counter(layout::Counter counter, std::uint64_t value) = 0;
};

// Which card that is, the test program says by what it links.
std::unique_ptr<BenchedCard> make_benched_card(SoftwareCard::Transmit transmit);

class CardBench : public testing::Test {
 protected:
  struct Transmitted {
    layout::Port port;
    Buffer frame;
  };
  struct Received {  // from the card-to-host ring
    layout::Row descriptor;
    Buffer frame;
    [[nodiscard]] layout::Upcall upcall() const {
      return layout::Upcall(descriptor.get(layout::rx_descriptor::kUpcall));
    }
  };

  // Enabled, bank 0 open: LAN to remote net protected (rule 0), TCP port 80 to 198.51.100.0/24 in the clear (rule 1),
  // gateway to peer protected (rule 2), the same back, everything else without a rule.
  void SetUp() override;

  // The records of one table load, written and started.
  layout::LoadError load(layout::TableId table, const bench::Rows& rows, unsigned bank);
  layout::LoadError load_bytes(Bytes records);
  // Both banks, by loading the closed one and flipping twice; leaves bank 0 open.
  void load_both(layout::TableId table, const bench::Rows& rows);
  void flip();
  void set_rule(layout::TableId spd, unsigned rule, layout::Action action, std::uint16_t sa_index = bench::kOutIndex,
                bool syn_to_host = false);
  void set_route(unsigned interval, layout::Route kind, unsigned next_hop);
  void set_next_hop(unsigned row, layout::Port port, std::uint64_t mac, bool valid = true,
                    std::uint16_t mtu = bench::kMtu);
  void install_sa_out(layout::Row row, const bench::EspPeer& peer = bench::default_peer(), layout::Row limits = {});
  void install_sa_in(layout::Row row, const bench::EspPeer& peer = bench::default_peer(), layout::Row limits = {});
  [[nodiscard]] static layout::Row sa_out_row();
  [[nodiscard]] static layout::Row sa_in_row();

  void start_rings(std::uint32_t slots);
  void send_from_host(Bytes frame, unsigned inject, std::optional<std::uint16_t> principal = std::nullopt);
  std::vector<Received> host_received();  // since the last call; given back

  std::uint32_t read(const layout::Register& r) { return card_.read(r).value(); }
  void write(const layout::Register& r, std::uint32_t value) { ASSERT_TRUE(card_.write(r, value)); }
  std::uint64_t counter(layout::Counter c) { return wide(layout::reg::kCounters, static_cast<unsigned>(c)); }
  std::uint64_t drops(layout::Drop d) { return wide(layout::reg::kDropCounters, static_cast<unsigned>(d)); }
  layout::Row sa_state(bool outbound, unsigned sa_index);

  std::vector<Transmitted> sent_;
  std::vector<PacketRecord> records_;

 private:
  struct SaTables {
    layout::TableId sa, key, integrity_key, limits;
  };
  void install(const SaTables& tables, unsigned index, const layout::Row& row, const bench::EspPeer& peer,
               const layout::Row& limits);

  std::unique_ptr<BenchedCard> owned_ = make_benched_card([this](layout::Port port, Bytes f) {
    sent_.push_back({port, Buffer(f.begin(), f.end())});
  });

 protected:
  BenchedCard& card_ = *owned_;

 private:
  std::uint64_t wide(const layout::Register& r, unsigned i) {
    const std::uint64_t low = read(r.at(2 * i));
    return std::uint64_t{read(r.at(2 * i + 1))} << 32 | low;
  }
  std::unique_ptr<HostMemory> rx_;
  std::unique_ptr<HostMemory> tx_;
  std::unique_ptr<HostMemory> loads_;
  std::uint32_t slots_ = 0;
  std::uint32_t rx_next_ = 0;
  std::uint32_t tx_next_ = 0;
};

}  // namespace sallyport::driver
