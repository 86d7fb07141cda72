// SPDX-License-Identifier: Apache-2.0
// What the card decides about a packet: hw/README.md, "What happens to a packet", check by check.
#pragma once

#include <variant>
#include <vector>

#include "driver/ip/ip.hpp"
#include "driver/software/lookup.hpp"
#include "driver/software/sa_state.hpp"
#include "driver/user_tag/user_tag.hpp"
#include "hw/layout/descriptors.hpp"
#include "hw/layout/registers.hpp"

namespace sallyport::driver::software {

// What the host is told of a packet or an event.
struct Notice {
  layout::Upcall upcall = layout::Upcall::kLocal;
  layout::Port port = layout::Port::kLan;
  std::uint32_t generation = 0;
  std::uint32_t spi = 0;
  std::uint16_t sa_index = 0;
  std::uint16_t policy_id = 0;
  std::uint16_t principal = 0;
  bool outbound = false;
  bool decapsulated = false;
  Address source;  // events: outer source address
};

struct Sent {
  layout::Port port;
  Buffer frame;
};
struct ToHost {
  Notice notice;
  Buffer frame;
};
using Outcome = std::variant<layout::Drop, ToHost, Sent>;

// Under which reason admission drops a header with this fault. One without a fault is dropped nowhere; asked about it,
// this fails closed.
layout::Drop admission_drop(HeaderFault fault);

// The registers that the datapath reads.
struct Settings {
  bool enabled = false;
  std::uint64_t lan_mac = 0;  // first byte most significant
  std::uint64_t wan_mac = 0;
  std::uint32_t hash_seed = 0;
  std::uint16_t lan_vlan = 0;  // 0: none
  std::uint16_t wan_vlan = 0;
  bool plain_tags = false;

  [[nodiscard]] std::uint16_t vlan(layout::Port port) const { return port == layout::Port::kLan ? lan_vlan : wan_vlan; }
  [[nodiscard]] std::uint64_t mac(layout::Port port) const { return port == layout::Port::kLan ? lan_mac : wan_mac; }
};

// What a packet does beside its outcome.
struct Effects {
  std::vector<Notice> events;
  std::vector<layout::Counter> counted;
};

// What of a packet to us from WAN an SA opens: ESP from SPI to ICV, or AH to the packet's end.
struct IpsecPacket {
  layout::Protocol protocol;
  Bytes bytes;

  [[nodiscard]] std::uint32_t spi() const { return ByteReader(bytes.subspan(fixed())).u32(); }
  [[nodiscard]] std::uint32_t seq_low() const { return ByteReader(bytes.subspan(fixed() + 4)).u32(); }

 private:
  // Next header, length and two reserved bytes stand before the SPI of AH.
  [[nodiscard]] std::size_t fixed() const { return protocol == layout::Protocol::kAh ? 4 : 0; }
};

class Datapath {
 public:
  Datapath(const Tables& tables, const Settings& settings) : tables_(tables), settings_(settings) {}

  // A frame from LAN or WAN, without VLAN tag, whose length is 14 to kMaxFrame bytes, under the generation in force.
  // `sender` of a frame from the host: the principal that it is known to be of.
  Outcome process(layout::Port port, Bytes frame, std::uint32_t generation, Effects& effects,
                  std::optional<std::uint16_t> sender = std::nullopt);

  void reset_outbound(unsigned sa_index, std::uint64_t last_seq = 0) { outbound_[sa_index] = OutboundState(last_seq); }
  void reset_inbound(unsigned sa_index) { inbound_[sa_index] = {}; }
  [[nodiscard]] layout::Row outbound_row(unsigned sa_index) const { return outbound_[sa_index].row(); }
  [[nodiscard]] layout::Row inbound_row(unsigned sa_index) const { return inbound_[sa_index].row(); }

 private:
  // A packet on its way: what is forwarded, and what the host gets instead if it comes to that.
  struct Passage {
    IpPacket packet;
    Bytes host_frame;
    Notice notice;
    bool known = false;  // the host said who sent it
    LookupResult found;
  };

  Outcome from_lan(Passage& p, Effects& effects);
  // Whom a tag names: nobody when it is wrong.
  [[nodiscard]] std::uint16_t tagged_by(const UserTag& tag, const Passage& p, Effects& effects) const;
  Outcome protect(Passage& p, Effects& effects);
  Outcome from_wan(Passage& p, Effects& effects);
  Outcome clear(Passage& p, Effects& effects);
  Outcome inbound_ipsec(Passage& p, const IpsecPacket& ipsec, Effects& effects);
  // What an SA has opened, of protocol `next_header`.
  Outcome inner(const Passage& outer, const layout::Row& sa_in, std::uint8_t next_header, Bytes opened);
  Outcome forward(const Passage& p, layout::Port egress);

  // The row of next_hop that leads out of `egress`, or what happens instead.
  std::variant<layout::Row, Outcome> next_hop(const Passage& p, unsigned row, layout::Port egress);
  [[nodiscard]] Outcome upcall(const Passage& p, layout::Upcall reason) const;
  // Who sent it is found by its address when `sender` does not say.
  [[nodiscard]] LookupResult look_up(const Passage& p, layout::TableId spd,
                                     std::optional<std::uint16_t> sender = std::nullopt) const;
  [[nodiscard]] const layout::Row& row(layout::TableId table, unsigned bank, unsigned number) const {
    return tables_.row(static_cast<unsigned>(table), bank, number);
  }

  const Tables& tables_;
  const Settings& settings_;
  std::vector<OutboundState> outbound_{layout::kSaRows};
  std::vector<InboundState> inbound_{layout::kSaRows};
};

}  // namespace sallyport::driver::software
