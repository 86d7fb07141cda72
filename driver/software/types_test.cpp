// SPDX-License-Identifier: Apache-2.0
// ESP of every cipher and integrity through a card, against a peer that shares no code with it (esp_peer.hpp).
#include <functional>

#include "driver/software/card_bench.hpp"

namespace sallyport::driver {
namespace {

using bench::EspPeer;
using bench::Packet;
using layout::Cipher;
using layout::Drop;
using layout::Integrity;
using layout::Port;

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kOuterIpv4 = 20;
constexpr std::size_t kUdp = 8;

class EspTypes : public CardBench {
 protected:
  // What SAs of this type say in their rows.
  static layout::Row outbound_row(const EspPeer& peer, bool encap = false) {
    namespace f = layout::sa_out;
    layout::Row row = sa_out_row();
    row.set(f::kCipher, static_cast<unsigned>(peer.cipher));
    row.set(f::kIntegrity, static_cast<unsigned>(peer.integrity));
    row.set(f::kEsn, peer.esn ? 1 : 0);
    row.set(f::kEncap, encap ? 1 : 0);
    return row;
  }
  static layout::Row inbound_row(const EspPeer& peer) {
    namespace f = layout::sa_in;
    layout::Row row = sa_in_row();
    row.set(f::kCipher, static_cast<unsigned>(peer.cipher));
    row.set(f::kIntegrity, static_cast<unsigned>(peer.integrity));
    row.set(f::kEsn, peer.esn ? 1 : 0);
    return row;
  }

  // A packet of `total` bytes either way, of a content that no shift repeats.
  static Packet packet_of(std::size_t total, bool outbound) {
    Packet p;
    p.protocol = 253;  // RFC 3692: no ports to be looked up
    p.payload.resize(total - 20);
    for (std::size_t i = 0; i < p.payload.size(); ++i) p.payload[i] = static_cast<std::uint8_t>(i * i + 3 * i + total);
    if (!outbound) std::swap(p.source, p.destination);
    return p;
  }
  // And how it looks behind the card.
  static Buffer forwarded(Packet p) {
    --p.ttl;
    return bench::ip(p);
  }

  static Buffer iv_like(const EspPeer& peer, std::uint64_t seq) {
    Buffer iv(peer.iv_bytes());
    for (std::size_t i = 0; i < iv.size(); ++i) iv[i] = static_cast<std::uint8_t>(0xa5 + 31 * i + 7 * seq);
    return iv;
  }
  static Buffer sealed(const EspPeer& peer, std::uint64_t seq, Bytes plaintext) {
    return peer.seal(bench::kInSpi, seq, iv_like(peer, seq), plaintext);
  }

  void wan(Bytes esp, bool encap = false) {
    Packet p{.source = bench::kPeer, .destination = bench::kGateway, .protocol = 50, .payload = {}};
    p.payload.assign(esp.begin(), esp.end());
    if (encap) {
      p.protocol = 17;
      p.payload =
          ByteWriter().u16(4501).u16(4500).u16(static_cast<std::uint16_t>(kUdp + esp.size())).u16(0).bytes(esp).take();
    }
    card_.receive(Port::kWan, bench::wan_frame(p));
  }

  // The one frame that was sent since the last call, without its Ethernet header.
  Buffer take_sent(Port port) {
    EXPECT_EQ(sent_.size(), 1u);
    if (sent_.size() != 1) return {};
    EXPECT_EQ(sent_[0].port, port);
    const Buffer packet(sent_[0].frame.begin() + kEthernet, sent_[0].frame.end());
    sent_.clear();
    return packet;
  }

  void expect_drop(Drop reason, const std::function<void()>& provoke) {
    const std::uint64_t before = drops(reason);
    records_.clear();
    provoke();
    ASSERT_EQ(records_.size(), 1u);
    EXPECT_EQ(records_.back().drop, reason);
    EXPECT_EQ(drops(reason), before + 1);
    EXPECT_TRUE(sent_.empty());
  }

  void expect_sent_packet(const EspPeer& peer, std::size_t total, std::uint64_t seq, bool encap) {
    const Packet p = packet_of(total, true);
    card_.receive(Port::kLan, bench::lan_frame(p));
    const Buffer outer = take_sent(Port::kWan);
    IpPacket header;
    ASSERT_EQ(read_ip(outer, false, header), HeaderFault::kNone);
    EXPECT_EQ(header.total(), outer.size());
    EXPECT_EQ(header.protocol, encap ? 17 : 50);
    ByteReader r(header.payload());
    if (encap) {
      EXPECT_EQ(r.u16(), 4500);
      EXPECT_EQ(r.u16(), 4501);
      EXPECT_EQ(r.u16(), header.payload().size());
      EXPECT_EQ(r.u16(), 0);
    }
    const Buffer plaintext = peer.with_trailer(forwarded(p));
    const Bytes esp = header.payload().subspan(r.offset());
    ASSERT_EQ(esp.size(), 8 + peer.iv_bytes() + plaintext.size() + peer.icv_bytes());
    EXPECT_EQ(r.u32(), bench::kOutSpi);
    EXPECT_EQ(r.u32(), static_cast<std::uint32_t>(seq));
    const Bytes iv = r.take(peer.iv_bytes());
    EXPECT_EQ(Buffer(iv.begin(), iv.end()), peer.iv_of_card(seq));
    EXPECT_EQ(peer.open(esp, static_cast<std::uint32_t>(seq >> 32)), plaintext);
  }

  void expect_forwarded_packet(const EspPeer& peer, std::size_t total, std::uint64_t seq, bool encap) {
    const Packet p = packet_of(total, false);
    wan(sealed(peer, seq, peer.with_trailer(bench::ip(p))), encap);
    EXPECT_EQ(take_sent(Port::kLan), forwarded(p));
  }
};

TEST_F(EspTypes, SendWhatThePeerOpens) {
  for (EspPeer peer : bench::every_type()) {
    for (const bool esn : {false, true}) {
      for (const bool encap : {false, true}) {
        peer.esn = esn;
        SCOPED_TRACE(peer.name() + (encap ? ", in UDP" : ""));
        install_sa_out(outbound_row(peer, encap), peer);
        expect_sent_packet(peer, 61, 1, encap);
        expect_sent_packet(peer, 300, 2, encap);
        const layout::Row state = sa_state(true, bench::kOutIndex);
        EXPECT_EQ(state.get(layout::sa_out_state::kSeq), 2u);
        EXPECT_EQ(state.get(layout::sa_out_state::kBytes),
                  peer.with_trailer(Buffer(61)).size() + peer.with_trailer(Buffer(300)).size());
      }
    }
  }
}

TEST_F(EspTypes, AcceptWhatThePeerSeals) {
  for (EspPeer peer : bench::every_type()) {
    for (const bool esn : {false, true}) {
      for (const bool encap : {false, true}) {
        peer.esn = esn;
        SCOPED_TRACE(peer.name() + (encap ? ", in UDP" : ""));
        install_sa_in(inbound_row(peer), peer);
        expect_forwarded_packet(peer, 61, 5, encap);
        expect_forwarded_packet(peer, 300, 3, encap);
        const layout::Row state = sa_state(false, bench::kInIndex);
        EXPECT_EQ(state.get(layout::sa_in_state::kTop), 5u);
        EXPECT_EQ(state.get(layout::sa_in_state::kBytes),
                  peer.with_trailer(Buffer(61)).size() + peer.with_trailer(Buffer(300)).size());
      }
    }
  }
}

// Every remainder by every block, and blocks of hashes that end anywhere.
TEST_F(EspTypes, CarryPacketsOfEveryLengthBothWays) {
  for (const EspPeer& peer : bench::some_types()) {
    install_sa_out(outbound_row(peer), peer);
    install_sa_in(inbound_row(peer), peer);
    for (std::size_t total = 20; total <= 120; ++total) {
      SCOPED_TRACE(peer.name() + ", " + std::to_string(total) + " bytes");
      expect_sent_packet(peer, total, total - 19, false);
      expect_forwarded_packet(peer, total, total - 19, false);
    }
  }
}

// The longest packet that the next hop's MTU lets through, and one more.
TEST_F(EspTypes, TellTheHostOfThePacketThatNoLongerFits) {
  for (const EspPeer& peer : bench::some_types()) {
    SCOPED_TRACE(peer.name());
    install_sa_out(outbound_row(peer), peer);
    const std::size_t room = bench::kMtu - kOuterIpv4 - 8 - peer.iv_bytes() - peer.icv_bytes();
    const std::size_t longest = room / peer.block_bytes() * peer.block_bytes() - 2;
    expect_sent_packet(peer, longest, 1, false);
    card_.receive(Port::kLan, bench::lan_frame(packet_of(longest + 1, true)));
    EXPECT_TRUE(sent_.empty());
    const auto received = host_received();
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].upcall(), layout::Upcall::kTooBig);
  }
}

TEST_F(EspTypes, RefuseAnIcvOfWhichAnyBitIsWrong) {
  for (const EspPeer& peer : bench::some_types()) {
    install_sa_in(inbound_row(peer), peer);
    const Buffer good = sealed(peer, 1, peer.with_trailer(bench::ip(packet_of(40, false))));
    for (std::size_t bit = 0; bit < 8 * peer.icv_bytes(); ++bit) {
      SCOPED_TRACE(peer.name() + ", bit " + std::to_string(bit));
      Buffer forged = good;
      forged[good.size() - peer.icv_bytes() + bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      expect_drop(Drop::kIcvMismatch, [&] { wan(forged); });
    }
    wan(good);  // and nothing of it has moved the window
    take_sent(Port::kLan);
  }
}

// Of SPI and sequence number, too, which decide more than the ICV.
TEST_F(EspTypes, RefuseAPacketOfWhichAnyByteIsWrong) {
  for (const EspPeer& peer : bench::some_types()) {
    install_sa_in(inbound_row(peer), peer);
    const Buffer good = sealed(peer, 1, peer.with_trailer(bench::ip(packet_of(40, false))));
    for (std::size_t i = 4; i < good.size(); ++i) {
      SCOPED_TRACE(peer.name() + ", byte " + std::to_string(i));
      Buffer forged = good;
      forged[i] ^= 0x40;
      expect_drop(Drop::kIcvMismatch, [&] { wan(forged); });
    }
  }
}

TEST_F(EspTypes, RefuseAPacketCutAtAnyLength) {
  for (const EspPeer& peer : bench::some_types()) {
    install_sa_in(inbound_row(peer), peer);
    const Buffer good = sealed(peer, 1, peer.with_trailer(bench::ip(packet_of(70, false))));
    const std::size_t around = 8 + peer.iv_bytes() + peer.icv_bytes();
    for (std::size_t length = 0; length < good.size(); ++length) {
      SCOPED_TRACE(peer.name() + ", " + std::to_string(length) + " bytes");
      const bool could_be =
          length >= around + peer.block_bytes() && (length - around) % peer.block_bytes() == 0 && length >= 12;
      expect_drop(could_be ? Drop::kIcvMismatch : Drop::kEspMalformed, [&] { wan(Bytes(good).first(length)); });
    }
  }
}

// Sealed soundly by a peer that cuts its blocks: nothing is deciphered.
TEST_F(EspTypes, RefuseACiphertextThatIsNoMultipleOfTheBlock) {
  for (const EspPeer& peer : bench::some_types()) {
    if (peer.integrity == Integrity::kNone || peer.cipher == Cipher::kAesCtr) continue;
    SCOPED_TRACE(peer.name());
    install_sa_in(inbound_row(peer), peer);
    EspPeer header = peer;  // whatever stands in the packet, this one puts a good ICV behind it
    header.cipher = Cipher::kNull;
    for (std::size_t more = 1; more < peer.block_bytes(); ++more) {
      const Buffer content(peer.iv_bytes() + 3 * peer.block_bytes() + more, 0x5a);
      expect_drop(Drop::kEspMalformed, [&] { wan(header.seal(bench::kInSpi, 1, {}, content)); });
    }
  }
}

TEST_F(EspTypes, AuthenticateTheHighHalfOfAnExtendedNumber) {
  for (EspPeer peer : bench::some_types()) {
    peer.esn = true;
    SCOPED_TRACE(peer.name());
    install_sa_in(inbound_row(peer), peer);
    const Buffer plaintext = peer.with_trailer(bench::ip(packet_of(50, false)));
    const auto at = [&](std::uint64_t seq) { return sealed(peer, seq, plaintext); };
    expect_drop(Drop::kIcvMismatch, [&] { wan(at(0x100000001)); });
    for (const std::uint64_t seq : {0x80000000ULL, 0xfffffff0ULL, 0x100000003ULL, 0xfffffff1ULL, 0x100000000ULL}) {
      wan(at(seq));
      take_sent(Port::kLan);
    }
    expect_drop(Drop::kIcvMismatch, [&] { wan(at(0x000000004)); });
    expect_drop(Drop::kIcvMismatch, [&] { wan(at(0x200000004)); });
    EXPECT_EQ(sa_state(false, bench::kInIndex).get(layout::sa_in_state::kTop), 0x100000003u);
    EspPeer without = peer;
    without.esn = false;
    expect_drop(Drop::kIcvMismatch, [&] { wan(sealed(without, 0x100000004, plaintext)); });
  }
}

TEST_F(EspTypes, JudgeTheTrailerAfterDeciphering) {
  for (const EspPeer& peer : bench::some_types()) {
    SCOPED_TRACE(peer.name());
    install_sa_in(inbound_row(peer), peer);
    const Packet p = packet_of(46, false);
    const Buffer good = peer.with_trailer(bench::ip(p));
    std::uint64_t seq = 0;
    const auto with_pad_length = [&](std::size_t length) {
      Buffer changed = good;
      changed[changed.size() - 2] = static_cast<std::uint8_t>(length);
      wan(sealed(peer, ++seq, changed));
    };
    expect_drop(Drop::kEspTrailer, [&] { with_pad_length(good.size() - 1); });
    expect_drop(Drop::kEspTrailer, [&] { with_pad_length(255); });
    expect_drop(Drop::kInnerMalformed, [&] { with_pad_length(good.size() - 2); });
    expect_drop(Drop::kEspTrailer, [&] { with_pad_length(good.size() - 2 - 45); });
    expect_drop(Drop::kEspNextHeader, [&] { wan(sealed(peer, ++seq, peer.with_trailer(bench::ip(p), 59))); });
    // RFC 4303 2.4: up to 255 bytes of padding.
    Buffer padded = bench::ip(p);
    while (padded.size() < 46 + 240 || (padded.size() + 2) % peer.block_bytes() != 0) padded.push_back(0x77);
    padded.push_back(static_cast<std::uint8_t>(padded.size() - 46));
    padded.push_back(4);
    wan(sealed(peer, ++seq, padded));
    EXPECT_EQ(take_sent(Port::kLan), forwarded(p));
  }
}

TEST_F(EspTypes, TakeARowForEmptyThatEnciphersWithoutIntegrityOrHasNoName) {
  const Packet p = packet_of(60, true);
  const auto expect_empty = [&](unsigned cipher, unsigned integrity) {
    SCOPED_TRACE("cipher " + std::to_string(cipher) + ", integrity " + std::to_string(integrity));
    layout::Row out = sa_out_row();
    out.set(layout::sa_out::kCipher, cipher);
    out.set(layout::sa_out::kIntegrity, integrity);
    install_sa_out(out);
    expect_drop(Drop::kSaEmpty, [&] { card_.receive(Port::kLan, bench::lan_frame(p)); });
    layout::Row in = sa_in_row();
    in.set(layout::sa_in::kCipher, cipher);
    in.set(layout::sa_in::kIntegrity, integrity);
    install_sa_in(in);
    expect_drop(Drop::kSpiUnknown, [&] { wan(ByteWriter().u32(bench::kInSpi).u32(1).zeros(80).view()); });
    const auto received = host_received();
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].upcall(), layout::Upcall::kSpiUnknown);
  };
  constexpr unsigned kCiphers = std::size(layout::kCiphers);
  constexpr unsigned kIntegrities = std::size(layout::kIntegrities);
  for (unsigned cipher = static_cast<unsigned>(Cipher::kNull); cipher < kCiphers; ++cipher) {
    expect_empty(cipher, static_cast<unsigned>(Integrity::kNone));
    for (unsigned integrity = kIntegrities; integrity < 16; ++integrity) expect_empty(cipher, integrity);
  }
  for (unsigned cipher = kCiphers; cipher < 16; ++cipher) {
    for (unsigned integrity = 0; integrity < kIntegrities; ++integrity) expect_empty(cipher, integrity);
  }
}

TEST_F(EspTypes, IgnoreTheIntegrityBesideACipherThatHasItsOwn) {
  for (const Cipher cipher : {Cipher::kAesGcm, Cipher::kAesGmac}) {
    for (unsigned integrity = 1; integrity < 16; ++integrity) {
      const EspPeer peer = EspPeer::with_keys(cipher, Integrity::kNone, 16, 9);
      SCOPED_TRACE(peer.name() + " beside integrity " + std::to_string(integrity));
      layout::Row out = outbound_row(peer);
      out.set(layout::sa_out::kIntegrity, integrity);
      install_sa_out(out, peer);
      expect_sent_packet(peer, 77, 1, false);
      layout::Row in = inbound_row(peer);
      in.set(layout::sa_in::kIntegrity, integrity);
      install_sa_in(in, peer);
      expect_forwarded_packet(peer, 77, 1, false);
    }
  }
}

// SAs follow each other in one row, as rekeying has them: nothing of the last one's keys or state is left.
TEST_F(EspTypes, StartAnewWithEveryKey) {
  std::optional<EspPeer> last;
  for (const EspPeer& peer : bench::some_types()) {
    SCOPED_TRACE(peer.name());
    install_sa_out(outbound_row(peer), peer);
    install_sa_in(inbound_row(peer), peer);
    expect_sent_packet(peer, 64, 1, false);
    expect_forwarded_packet(peer, 64, 1, false);
    if (last) {
      const Buffer old = sealed(*last, 2, last->with_trailer(bench::ip(packet_of(126, false))));
      const auto malformed = drops(Drop::kEspMalformed);
      const auto mismatch = drops(Drop::kIcvMismatch);
      wan(old);
      EXPECT_EQ(drops(Drop::kEspMalformed) + drops(Drop::kIcvMismatch), malformed + mismatch + 1);
      EXPECT_TRUE(sent_.empty());
    }
    last = peer;
  }
}

// A key row that names no integrity leaves no integrity key behind it.
TEST_F(EspTypes, ForgetTheIntegrityKeyWithTheKeyRowThatNamesNone) {
  const EspPeer peer = EspPeer::with_keys(Cipher::kNull, Integrity::kHmacSha256_128, 0, 77);
  install_sa_in(inbound_row(peer), peer);
  expect_forwarded_packet(peer, 64, 1, false);
  layout::Row none = peer.key_row();
  none.set(layout::sa_key::kIntegrity, static_cast<unsigned>(Integrity::kNone));
  ASSERT_EQ(load(layout::TableId::kSaInKey, {{bench::kInIndex, none}}, 0), layout::LoadError::kNone);
  expect_drop(Drop::kIcvMismatch, [&] { wan(sealed(peer, 2, peer.with_trailer(bench::ip(packet_of(64, false))))); });
}

}  // namespace
}  // namespace sallyport::driver
