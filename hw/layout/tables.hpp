// SPDX-License-Identifier: Apache-2.0
// The card's tables: what a row holds, how many rows there are, and which tables have two banks.
#pragma once

#include "hw/layout/address.hpp"
#include "hw/layout/field.hpp"

namespace sallyport {
namespace layout {

// ---- sizes ---------------------------------------------------------------------------------------------------------

constexpr unsigned kSaRows = 2048;              // per direction; the low bits of an inbound SPI are its row
constexpr unsigned kSaIndexBits = 11;           // log2(kSaRows)
constexpr unsigned kSpdRules = 1024;            // per direction; one bit each in a rule bitmap
constexpr unsigned kAddressIntervals = 2048;    // per address field of an SPD: each rule may have an address of its own
constexpr unsigned kPortIntervals = 256;        // per port field of an SPD
constexpr unsigned kPrincipalIntervals = 2048;  // of an SPD: each rule may have a user of its own
constexpr unsigned kProtocols = 256;
constexpr unsigned kRouteIntervals = 2048;
constexpr unsigned kNextHops = 256;
constexpr unsigned kPrincipalBuckets = 2048;  // the first half is found by the first hash, the second by the second
constexpr unsigned kBucketEntries = 3;
constexpr unsigned kTagRows = 2048;           // the low bits of a tag's handle are its row
constexpr unsigned kTagIndexBits = 11;        // log2(kTagRows)
constexpr unsigned kLeastReplayWindow = 64;   // packets; an inbound SA doubles it replay_window times
constexpr unsigned kMostReplayWindow = 4096;  // packets
constexpr unsigned kReplayWindowSizes = 7;    // 64, 128, .. 4096
static_assert((1U << kSaIndexBits) == kSaRows && (1U << kTagIndexBits) == kTagRows &&
                  kLeastReplayWindow << (kReplayWindowSizes - 1) == kMostReplayWindow,
              "sizes contradict each other");

// ---- rows ----------------------------------------------------------------------------------------------------------

// The cipher's key material of an SA. Write only. Loading a row runs the key setup (round keys, H and its powers, and,
// of the integrity key loaded before it, HMAC's inner and outer state) and sets the SA's living state to zero; a key is
// never loaded twice.
namespace sa_key {
constexpr Field kKey{"key", 0, 256,
                     "AES, DES or 3DES key, its first byte in bits 7:0; a shorter key leaves the rest zero"};
constexpr Field kSalt{"salt", 256, 32,
                      "first four bytes of the nonce, the first in bits 31:24 (RFC 4106 4, RFC 4543 3.2, RFC 3686 4)"};
constexpr Field kKeySize{"key_size", 288, 2, "KeySize of AES"};
constexpr Field kReserved0{"reserved0", 290, 2, "write zero"};
constexpr Field kIntegrity{"integrity", 292, 4, "Integrity that the integrity key is for"};
constexpr Field kReserved1{"reserved1", 296, 216, "write zero"};
constexpr Field kFields[] = {kKey, kSalt, kKeySize, kReserved0, kIntegrity, kReserved1};
static_assert(tiles(kFields, kRowBits), "sa_key has a gap, an overlap or an unlisted field");
}  // namespace sa_key

// HMAC's key of an SA. Write only, and before the sa_key row of the same SA, which puts it into use.
namespace integrity_key {
constexpr Field kKey{"key", 0, kRowBits, "its first byte in bits 7:0; a shorter key leaves the rest zero"};
constexpr Field kFields[] = {kKey};
static_assert(tiles(kFields, kRowBits), "integrity_key has a gap, an overlap or an unlisted field");
}  // namespace integrity_key

// An outbound SA. Never changed in place: a new SA takes a free row.
namespace sa_out {
constexpr Field kValid{"valid", 0, 1, "0: the row is empty and its packets are dropped"};
constexpr Field kEsn{"esn", 1, 1, "extended sequence numbers (RFC 4303 2.2.1, RFC 4302 2.5.1)"};
constexpr Field kEncap{"encap", 2, 1, "ESP in UDP (RFC 3948)"};
constexpr Field kMode{"mode", 3, 1, "Mode"};
constexpr Field kCipher{"cipher", 4, 4, "Cipher; of AH null"};
constexpr Field kIntegrity{"integrity", 8, 4, "Integrity; none for a cipher that has its own"};
constexpr Field kProtocol{"protocol", 12, 1, "Protocol"};
constexpr Field kIpv6{"ipv6", 13, 1, "tunnel mode: the outer header is IPv6"};
constexpr Field kDf{"df", 14, 2, "tunnel mode: Df of an outer IPv4 header"};
constexpr Field kPolicyId{"policy_id", 16, 16, "the policy this SA serves"};
constexpr Field kSpi{"spi", 32, 32, "SPI in the ESP or AH header"};
constexpr Field kSource{"source", 64, kAddressBits, "outer source address; in transport mode told in events only"};
constexpr Field kDestination{"destination", 192, kAddressBits, "tunnel mode: outer destination, the peer gateway"};
constexpr Field kSourcePort{"source_port", 320, 16, "UDP source port when encap"};
constexpr Field kDestinationPort{"destination_port", 336, 16, "UDP destination port when encap"};
constexpr Field kNextHop{"next_hop", 352, 8, "row of next_hop that leads to the peer"};
constexpr Field kTtl{"ttl", 360, 8, "tunnel mode: outer TTL or hop limit"};
constexpr Field kSetDscp{"set_dscp", 368, 1, "tunnel mode: outer DSCP is dscp; else copied from the inner header"};
constexpr Field kDscp{"dscp", 369, 6, "outer DSCP when set_dscp (RFC 2474)"};
constexpr Field kAhAlign8{"ah_align8", 375, 1, "AH over IPv4 padded to a multiple of 8 bytes, not 4; over IPv6 always"};
constexpr Field kTooBig{"too_big", 376, 1, "TooBig: of a packet longer than the next hop's MTU once protected"};
constexpr Field kReserved{"reserved", 377, 135, "write zero"};
constexpr Field kFields[] = {
    kValid, kEsn,      kEncap, kMode,     kCipher,      kIntegrity,  kProtocol,        kIpv6,
    kDf,    kPolicyId, kSpi,   kSource,   kDestination, kSourcePort, kDestinationPort, kNextHop,
    kTtl,   kSetDscp,  kDscp,  kAhAlign8, kTooBig,      kReserved};
static_assert(tiles(kFields, kRowBits), "sa_out has a gap, an overlap or an unlisted field");
}  // namespace sa_out

// An inbound SA. Its row is the low kSaIndexBits of its SPI; the whole SPI is compared.
namespace sa_in {
constexpr Field kValid{"valid", 0, 1, "0: the row is empty and its packets are dropped"};
constexpr Field kEsn{"esn", 1, 1, "extended sequence numbers (RFC 4303 2.2.1, RFC 4302 2.5.1)"};
constexpr Field kReserved0{"reserved0", 2, 1, "write zero"};
constexpr Field kMode{"mode", 3, 1, "Mode"};
constexpr Field kCipher{"cipher", 4, 4, "Cipher; of AH null"};
constexpr Field kIntegrity{"integrity", 8, 4, "Integrity; none for a cipher that has its own"};
constexpr Field kReplayWindow{"replay_window", 12, 4, "anti-replay window of 64 * 2^this packets; up to 6"};
constexpr Field kPolicyId{"policy_id", 16, 16, "the policy whose inbound rules this SA may satisfy"};
constexpr Field kSpi{"spi", 32, 32, "SPI, compared whole"};
constexpr Field kDestination{"destination", 64, kAddressBits, "our outer address, compared"};
constexpr Field kProtocol{"protocol", 192, 1, "Protocol, compared"};
constexpr Field kReserved1{"reserved1", 193, 319, "write zero"};
constexpr Field kFields[] = {kValid,        kEsn,      kReserved0, kMode,        kCipher,   kIntegrity,
                             kReplayWindow, kPolicyId, kSpi,       kDestination, kProtocol, kReserved1};
static_assert(tiles(kFields, kRowBits), "sa_in has a gap, an overlap or an unlisted field");
}  // namespace sa_in

// How long an SA may live, of either direction. Written before the SA's row.
namespace sa_limits {
constexpr Field kSoftPackets{"soft_packets", 0, 64, "event when this many were sent or accepted; 0: none"};
constexpr Field kHardPackets{"hard_packets", 64, 64, "no packet beyond this many; 0: none"};
constexpr Field kSoftBytes{"soft_bytes", 128, 64, "event when this many bytes were protected or opened; 0: none"};
constexpr Field kHardBytes{"hard_bytes", 192, 64, "no packet that would pass this many bytes; 0: none"};
constexpr Field kReserved{"reserved", 256, 256, "write zero"};
constexpr Field kFields[] = {kSoftPackets, kHardPackets, kSoftBytes, kHardBytes, kReserved};
static_assert(tiles(kFields, kRowBits), "sa_limits has a gap, an overlap or an unlisted field");
}  // namespace sa_limits

// The packets of an inbound SA's anti-replay window by its replay_window. 0: the code has no name, and the row is as
// good as empty.
constexpr unsigned replay_window_packets(std::uint64_t code) {
  return code < kReplayWindowSizes ? kLeastReplayWindow << code : 0;
}

// The living part of an outbound SA: read through the sa_state registers, written by the card alone.
namespace sa_out_state {
constexpr Field kSeq{"seq", 0, 64, "last sequence number used; 0: none yet"};
constexpr Field kPackets{"packets", 64, 64, "packets protected"};
constexpr Field kBytes{"bytes", 128, 64, "bytes protected: of ESP with padding and trailer"};
constexpr Field kExpired{"expired", 192, 1, "a packet was refused for a hard limit or the last sequence number; stays"};
constexpr Field kReserved{"reserved", 193, 319, "reads zero"};
constexpr Field kFields[] = {kSeq, kPackets, kBytes, kExpired, kReserved};
static_assert(tiles(kFields, kRowBits), "sa_out_state has a gap, an overlap or an unlisted field");
}  // namespace sa_out_state

namespace sa_in_state {
constexpr Field kTop{"top", 0, 64, "highest sequence number accepted; 0: none yet"};
constexpr Field kPackets{"packets", 64, 64, "packets accepted"};
constexpr Field kBytes{"bytes", 128, 64, "bytes opened: of ESP with padding and trailer"};
constexpr Field kIcvFailures{"icv_failures", 192, 32, "packets with a wrong ICV"};
constexpr Field kReplays{"replays", 224, 32, "packets refused by the anti-replay window"};
constexpr Field kExpired{"expired", 256, 1, "a packet was refused for a hard limit; stays"};
constexpr Field kReserved{"reserved", 257, 255, "reads zero"};
constexpr Field kFields[] = {kTop, kPackets, kBytes, kIcvFailures, kReplays, kExpired, kReserved};
static_assert(tiles(kFields, kRowBits), "sa_in_state has a gap, an overlap or an unlisted field");
}  // namespace sa_in_state

// One node of a search tree over the sorted starts of intervals; see interval_node() below.
namespace interval {
constexpr Field kStart{"start", 0, kAddressBits,
                       "keys from here on lie to the right; a port or principal in the low 16 bits"};
constexpr Field kReserved{"reserved", 128, 384, "write zero"};
constexpr Field kFields[] = {kStart, kReserved};
static_assert(tiles(kFields, kRowBits), "interval has a gap, an overlap or an unlisted field");
}  // namespace interval

// Which rules one interval (or protocol) of one field satisfies. A bitmap is wider than a row: of n intervals, row i
// holds the first rules of interval i and row n + i those that follow.
namespace rule_bitmap {
constexpr Field kRules{"rules", 0, kRowBits, "bit i: rule i, in the table's second half rule 512 + i, can match"};
constexpr Field kFields[] = {kRules};
static_assert(tiles(kFields, kRowBits), "rule_bitmap has a gap, an overlap or an unlisted field");
static_assert(kSpdRules == 2 * kRowBits, "the field's meaning speaks of two halves");
constexpr unsigned rows(unsigned intervals) { return kSpdRules / kRowBits * intervals; }
// Where a rule's bit lies.
constexpr unsigned row_of(unsigned rule, unsigned interval, unsigned intervals) {
  return rule / kRowBits * intervals + interval;
}
constexpr unsigned bit_of(unsigned rule) { return rule % kRowBits; }
}  // namespace rule_bitmap

// What rule i says.
namespace spd_rule {
constexpr Field kAction{"action", 0, 2, "Action"};
constexpr Field kSynToHost{"syn_to_host", 2, 1,
                           "outbound protect: what opens a TCP connection goes to the host instead"};
constexpr Field kReserved0{"reserved0", 3, 13, "write zero"};
constexpr Field kPolicyId{"policy_id", 16, 16, "the policy this rule was compiled from"};
constexpr Field kSaIndex{"sa_index", 32, 16, "outbound protect: row of sa_out"};
constexpr Field kReserved1{"reserved1", 48, 464, "write zero"};
constexpr Field kFields[] = {kAction, kSynToHost, kReserved0, kPolicyId, kSaIndex, kReserved1};
static_assert(tiles(kFields, kRowBits), "spd_rule has a gap, an overlap or an unlisted field");
}  // namespace spd_rule

// A bucket of the address -> principal table: three entries.
namespace principal_bucket {
constexpr unsigned kEntryBits = 160;
constexpr Field kValid{"valid", 0, 1, "of entry 0; entry i lies 160*i bits higher"};
constexpr Field kReserved{"reserved", 1, 15, "write zero"};
constexpr Field kPrincipal{"principal", 16, 16, "user or group; 0 is nobody"};
constexpr Field kAddress{"address", 32, kAddressBits, "source address"};
constexpr Field kEntry[] = {kValid, kReserved, kPrincipal, kAddress};
static_assert(tiles(kEntry, kEntryBits) && kEntryBits * kBucketEntries <= kRowBits, "principal_bucket does not fit");
constexpr Field kEntries{"entries", 0, kEntryBits* kBucketEntries, "three entries of 160 bits"};
constexpr Field kPad{"pad", kEntryBits* kBucketEntries, kRowBits - kEntryBits* kBucketEntries, "write zero"};
constexpr Field kFields[] = {kEntries, kPad};
static_assert(tiles(kFields, kRowBits), "principal_bucket has a gap, an overlap or an unlisted field");
}  // namespace principal_bucket

// A session whose packets carry a tag. Its row is the low kTagIndexBits of its handle; the whole handle is compared.
// Write only: holds a key.
namespace tag_key {
constexpr Field kValid{"valid", 0, 1, "0: the row is empty and its tags are unknown"};
constexpr Field kReserved0{"reserved0", 1, 15, "write zero"};
constexpr Field kPrincipal{"principal", 16, 16, "the session's user; 0 is nobody"};
constexpr Field kHandle{"handle", 32, 32, "handle, compared whole"};
constexpr Field kKey{"key", 64, 128, "SipHash key, its first byte in bits 7:0"};
constexpr Field kReserved1{"reserved1", 192, 320, "write zero"};
constexpr Field kFields[] = {kValid, kReserved0, kPrincipal, kHandle, kKey, kReserved1};
static_assert(tiles(kFields, kRowBits), "tag_key has a gap, an overlap or an unlisted field");
}  // namespace tag_key

// What forwarding says about one interval of destination addresses.
namespace route {
constexpr Field kKind{"kind", 0, 2, "Route"};
constexpr Field kReserved0{"reserved0", 2, 6, "write zero"};
constexpr Field kNextHop{"next_hop", 8, 8, "row of next_hop when kind is send"};
constexpr Field kReserved1{"reserved1", 16, 496, "write zero"};
constexpr Field kFields[] = {kKind, kReserved0, kNextHop, kReserved1};
static_assert(tiles(kFields, kRowBits), "route has a gap, an overlap or an unlisted field");
}  // namespace route

// A neighbour that packets are handed to.
namespace next_hop {
constexpr Field kValid{"valid", 0, 1, "0: the row is empty and its packets are dropped"};
constexpr Field kPort{"port", 1, 1, "Port: lan or wan"};
constexpr Field kReserved0{"reserved0", 2, 14, "write zero"};
constexpr Field kMtu{"mtu", 16, 16, "bytes of the largest IP packet this link takes"};
constexpr Field kMac{"mac", 32, 48, "destination MAC address, first byte in the most significant bits"};
constexpr Field kReserved1{"reserved1", 80, 432, "write zero"};
constexpr Field kFields[] = {kValid, kPort, kReserved0, kMtu, kMac, kReserved1};
static_assert(tiles(kFields, kRowBits), "next_hop has a gap, an overlap or an unlisted field");
}  // namespace next_hop

// ---- tables --------------------------------------------------------------------------------------------------------

struct Table {
  const char* name;
  unsigned id;    // names the table in a table load
  unsigned rows;  // per bank
  bool banked;    // two banks, the closed one of which is written
  const Field* fields;
  unsigned field_count;
  const char* row;  // name of the row layout
  const char* meaning;
};

#define SALLYPORT_ROW(layout_name) layout_name::kFields, sizeof(layout_name::kFields) / sizeof(Field), #layout_name
constexpr Table kTables[] = {
    {"sa_out_key", 0, kSaRows, false, SALLYPORT_ROW(sa_key), "keys of outbound SAs"},
    {"sa_in_key", 1, kSaRows, false, SALLYPORT_ROW(sa_key), "keys of inbound SAs"},
    {"sa_out_integrity_key", 2, kSaRows, false, SALLYPORT_ROW(integrity_key), "HMAC keys of outbound SAs"},
    {"sa_in_integrity_key", 3, kSaRows, false, SALLYPORT_ROW(integrity_key), "HMAC keys of inbound SAs"},
    {"sa_out_limits", 4, kSaRows, false, SALLYPORT_ROW(sa_limits), "lifetimes of outbound SAs"},
    {"sa_in_limits", 5, kSaRows, false, SALLYPORT_ROW(sa_limits), "lifetimes of inbound SAs"},
    {"sa_out", 6, kSaRows, false, SALLYPORT_ROW(sa_out), "outbound SAs"},
    {"sa_in", 7, kSaRows, false, SALLYPORT_ROW(sa_in), "inbound SAs"},
    {"principal", 8, kPrincipalBuckets, true, SALLYPORT_ROW(principal_bucket), "source address to principal"},
    {"route_start", 9, kRouteIntervals, true, SALLYPORT_ROW(interval), "search tree over destination addresses"},
    {"route", 10, kRouteIntervals, true, SALLYPORT_ROW(route), "what to do with an interval's packets"},
    {"next_hop", 11, kNextHops, true, SALLYPORT_ROW(next_hop), "neighbours"},
    {"spd_out_source_start", 12, kAddressIntervals, true, SALLYPORT_ROW(interval), "search tree, source address"},
    {"spd_out_source", 13, rule_bitmap::rows(kAddressIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by source address"},
    {"spd_out_destination_start", 14, kAddressIntervals, true, SALLYPORT_ROW(interval),
     "search tree, destination address"},
    {"spd_out_destination", 15, rule_bitmap::rows(kAddressIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by destination address"},
    {"spd_out_source_port_start", 16, kPortIntervals, true, SALLYPORT_ROW(interval), "search tree, source port"},
    {"spd_out_source_port", 17, rule_bitmap::rows(kPortIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by source port"},
    {"spd_out_destination_port_start", 18, kPortIntervals, true, SALLYPORT_ROW(interval),
     "search tree, destination port"},
    {"spd_out_destination_port", 19, rule_bitmap::rows(kPortIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by destination port"},
    {"spd_out_principal_start", 20, kPrincipalIntervals, true, SALLYPORT_ROW(interval), "search tree, principal"},
    {"spd_out_principal", 21, rule_bitmap::rows(kPrincipalIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by principal"},
    {"spd_out_protocol", 22, rule_bitmap::rows(kProtocols), true, SALLYPORT_ROW(rule_bitmap),
     "rules by protocol number"},
    {"spd_out_rule", 23, kSpdRules, true, SALLYPORT_ROW(spd_rule), "what each outbound rule says"},
    {"spd_in_source_start", 24, kAddressIntervals, true, SALLYPORT_ROW(interval), "search tree, source address"},
    {"spd_in_source", 25, rule_bitmap::rows(kAddressIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by source address"},
    {"spd_in_destination_start", 26, kAddressIntervals, true, SALLYPORT_ROW(interval),
     "search tree, destination address"},
    {"spd_in_destination", 27, rule_bitmap::rows(kAddressIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by destination address"},
    {"spd_in_source_port_start", 28, kPortIntervals, true, SALLYPORT_ROW(interval), "search tree, source port"},
    {"spd_in_source_port", 29, rule_bitmap::rows(kPortIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by source port"},
    {"spd_in_destination_port_start", 30, kPortIntervals, true, SALLYPORT_ROW(interval),
     "search tree, destination port"},
    {"spd_in_destination_port", 31, rule_bitmap::rows(kPortIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by destination port"},
    {"spd_in_principal_start", 32, kPrincipalIntervals, true, SALLYPORT_ROW(interval), "search tree, principal"},
    {"spd_in_principal", 33, rule_bitmap::rows(kPrincipalIntervals), true, SALLYPORT_ROW(rule_bitmap),
     "rules by principal"},
    {"spd_in_protocol", 34, rule_bitmap::rows(kProtocols), true, SALLYPORT_ROW(rule_bitmap),
     "rules by protocol number"},
    {"spd_in_rule", 35, kSpdRules, true, SALLYPORT_ROW(spd_rule), "what each inbound rule says"},
    {"tag_key", 36, kTagRows, false, SALLYPORT_ROW(tag_key), "users' tags"},
};
#undef SALLYPORT_ROW
constexpr unsigned kTableCount = sizeof(kTables) / sizeof(kTables[0]);

// Tables in the order of kTables.
enum class TableId : unsigned {
  kSaOutKey = 0,
  kSaInKey = 1,
  kSaOutIntegrityKey = 2,
  kSaInIntegrityKey = 3,
  kSaOutLimits = 4,
  kSaInLimits = 5,
  kSaOut = 6,
  kSaIn = 7,
  kPrincipal = 8,
  kRouteStart = 9,
  kRoute = 10,
  kNextHop = 11,
  kSpdOut = 12,  // the first of the twelve tables of the outbound SPD
  kSpdIn = 24,   // and of the inbound one
  kTagKey = 36,
};
// Offsets from kSpdOut and kSpdIn.
enum class SpdTable : unsigned {
  kSourceStart = 0,
  kSource = 1,
  kDestinationStart = 2,
  kDestination = 3,
  kSourcePortStart = 4,
  kSourcePort = 5,
  kDestinationPortStart = 6,
  kDestinationPort = 7,
  kPrincipalStart = 8,
  kPrincipal = 9,
  kProtocol = 10,
  kRule = 11,
};

constexpr bool ids_count_up() {
  for (unsigned i = 0; i < kTableCount; ++i) {
    if (kTables[i].id != i) return false;
  }
  return true;
}
static_assert(ids_count_up(), "a table's id is its place in kTables");

// A search over n-1 ascending starts finds which of n intervals (n a power of two) holds a key, in log2(n) steps: start
// at node 1; at node i go to 2i, or to 2i+1 when key >= start(i). The node reached after log2(n) steps, less n, is the
// interval. So node i of the tree (row i of a *_start table; row 0 is unused) holds the start number interval_node(i,
// n) of the sorted starts, counted from 0. Unused starts are the largest number there is: so that number itself is in
// interval n - 1, all others are where the starts in use say, and nothing is in the intervals between.
constexpr unsigned interval_node(unsigned i, unsigned n) {
  unsigned level_first = 1;  // the first node of i's level
  unsigned span = n;         // intervals below each node of that level
  while (2 * level_first <= i) {
    level_first *= 2;
    span /= 2;
  }
  return (i - level_first) * span + span / 2 - 1;
}
static_assert(interval_node(1, 8) == 3 && interval_node(2, 8) == 1 && interval_node(3, 8) == 5 &&
                  interval_node(4, 8) == 0 && interval_node(7, 8) == 6,
              "in-order positions of a perfect tree");

}  // namespace layout
}  // namespace sallyport
