// SPDX-License-Identifier: Apache-2.0
// The SAs on the card: which rows are taken, loading a new SA into a free row, reading its living state, wiping it.
//
// An SA row is never changed in place. A new SA takes a free row; a rule points to it with the next commit of the
// tables; an old one is retired when no rule points to it any more, and its row and key are wiped once every packet
// admitted before has left.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "driver/sa/replay_window.hpp"
#include "driver/tables/table_session.hpp"
#include "hw/layout/address.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::driver {

// Limits in packets and in encrypted bytes; 0 is none.
struct SaLimits {
  std::uint64_t soft_packets = 0;
  std::uint64_t hard_packets = 0;
  std::uint64_t soft_bytes = 0;
  std::uint64_t hard_bytes = 0;
};

struct UdpPorts {
  std::uint16_t source = 4500;
  std::uint16_t destination = 4500;
};

// Bytes of salt that come with a cipher's key: the first ones of its nonce (RFC 4106 4, RFC 4543 3.2, RFC 3686 4).
constexpr std::size_t salt_bytes(layout::Cipher cipher) {
  using layout::Cipher;
  return cipher == Cipher::kAesGcm || cipher == Cipher::kAesGmac || cipher == Cipher::kAesCtr ? 4 : 0;
}

// What protects an SA's packets, as the card's rows name it (hw/README.md, "Ciphers and integrity").
struct SaProtection {
  layout::Cipher cipher = layout::Cipher::kAesGcm;
  layout::Integrity integrity = layout::Integrity::kNone;  // none for aes_gcm and aes_gmac, which have their own
  Secret key{};            // of the cipher: AES 16, 24 or 32 bytes, DES 8, 3DES 24; null: empty
  Secret salt{};           // aes_gcm, aes_gmac, aes_ctr: 4 bytes; else empty
  Secret integrity_key{};  // as long as the HMAC's hash; empty without integrity
};

// In tunnel mode source and destination are those of the outer header, and of one version; in transport mode the source
// is what the SA's events tell.
struct OutboundSa {
  std::uint32_t spi = 0;
  layout::Mode mode = layout::Mode::kTunnel;
  layout::Protocol protocol = layout::Protocol::kEsp;
  layout::Address source;
  layout::Address destination;
  SaProtection protection;
  bool esn = false;
  std::optional<UdpPorts> encap;  // ESP
  std::uint8_t next_hop = 0;
  // Of the outer header in tunnel mode.
  std::uint8_t ttl = 64;
  layout::Df df = layout::Df::kCopy;
  std::optional<std::uint8_t> dscp;  // 0 to 63; none: copied
  bool ah_align8 = false;            // AH over IPv4 padded to 8 bytes, as over IPv6
  layout::TooBig too_big = layout::TooBig::kTell;
  std::uint16_t policy_id = 0;
  SaLimits limits;
};

struct InboundSa {
  std::uint32_t spi = 0;  // from reserve_spi() or claim_spi()
  layout::Mode mode = layout::Mode::kTunnel;
  layout::Protocol protocol = layout::Protocol::kEsp;
  layout::Address destination;
  SaProtection protection;
  bool esn = false;
  std::uint16_t policy_id = 0;
  SaLimits limits;
  std::uint32_t replay_window = kDefaultReplayWindow;  // packets: 64, 128, .. 4096
};

struct OutboundState {
  std::uint64_t seq = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool expired = false;
};

struct InboundState {
  std::uint64_t top = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint32_t icv_failures = 0;
  std::uint32_t replays = 0;
  bool expired = false;
};

// What SPIs and rows are chosen by: the operating system's generator, or a seeded one where a run must be repeatable.
using RandomWord = std::function<Result<std::uint32_t>()>;
Result<std::uint32_t> system_random_word();

class SaTable {
 public:
  // `session` outlives it.
  SaTable(Card& card, TableSession& session, RandomWord random = system_random_word)
      : card_(&card), session_(&session), random_(std::move(random)) {}

  // An SPI of our choice for an inbound SA: random above the row's bits, never below 256 (RFC 4303 2.1). kFull when no
  // row is free.
  Result<std::uint32_t> reserve_spi();
  // An SPI that somebody else chose (keys typed in by hand). kExists when its row is taken.
  Result<void> claim_spi(std::uint32_t spi);
  // Gives a reserved SPI back that was never installed.
  void release_spi(std::uint32_t spi);

  // The row of the new SA. Its keys are loaded first and its row last; kInvalid for keys of a wrong length, for
  // encryption without integrity, for what AH does not do, and for an anti-replay window of another size.
  Result<std::uint16_t> install(const OutboundSa& sa);
  Result<void> install(const InboundSa& sa);

  // From now on its packets are dropped (outbound: no rule may point to it any more). The row is free after reclaim().
  Result<void> retire_outbound(std::uint16_t row);
  Result<void> retire_inbound(std::uint32_t spi);
  // Wipes the keys of what was retired before the last commit of the session, and frees the rows.
  Result<void> reclaim();

  Result<OutboundState> outbound_state(std::uint16_t row);
  Result<InboundState> inbound_state(std::uint32_t spi);

  // For a daemon that comes back to a running card: these rows are in use, and no others.
  Result<void> adopt(const std::vector<std::uint16_t>& outbound_rows, const std::vector<std::uint32_t>& inbound_spis);

 private:
  struct Retired {
    bool outbound;
    std::uint16_t row;
    std::uint32_t generation;  // in force when it was retired
  };
  using Rows = std::bitset<layout::kSaRows>;

  Result<layout::Row> capture(bool outbound, std::uint16_t row);
  template <class Sa>
  Result<void> load(bool outbound, std::uint16_t row, const Sa& sa, const layout::Row& sa_row);
  Result<void> wipe_row(bool outbound, std::uint16_t row);

  Card* card_;
  TableSession* session_;
  RandomWord random_;
  Rows outbound_;
  Rows inbound_;
  std::vector<Retired> retired_;
};

}  // namespace sallyport::driver
