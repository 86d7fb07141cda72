// SPDX-License-Identifier: Apache-2.0
// Frames at every port of a software card with rules and SAs, some of them sealed under its inbound key so that what is
// inside is seen. Every packet ends once: sent, given to the host, or under one drop reason; and nothing that claims to
// come from behind the peer reaches the LAN unless it came sealed.
//
// The input is records: kind, length (16 bits), bytes.
#include "driver/software/card_bench.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

using namespace driver;
using layout::Counter;
using layout::Port;

enum class Kind : std::uint8_t { kLan, kWan, kLanPacket, kWanPacket, kSealed, kSealedPlaintext, kFromHost, kCount };

constexpr std::size_t kLargestFrame = 9300;  // and a little more than the card takes
constexpr std::size_t kMostRecords = 40;     // fewer than the ring's slots

class Gateway : public CardBench {
 public:
  Gateway() { SetUp(); }
  void TestBody() override {}

  void run(Bytes input) {
    install_sa_in(sa_in_row());  // loading a key begins its living state anew
    install_sa_out(sa_out_row());
    const auto before = balance();
    sent_.clear();
    records_.clear();
    ByteReader r(input);
    std::size_t frames = 0;
    for (std::uint32_t seq = 1; r.left() > 0 && frames < kMostRecords; ++seq) {
      const auto kind = Kind(r.u8() % static_cast<unsigned>(Kind::kCount));
      const std::size_t length = r.u16();
      const Bytes bytes = r.take(std::min({length, r.left(), kLargestFrame}));
      const std::size_t seen = sent_.size();
      put_in(kind, bytes, seq);
      ++frames;
      must(records_.size() == frames, "every packet ends once");
      if (kind == Kind::kSealed || kind == Kind::kSealedPlaintext || kind == Kind::kFromHost) continue;
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

  void put_in(Kind kind, Bytes bytes, std::uint32_t seq) {
    const auto esp = [&](Bytes plaintext) {
      return bench::wan_frame(
          {bench::kPeer, bench::kGateway, kProtocolEsp, 64, 0, bench::sealed_by_peer(bench::kInSpi, seq, plaintext)});
    };
    switch (kind) {
      case Kind::kLan:
        return card_.receive(Port::kLan, bytes);
      case Kind::kWan:
        return card_.receive(Port::kWan, bytes);
      case Kind::kLanPacket:
        return card_.receive(Port::kLan, bench::frame(bench::kLanMac, mended(bytes)));
      case Kind::kWanPacket:
        return card_.receive(Port::kWan, bench::frame(bench::kWanMac, mended(bytes)));
      case Kind::kSealed:
        return card_.receive(Port::kWan, esp(bench::with_trailer(mended(bytes))));
      case Kind::kSealedPlaintext:
        return card_.receive(Port::kWan, esp(bytes));
      case Kind::kFromHost:
        return send_from_host(bytes, bytes.empty() ? 0 : bytes[0] % 8);
      case Kind::kCount:
        return;
    }
  }

  // With the right checksum and total length, where there is room for a header.
  static Buffer mended(Bytes bytes) {
    Buffer out(bytes.begin(), bytes.end());
    const std::size_t header = out.empty() ? 0 : 4U * (out[0] & 15U);
    if (header < kIpv4Bytes || out.size() < header) return out;
    out[2] = static_cast<std::uint8_t>(out.size() >> 8);
    out[3] = static_cast<std::uint8_t>(out.size());
    write_checksum(out, header);
    return out;
  }

  static bool from_behind_the_peer(const Transmitted& sent) {
    return sent.port == Port::kLan && sent.frame.size() >= 30 &&
           (ByteReader(Bytes(sent.frame).subspan(26)).u32() & 0xffffff00U) == bench::kRemoteNet;
  }
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
  const Packet inbound{kRemoteHost, kLanHost};
  const Packet web{kLanHost, 0xc6336407, 6, 64, 0, ByteWriter().u16(5000).u16(80).zeros(16).take()};
  std::vector<Buffer> out(3);
  add(out[0], Kind::kLan, lan_frame(outbound));
  add(out[0], Kind::kLanPacket, ipv4(outbound));
  add(out[0], Kind::kLan, lan_frame(web));
  add(out[0], Kind::kLan, frame(kLanMac, ipv4(outbound), kEthertypeArp));
  add(out[1], Kind::kSealed, ipv4(inbound));
  add(out[1], Kind::kSealedPlaintext, with_trailer(ipv4(inbound)));
  add(out[1], Kind::kWanPacket,
      ipv4({kPeer, kGateway, kProtocolUdp, 64, 0,
            ByteWriter().u16(500).u16(4500).u16(40).u16(0).u32(kInSpi).zeros(40).take()}));
  add(out[1], Kind::kWan, wan_frame({kPeer, kGateway, kProtocolEsp, 64, 0, Buffer(60, 1)}));
  add(out[2], Kind::kFromHost, lan_frame(outbound));
  add(out[2], Kind::kWanPacket, ipv4(inbound));
  add(out[2], Kind::kLanPacket, ipv4({kLanHost, kRemoteHost, 17, 64, 0x2000, Buffer(100)}));
  add(out[2], Kind::kSealed, ipv4({kRemoteHost, kGateway}));
  return out;
}

void run(Bytes input) {
  static Gateway gateway;
  gateway.run(input);
}

}  // namespace sallyport::fuzz
