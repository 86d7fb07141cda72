// SPDX-License-Identifier: Apache-2.0
// A security association as IKE, or an administrator who types keys in, hands it to a card: both directions of it.
#pragma once

#include <optional>
#include <string>

#include "base/secret.hpp"
#include "driver/sa/replay_window.hpp"
#include "host/ipsec/algorithm.hpp"
#include "host/ipsec/traffic_selector.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport {

enum class Spi : std::uint32_t {};  // host order; 0 to 255 are never used (RFC 4303 2.1)

[[nodiscard]] std::string to_string(Spi spi);  // "0x8f21c0aa"

using layout::Mode;

// What protects one direction. The sizes follow from the algorithm.
struct SaKeys {
  Secret encryption;  // of the cipher; empty for NULL and AH
  Secret salt;        // the first bytes of the nonce, where the cipher has one (algorithm.hpp, salt_size)
  Secret integrity;   // of HMAC; empty for a cipher that has its own check
};

// RFC 3948: ESP in UDP, between these ports.
struct UdpEncap {
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  friend auto operator<=>(const UdpEncap&, const UdpEncap&) = default;
};

// A pair of SAs.
struct SaParameters {
  Protocol protocol = Protocol::kEsp;  // or kAh
  Mode mode = Mode::kTunnel;
  Spi spi_in{};                                   // chosen by us: stands in packets that we receive
  Spi spi_out{};                                  // chosen by the peer: stands in packets that we send
  Encryption encryption = Encryption::kAesGcm16;  // kNone for AH
  Integrity integrity = Integrity::kNone;
  unsigned key_bits = 0;  // of the cipher
  bool esn = false;
  std::uint32_t replay_window = driver::kDefaultReplayWindow;  // packets, of the one that we receive
  SaKeys in;
  SaKeys out;
  IpAddress local;  // outer addresses, of one family; in transport mode the only ones
  IpAddress remote;
  std::optional<UdpEncap> encap;  // ESP in tunnel mode only
  TrafficSelectors local_ts;      // in tunnel mode of either family, or of both
  TrafficSelectors remote_ts;
};

// "aes128gcm16", "aes256-sha256", of AH "sha256": the keywords of its algorithms.
[[nodiscard]] std::string algorithm_of(const SaParameters& sa);

}  // namespace sallyport
