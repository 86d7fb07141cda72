// SPDX-License-Identifier: Apache-2.0
// The register map: 32-bit registers on AXI4-Lite, byte offsets.
#pragma once

#include <cstdint>

#include "hw/layout/codes.hpp"

namespace sallyport {
namespace layout {

enum class Access : std::uint8_t { kRead, kReadWrite, kWrite };

struct Register {
  const char* name;
  std::uint32_t offset;  // bytes
  unsigned count;        // registers in a row, 4 bytes apart
  Access access;
  std::uint32_t reset;
  const char* meaning;

  // The i-th of a run of registers.
  constexpr Register at(unsigned i) const { return Register{name, offset + 4 * i, 1, access, reset, meaning}; }
};

constexpr std::uint32_t kCardId = 0x53414c59;  // "SALY"
constexpr std::uint32_t kLayoutVersion = 7;

namespace reg {
constexpr Register kId{"id", 0x000, 1, Access::kRead, kCardId, "what this is: SALY"};
constexpr Register kVersion{"version", 0x004, 1, Access::kRead, kLayoutVersion, "layout version"};
constexpr Register kControl{"control",
                            0x008,
                            1,
                            Access::kReadWrite,
                            0,
                            "bit 0 enable: 0 drops every received packet; bit 1 wipe: 1 zeroes all rows and keys of "
                            "SAs and tags, reads 1 until done"};
constexpr Register kStatus{"status",      0x00c, 1,
                           Access::kRead, 0,     "bit 0 a table load runs; bits 15:8 LoadError of the last load"};
constexpr Register kGeneration{"generation",  0x010, 1,
                               Access::kRead, 0,     "table generation in force; bit 0 is the open bank"};
constexpr Register kFlip{
    "flip", 0x014,
    1,      Access::kWrite,
    0,      "write generation + 1 to open the closed bank for the next packet; anything else is ignored"};
constexpr Register kInFlight{
    "in_flight", 0x018, 2, Access::kRead, 0, "packets inside the card that were admitted under bank 0 and bank 1"};
constexpr Register kCookie{"cookie", 0x020,
                           4,        Access::kReadWrite,
                           0,        "kept for the host until reset: how a restarted daemon knows the card's contents"};
constexpr Register kClock{"clock", 0x030, 2, Access::kRead, 0, "clocks since reset; halves as those of counters"};
constexpr Register kLanMac{"lan_mac",          0x040, 2,
                           Access::kReadWrite, 0,     "low 32 bits, then high 16 bits of the LAN port's MAC address"};
constexpr Register kWanMac{"wan_mac", 0x048, 2, Access::kReadWrite, 0, "the same of the WAN port"};
constexpr Register kHashSeed{"hash_seed", 0x050, 1, Access::kReadWrite, 0, "seed of the principal table's hashes"};
constexpr Register kLanVlan{
    "lan_vlan", 0x054,
    1,          Access::kReadWrite,
    0,          "bits 11:0 VLAN that the LAN port's frames carry a tag of (IEEE 802.1Q); 0: none, frames are untagged"};
constexpr Register kWanVlan{"wan_vlan", 0x058, 1, Access::kReadWrite, 0, "the same of the WAN port"};
constexpr Register kPlainTags{"plain_tags",       0x05c, 1,
                              Access::kReadWrite, 0,     "bit 0: a user's tag without a check is accepted too"};
constexpr Register kLoadAddress{
    "load_address",     0x060, 2,
    Access::kReadWrite, 0,     "card's view of host memory where the records of a table load lie; multiple of 4096"};
constexpr Register kLoadLength{
    "load_length", 0x068, 1, Access::kReadWrite, 0, "bytes of the records; writing starts the load; multiple of 64"};
constexpr Register kLoadCount{"load_count", 0x06c, 1, Access::kRead, 0, "loads ended since reset, well or not"};
constexpr Register kRxAddress{"rx_address",       0x080, 2,
                              Access::kReadWrite, 0,     "card to host ring: address of slot 0; multiple of 4096"};
constexpr Register kRxSlots{
    "rx_slots", 0x088,
    1,          Access::kReadWrite,
    0,          "number of slots, a power of two up to 4096; writing starts the ring anew at slot 0; 0 stops it"};
constexpr Register kRxConsumer{"rx_consumer", 0x08c, 1, Access::kReadWrite, 0, "slots the host has given back"};
constexpr Register kRxProducer{"rx_producer", 0x090, 1, Access::kRead, 0, "slots the card has filled"};
constexpr Register kTxAddress{"tx_address",       0x0a0, 2,
                              Access::kReadWrite, 0,     "host to card ring: address of slot 0; multiple of 4096"};
constexpr Register kTxSlots{"tx_slots", 0x0a8, 1, Access::kReadWrite, 0, "as rx_slots"};
constexpr Register kTxProducer{"tx_producer", 0x0ac, 1, Access::kReadWrite, 0, "slots the host has filled"};
constexpr Register kTxConsumer{"tx_consumer", 0x0b0, 1, Access::kRead, 0, "slots the card has given back"};
constexpr Register kSaStateSelect{
    "sa_state_select",  0x0c0, 1,
    Access::kReadWrite, 0,     "bit 31 direction (1 outbound), bits 15:0 row; writing captures the row's living state"};
constexpr Register kSaStateReady{"sa_state_ready", 0x0c4, 1, Access::kRead, 1, "1: the capture is complete"};
constexpr Register kSaState{"sa_state", 0x100, 16, Access::kRead, 0, "the captured row, least significant word first"};
constexpr Register kCounters{
    "counters",
    0x400,
    40,
    Access::kRead,
    0,
    "64-bit counters of kCounterNames, low half first; reading a low half holds its high half until it is read again"};
constexpr Register kDropCounters{"drop_counters", 0x600, 2 * kDropReasons,
                                 Access::kRead,   0,     "64-bit counters by Drop, halves as those of counters"};
}  // namespace reg

constexpr Register kRegisters[] = {
    reg::kId,           reg::kVersion,    reg::kControl,       reg::kStatus,       reg::kGeneration, reg::kFlip,
    reg::kInFlight,     reg::kCookie,     reg::kClock,         reg::kLanMac,       reg::kWanMac,     reg::kHashSeed,
    reg::kLanVlan,      reg::kWanVlan,    reg::kPlainTags,     reg::kLoadAddress,  reg::kLoadLength, reg::kLoadCount,
    reg::kRxAddress,    reg::kRxSlots,    reg::kRxConsumer,    reg::kRxProducer,   reg::kTxAddress,  reg::kTxSlots,
    reg::kTxProducer,   reg::kTxConsumer, reg::kSaStateSelect, reg::kSaStateReady, reg::kSaState,    reg::kCounters,
    reg::kDropCounters,
};
constexpr std::uint32_t kRegisterSpace = 0x1000;  // bytes

// Why the last table load ended.
enum class LoadError : std::uint8_t { kNone = 0, kRecord = 1, kOpenBank = 2, kHostMemory = 3 };
constexpr Code kLoadErrors[] = {
    {"none", 0, "every record was applied"},
    {"record", 1, "a record with a wrong magic, table, row or length; it and all behind it were not applied"},
    {"open_bank", 2, "a record for the open bank; it and all behind it were not applied"},
    {"host_memory", 3, "host memory could not be read"},
};

// Counters, in register order. Every packet that enters leaves exactly once:
// lan_rx + wan_rx + host_tx = lan_tx + wan_tx + host_rx + all drop counters + packets in flight.
enum class Counter : std::uint8_t {
  kLanRx = 0,
  kLanRxBytes = 1,
  kWanRx = 2,
  kWanRxBytes = 3,
  kHostTx = 4,
  kLanTx = 5,
  kLanTxBytes = 6,
  kWanTx = 7,
  kWanTxBytes = 8,
  kHostRx = 9,
  kEspOut = 10,
  kEspIn = 11,
  kBypassOut = 12,
  kBypassIn = 13,
  kEvents = 14,
  kEventsLost = 15,
  kTagOk = 16,
  kTagUnknown = 17,
  kTagForged = 18,
  kTagPlain = 19,
};
constexpr Code kCounterNames[] = {
    {"lan_rx", 0, "frames received on LAN, dropped ones included"},
    {"lan_rx_bytes", 1, "their bytes, without FCS and VLAN tag"},
    {"wan_rx", 2, "frames received on WAN, dropped ones included"},
    {"wan_rx_bytes", 3, "their bytes, without FCS and VLAN tag"},
    {"host_tx", 4, "frames taken from the host's ring"},
    {"lan_tx", 5, "frames sent on LAN"},
    {"lan_tx_bytes", 6, "their bytes, without FCS and VLAN tag"},
    {"wan_tx", 7, "frames sent on WAN"},
    {"wan_tx_bytes", 8, "their bytes, without FCS and VLAN tag"},
    {"host_rx", 9, "frames given to the host's ring"},
    {"esp_out", 10, "packets protected"},
    {"esp_in", 11, "packets decapsulated and accepted"},
    {"bypass_out", 12, "packets forwarded from LAN in the clear"},
    {"bypass_in", 13, "packets forwarded from WAN in the clear"},
    {"events", 14, "events given to the host's ring"},
    {"events_lost", 15, "events dropped because the ring was full"},
    {"tag_ok", 16, "packets from LAN whose tag named their sender"},
    {"tag_unknown", 17, "with a tag whose handle no row of tag_key has"},
    {"tag_forged", 18, "with a tag whose check is wrong"},
    {"tag_plain", 19, "with a tag without a check, while plain_tags is 0"},
};
constexpr unsigned kCounterCount = sizeof(kCounterNames) / sizeof(kCounterNames[0]);
static_assert(2 * kCounterCount == reg::kCounters.count && counts_up(kCounterNames) && counts_up(kLoadErrors),
              "counter registers and names disagree");

}  // namespace layout
}  // namespace sallyport
