// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/sa_overhead.hpp"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

InstalledSa sa_of(Protocol protocol, Mode mode, const std::string& algorithm, const std::string& remote) {
  InstalledSa sa;
  sa.protocol = protocol;
  sa.mode = mode;
  sa.algorithm = algorithm;
  sa.remote = IpAddress::parse(remote).value();
  return sa;
}

// The bytes on the wire of a packet of `total` bytes, counted as RFC 4303 2.4 does: the pad is the least that fits.
std::size_t on_the_wire(std::size_t header, std::size_t content, std::size_t iv, std::size_t block, std::size_t icv) {
  std::size_t pad = 0;
  while ((content + pad + 2) % block != 0) ++pad;
  return header + 8 + iv + content + pad + 2 + icv;
}

TEST(SaOverhead, TheLargestPacketFitsAndOneByteMoreDoesNot) {
  struct Case {
    const char* algorithm;
    std::size_t iv, block, icv;
  };
  const Case cases[] = {{"aes128gcm16", 8, 4, 16},      {"aes256gmac", 8, 4, 16},      {"null-sha1", 0, 4, 12},
                        {"aes128ctr-sha256", 8, 4, 16}, {"aes256-sha512", 16, 16, 32}, {"3des-md5", 8, 8, 12}};
  for (const Case& c : cases) {
    for (const bool outer_v6 : {false, true}) {
      for (const std::uint16_t mtu : {1280, 1500, 9000}) {
        const std::string remote = outer_v6 ? "2001:db8::2" : "192.0.2.2";
        const std::size_t header = outer_v6 ? 40 : 20;
        const auto fits = [&](std::size_t content) {
          return on_the_wire(header, content, c.iv, c.block, c.icv) <= mtu;
        };
        const auto tunnel = largest_packet(sa_of(Protocol::kEsp, Mode::kTunnel, c.algorithm, remote), false, mtu);
        EXPECT_TRUE(fits(tunnel)) << c.algorithm << " " << mtu;
        EXPECT_FALSE(fits(tunnel + 1U)) << c.algorithm << " " << mtu;
        // In transport mode the packet's own header is the one in front.
        const auto own = largest_packet(sa_of(Protocol::kEsp, Mode::kTransport, c.algorithm, remote), outer_v6, mtu);
        EXPECT_EQ(own, tunnel + header);
      }
    }
  }
}

TEST(SaOverhead, UdpTakesEightBytesMore) {
  InstalledSa sa = sa_of(Protocol::kEsp, Mode::kTunnel, "aes128gcm16", "192.0.2.2");
  const auto bare = largest_packet(sa, false, 1500);
  sa.encap = UdpEncap{4500, 4500};
  EXPECT_EQ(largest_packet(sa, false, 1500), bare - 8);
}

TEST(SaOverhead, AhIsPaddedToEightBytes) {
  // 12 + 16 of the ICV are 28: 4 of padding.
  EXPECT_EQ(largest_packet(sa_of(Protocol::kAh, Mode::kTunnel, "sha256", "2001:db8::2"), false, 1500), 1500 - 40 - 32);
  EXPECT_EQ(largest_packet(sa_of(Protocol::kAh, Mode::kTransport, "sha1", "192.0.2.2"), false, 1500), 1500 - 24);
}

}  // namespace
}  // namespace sallyport::gateway
