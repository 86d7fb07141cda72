// SPDX-License-Identifier: Apache-2.0
// What host and card exchange in host memory: slots of the two rings and the records of a table load.
#pragma once

#include "hw/layout/address.hpp"
#include "hw/layout/field.hpp"

namespace sallyport {
namespace layout {

// A ring is an array of slots in host memory; a slot is a descriptor of 64 bytes followed by the frame (from the
// destination MAC address on, without FCS and VLAN tag). Slots are counted by a free-running 32-bit number; slot n lies
// at n mod (number of slots).
constexpr unsigned kSlotBytes = 16384;
constexpr unsigned kMaxFrame = 9216;  // bytes, without FCS and VLAN tag
static_assert(kRowBytes + kMaxFrame <= kSlotBytes, "a slot holds the largest frame");

// From the card to the host. The card writes the frame first and the descriptor last; the slot is the host's as soon as
// `number` is the slot's own number plus one. The host gives it back through the rx_consumer register.
namespace rx_descriptor {
constexpr Field kNumber{"number", 0, 32, "slot number + 1, modulo 2^32"};
constexpr Field kLength{"length", 32, 16, "bytes of the frame; 0: an event without a packet"};
constexpr Field kUpcall{"upcall", 48, 8, "Upcall: why the host gets this"};
constexpr Field kPort{"port", 56, 8, "Port it was received on"};
constexpr Field kGeneration{"generation", 64, 32, "table generation it was admitted under"};
constexpr Field kSpi{"spi", 96, 32, "SPI of the SA it concerns, or 0"};
constexpr Field kSaIndex{"sa_index", 128, 16, "row of the SA it concerns (events; decapsulated packets)"};
constexpr Field kPolicyId{"policy_id", 144, 16, "policy that decided, or 0"};
constexpr Field kPrincipal{"principal", 160, 16, "who sent it; 0: nobody known"};
constexpr Field kOutbound{"outbound", 176, 1, "the SA is outbound"};
constexpr Field kDecapsulated{"decapsulated", 177, 1, "the frame was received in an SA"};
constexpr Field kReserved0{"reserved0", 178, 14, "zero"};
constexpr Field kSource{"source", 192, kAddressBits, "events: outer source address"};
constexpr Field kClock{"clock", 320, 64, "card clock when the descriptor was written"};
constexpr Field kReserved1{"reserved1", 384, 128, "zero"};
constexpr Field kFields[] = {kNumber,       kLength,    kUpcall,   kPort,      kGeneration,
                             kSpi,          kSaIndex,   kPolicyId, kPrincipal, kOutbound,
                             kDecapsulated, kReserved0, kSource,   kClock,     kReserved1};
static_assert(tiles(kFields, kRowBits), "rx_descriptor has a gap, an overlap or an unlisted field");
}  // namespace rx_descriptor

// From the host to the card; offered by the tx_producer register, given back by tx_consumer.
namespace tx_descriptor {
constexpr Field kLength{"length", 0, 16, "bytes of the frame, 14 to 9216"};
constexpr Field kInject{"inject", 16, 8, "Inject: where it goes"};
constexpr Field kKnown{"known", 24, 1,
                       "lan_rx: the sender is principal, whoever the frame names; 0: found as of any frame"};
constexpr Field kReserved0{"reserved0", 25, 7, "write zero"};
constexpr Field kPrincipal{"principal", 32, 16, "who sent it, when known"};
constexpr Field kReserved1{"reserved1", 48, 464, "write zero"};
constexpr Field kFields[] = {kLength, kInject, kKnown, kReserved0, kPrincipal, kReserved1};
static_assert(tiles(kFields, kRowBits), "tx_descriptor has a gap, an overlap or an unlisted field");
}  // namespace tx_descriptor

// A table load is a run of records in host memory: this header, then `count` rows of 64 bytes.
namespace load_record {
constexpr Field kTableId{"table_id", 0, 8, "id of the table"};
constexpr Field kBank{"bank", 8, 1, "bank of a banked table; must be the closed one"};
constexpr Field kReserved0{"reserved0", 9, 7, "write zero"};
constexpr Field kCount{"count", 16, 16, "rows that follow"};
constexpr Field kRow{"row", 32, 32, "first row"};
constexpr Field kMagic{"magic", 64, 32, "kLoadMagic"};
constexpr Field kReserved1{"reserved1", 96, 416, "write zero"};
constexpr Field kFields[] = {kTableId, kBank, kReserved0, kCount, kRow, kMagic, kReserved1};
static_assert(tiles(kFields, kRowBits), "load_record has a gap, an overlap or an unlisted field");
}  // namespace load_record
constexpr unsigned kLoadMagic = 0x4c4f4144;  // "LOAD"

}  // namespace layout
}  // namespace sallyport
