// SPDX-License-Identifier: Apache-2.0
// The enumerations that cross the boundary between card and host. Each list is the only one: RTL, driver, JSON and
// documentation take name, value and meaning from here.
#pragma once

#include <cstdint>

namespace sallyport {
namespace layout {

struct Code {
  const char* name;
  unsigned value;
  const char* meaning;
};

// The three packet ports.
enum class Port : std::uint8_t { kLan = 0, kWan = 1, kHost = 2 };
constexpr Code kPorts[] = {
    {"lan", 0, "plain side"},
    {"wan", 1, "protected side"},
    {"host", 2, "rings in host memory"},
};

// What the first matching SPD rule says (RFC 4301 4.4.1: DISCARD, BYPASS, PROTECT), and the host's own case.
enum class Action : std::uint8_t { kDiscard = 0, kBypass = 1, kProtect = 2, kHost = 3 };
constexpr Code kActions[] = {
    {"discard", 0, "drop and count"},
    {"bypass", 1, "forward without IPsec (inbound: also from an SA of this policy_id)"},
    {"protect", 2, "apply IPsec (outbound: by sa_index; inbound: demand an SA of this policy_id)"},
    {"host", 3, "give the packet to the host, which acquires an SA or asks"},
};

// What forwarding says about a destination address.
enum class Route : std::uint8_t { kNone = 0, kLocal = 1, kSend = 2, kResolve = 3 };
constexpr Code kRoutes[] = {
    {"none", 0, "no route: drop and count"},
    {"local", 1, "an address of this gateway: to the host"},
    {"send", 2, "to the next hop of this row"},
    {"resolve", 3, "on link, but its neighbour is not known yet: to the host"},
};

enum class KeySize : std::uint8_t { kAes128 = 0, kAes192 = 1, kAes256 = 2 };
constexpr Code kKeySizes[] = {
    {"aes128", 0, "16-byte key, 10 rounds"},
    {"aes192", 1, "24-byte key, 12 rounds"},
    {"aes256", 2, "32-byte key, 14 rounds"},
};

// How an SA protects a packet (RFC 4301 4.1).
enum class Mode : std::uint8_t { kTunnel = 0, kTransport = 1 };
constexpr Code kModes[] = {
    {"tunnel", 0, "the whole packet, behind an outer header"},
    {"transport", 1, "what follows the packet's own header: for packets between this gateway and its peer"},
};

enum class Protocol : std::uint8_t { kEsp = 0, kAh = 1 };
constexpr Code kSaProtocols[] = {
    {"esp", 0, "ESP (RFC 4303)"},
    {"ah", 1, "AH (RFC 4302)"},
};

// The Don't Fragment bit of an outer IPv4 header (RFC 4301 8.1).
enum class Df : std::uint8_t { kCopy = 0, kSet = 1, kClear = 2 };
constexpr Code kDfs[] = {
    {"copy", 0, "as in the inner header; 1 over IPv6, whose packets are never fragmented on the way"},
    {"set", 1, "1"},
    {"clear", 2, "0"},
};

// What becomes of a packet that is longer than the next hop's MTU once it is protected (RFC 4301 8).
enum class TooBig : std::uint8_t { kTell = 0, kFragment = 1 };
constexpr Code kTooBigs[] = {
    {"tell", 0, "the host answers its sender, or fragments it before it is protected"},
    {"fragment", 1, "it is protected, and the host fragments what that makes (RFC 4303 3.3.4)"},
};

// What enciphers an SA's packets. aes_gcm and aes_gmac authenticate too; the others need an Integrity beside them:
// encryption without integrity is not done (RFC 8221 4).
enum class Cipher : std::uint8_t {
  kAesGcm = 0,
  kAesGmac = 1,
  kNull = 2,
  kAesCtr = 3,
  kAesCbc = 4,
  kDesCbc = 5,
  kDes3Cbc = 6,
};
constexpr Code kCiphers[] = {
    {"aes_gcm", 0, "AES-GCM with an ICV of 16 bytes (RFC 4106)"},
    {"aes_gmac", 1, "authenticated by AES-GMAC, not encrypted (RFC 4543)"},
    {"null", 2, "not encrypted (RFC 2410)"},
    {"aes_ctr", 3, "AES in counter mode (RFC 3686)"},
    {"aes_cbc", 4, "AES-CBC (RFC 3602)"},
    {"des_cbc", 5, "DES-CBC (RFC 2405): legacy"},
    {"des3_cbc", 6, "3DES-CBC (RFC 2451): legacy"},
};

// The bytes that a cipher asks for in an ESP packet.
struct CipherShape {
  unsigned iv;     // in front of the ciphertext
  unsigned block;  // ciphertext is a multiple of this; RFC 4303 2.4: of 4 at least
  unsigned icv;    // of its own; 0: an Integrity decides
};
constexpr CipherShape kCipherShapes[] = {{8, 4, 16},  {8, 4, 16}, {0, 4, 0}, {8, 4, 0},
                                         {16, 16, 0}, {8, 8, 0},  {8, 8, 0}};
constexpr CipherShape shape(Cipher cipher) { return kCipherShapes[static_cast<unsigned>(cipher)]; }

// What authenticates the packets of an SA whose cipher does not: HMAC, cut to so many bits.
enum class Integrity : std::uint8_t {
  kNone = 0,
  kHmacMd5_96 = 1,
  kHmacSha1_96 = 2,
  kHmacSha256_128 = 3,
  kHmacSha384_192 = 4,
  kHmacSha512_256 = 5,
};
constexpr Code kIntegrities[] = {
    {"none", 0, "no HMAC"},
    {"hmac_md5_96", 1, "RFC 2403, key of 16 bytes: legacy"},
    {"hmac_sha1_96", 2, "RFC 2404, key of 20 bytes"},
    {"hmac_sha256_128", 3, "RFC 4868, key of 32 bytes"},
    {"hmac_sha384_192", 4, "RFC 4868, key of 48 bytes"},
    {"hmac_sha512_256", 5, "RFC 4868, key of 64 bytes"},
};

// The bytes of an Integrity's ICV and key.
struct IntegrityShape {
  unsigned icv;
  unsigned key;
};
constexpr IntegrityShape kIntegrityShapes[] = {{0, 0}, {12, 16}, {12, 20}, {16, 32}, {24, 48}, {32, 64}};
constexpr IntegrityShape shape(Integrity integrity) { return kIntegrityShapes[static_cast<unsigned>(integrity)]; }

// Why a packet or an event is given to the host.
enum class Upcall : std::uint8_t {
  kArp = 0,
  kLocal = 1,
  kPolicy = 2,
  kResolve = 3,
  kTooBig = 4,
  kSoftLimit = 5,
  kHardLimit = 6,
  kSpiUnknown = 7,
  kTagRejected = 8,
  kOversize = 9,
};
constexpr Code kUpcalls[] = {
    {"arp", 0, "an ARP frame"},
    {"local", 1, "an IP packet to an address of this gateway, or a fragment to it"},
    {"policy", 2, "an SPD rule with action host matched, or one with syn_to_host"},
    {"resolve", 3, "the destination is on link and its neighbour is not known"},
    {"too_big", 4, "longer than the next hop's MTU after encapsulation"},
    {"soft_limit", 5, "event: an SA passed its soft packet or byte limit (once for packets, once for bytes)"},
    {"hard_limit", 6, "event: an SA expired: hard limit or last sequence number (once per SA)"},
    {"spi_unknown", 7, "event: ESP or AH to us with an SPI of no SA (at most one until the host has read it)"},
    {"tag_rejected", 8, "event: a user's tag was not accepted (at most one until the host has read it)"},
    {"oversize", 9, "a protected packet longer than the next hop's MTU, as it would be sent: to be fragmented"},
};

// Where a frame from the host goes.
enum class Inject : std::uint8_t { kLanTx = 0, kWanTx = 1, kLanRx = 2, kWanRx = 3 };
constexpr Code kInjects[] = {
    {"lan_tx", 0, "out of the LAN port as it is"},
    {"wan_tx", 1, "out of the WAN port as it is"},
    {"lan_rx", 2, "processed as if received on LAN (a packet that waited for its SA or neighbour)"},
    {"wan_rx", 3, "processed as if received on WAN"},
};

// Why a packet ended inside the card. Index of the drop counter.
enum class Drop : std::uint8_t {
  kRxOverflow = 0,
  kRxError = 1,
  kDisabled = 2,
  kNotForUs = 3,
  kEthertype = 4,
  kIpMalformed = 5,
  kIpChecksum = 6,
  kIpTruncated = 7,
  kTtlExpired = 8,
  kSpdNoMatch = 9,
  kSpdDiscard = 10,
  kNoRoute = 11,
  kNoNextHop = 12,
  kEgressPort = 13,
  kSaEmpty = 14,
  kSeqExhausted = 15,
  kHardLimit = 16,
  kSpiUnknown = 17,
  kNotWhole = 18,
  kEspMalformed = 19,
  kReplayOld = 20,
  kReplayDuplicate = 21,
  kIcvMismatch = 22,
  kEspTrailer = 23,
  kInnerMalformed = 24,
  kInnerPolicy = 25,
  kClearPolicy = 26,
  kNatKeepalive = 27,
  kHostRingFull = 28,
  kHostInject = 29,
  kEspNextHeader = 30,
  kIllegalState = 31,
  kCryptoBusy = 32,
  kAhMalformed = 33,
  kIpExtension = 34,
  kVlan = 35,
};
constexpr Code kDrops[] = {
    {"rx_overflow", 0, "the port's receive buffer was full"},
    {"rx_error", 1, "the MAC marked the frame bad, or it is shorter than 14 or longer than 9216 bytes"},
    {"disabled", 2, "the card is not enabled"},
    {"not_for_us", 3, "the destination MAC address is neither the port's nor a group address"},
    {"ethertype", 4, "neither IPv4, IPv6 nor ARP"},
    {"ip_malformed", 5,
     "IP header: wrong version, IHL below 5, a length below the header's, IPv4-mapped address in IPv6"},
    {"ip_checksum", 6, "IPv4 header checksum does not verify"},
    {"ip_truncated", 7, "the frame ends before the IP packet does"},
    {"ttl_expired", 8, "TTL or hop limit 0 or 1 on a packet to be forwarded"},
    {"spd_no_match", 9, "no SPD rule matches (RFC 4301 5.1: discard)"},
    {"spd_discard", 10, "an SPD rule says discard"},
    {"no_route", 11, "forwarding knows no route to the destination"},
    {"no_next_hop", 12, "the next-hop row is empty"},
    {"egress_port", 13, "the route leads back to the side the packet came from"},
    {"sa_empty", 14, "the SPD rule points to an SA row that is empty"},
    {"seq_exhausted", 15, "the SA has used its last sequence number (RFC 4303 3.3.3)"},
    {"hard_limit", 16, "the SA has reached its hard packet or byte limit"},
    {"spi_unknown", 17, "ESP or AH to us whose SPI belongs to no SA (RFC 4303 3.4.2)"},
    {"not_whole", 18, "transport mode protects whole packets: a fragment, or nothing behind the header"},
    {"esp_malformed", 19, "ESP packet too short, or its ciphertext no multiple of the cipher's block"},
    {"replay_old", 20, "sequence number left of the anti-replay window, or zero (RFC 4303 3.4.3)"},
    {"replay_duplicate", 21, "sequence number already received"},
    {"icv_mismatch", 22, "the ICV does not verify"},
    {"esp_trailer", 23, "pad length larger than the payload, or inner packet longer than what was decrypted"},
    {"inner_malformed", 24, "the IP header inside is malformed"},
    {"inner_policy", 25, "the decrypted packet matches no rule that its SA belongs to (RFC 4301 5.2 step 4)"},
    {"clear_policy", 26, "received in the clear, but the policy demands protection or the host's decision"},
    {"nat_keepalive", 27, "a NAT-keepalive (RFC 3948 4): done its work"},
    {"host_ring_full", 28, "for the host, but its receive ring is full or not set up"},
    {"host_inject", 29, "a frame from the host with a bad length or destination"},
    {"esp_next_header", 30,
     "next header of an authentic packet is not IP; in transport mode 59, a dummy packet (RFC 4303 2.6)"},
    {"illegal_state", 31, "the card found itself in a state that cannot be: fail closed"},
    {"crypto_busy", 32, "the engine of this SA's cipher had no room: it is slower than the wire"},
    {"ah_malformed", 33, "AH too short, or its length is not that of the SA's ICV"},
    {"ip_extension", 34, "more IPv6 extension headers than the card reads"},
    {"vlan", 35, "a frame of another VLAN than the port's"},
};
constexpr unsigned kDropReasons = sizeof(kDrops) / sizeof(kDrops[0]);

template <std::size_t N>
constexpr bool counts_up(const Code (&codes)[N]) {
  for (std::size_t i = 0; i < N; ++i) {
    if (codes[i].value != i) return false;
  }
  return true;
}
static_assert(counts_up(kPorts) && counts_up(kActions) && counts_up(kRoutes) && counts_up(kKeySizes) &&
                  counts_up(kModes) && counts_up(kSaProtocols) && counts_up(kDfs) && counts_up(kTooBigs) &&
                  counts_up(kCiphers) && counts_up(kIntegrities) && counts_up(kUpcalls) && counts_up(kInjects) &&
                  counts_up(kDrops),
              "a list of codes has a gap");
static_assert(sizeof(kCipherShapes) / sizeof(kCipherShapes[0]) == sizeof(kCiphers) / sizeof(kCiphers[0]) &&
                  sizeof(kIntegrityShapes) / sizeof(kIntegrityShapes[0]) ==
                      sizeof(kIntegrities) / sizeof(kIntegrities[0]),
              "a cipher or an integrity algorithm without a shape");

}  // namespace layout
}  // namespace sallyport
