// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/sa_overhead.hpp"

#include "driver/ip/ip.hpp"
#include "host/gateway/sa_protection.hpp"
#include "host/ipsec/proposal.hpp"

namespace sallyport::gateway {
namespace {

constexpr std::size_t kEspBytes = 8;     // SPI, sequence number
constexpr std::size_t kEspTrailer = 2;   // pad length, next header
constexpr std::size_t kAhBytes = 12;     // up to the ICV
constexpr std::size_t kAhAlignment = 8;  // 4 over IPv4 unless ah_align says otherwise: at most 4 bytes too careful

}  // namespace

std::uint16_t largest_packet(const InstalledSa& sa, bool ipv6, std::uint16_t mtu) {
  const auto proposal = Proposal::parse(sa.protocol, sa.algorithm);
  const auto protection =
      proposal ? protection_of(proposal->encryption(), proposal->integrity(), {}) : proposal.error();
  if (!protection) return mtu;  // cannot be: it is installed
  const auto cipher = layout::shape(protection->cipher);
  const std::size_t icv = cipher.icv != 0 ? cipher.icv : layout::shape(protection->integrity).icv;
  const bool tunnel = sa.mode == Mode::kTunnel;
  // The header in front: the outer one, or in transport mode the packet's own, which counts as a part of it too.
  const std::size_t header = (tunnel ? !sa.remote.is_v4() : ipv6) ? driver::kIpv6Bytes : driver::kIpv4Bytes;
  std::size_t content = 0;
  if (sa.protocol == Protocol::kAh) {
    content = mtu - header - (kAhBytes + icv + kAhAlignment - 1) / kAhAlignment * kAhAlignment;
  } else {
    const std::size_t around = header + (sa.encap ? driver::kUdpBytes : 0) + kEspBytes + cipher.iv + icv;
    content = (mtu - around) / cipher.block * cipher.block - kEspTrailer;
  }
  return static_cast<std::uint16_t>(tunnel ? content : header + content);
}

}  // namespace sallyport::gateway
