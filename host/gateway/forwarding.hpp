// SPDX-License-Identifier: Apache-2.0
// From what the kernel knows to what the card forwards by: the route tables and the rows of next_hop.
//
// A row of next_hop belongs either to a neighbour, for routes, or to a peer gateway, for the outbound SAs that lead to
// it: an SA row is never changed in place, so when the way to a peer changes, the content of the peer's row does.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "driver/tables/route_compiler.hpp"
#include "host/gateway/netlink.hpp"

namespace sallyport::gateway {

struct Side {
  unsigned interface = 0;  // index of the TAP device
  std::uint16_t mtu = 1500;
};

// A neighbour: who gets the packet next.
struct Hop {
  layout::Port port = layout::Port::kLan;
  std::uint32_t address = 0;
  friend auto operator<=>(const Hop&, const Hop&) = default;
};

class Forwarding {
 public:
  Forwarding(Side lan, Side wan) : lan_(lan), wan_(wan) {}

  // Takes the kernel's view over. Neighbours beyond the rows of the card are left out and told in the result (kFull);
  // everything else is in force.
  Result<void> update(KernelView view);

  // Who gets packets to `destination` next; none: no route, or an address of our own.
  [[nodiscard]] std::optional<Hop> hop_to(std::uint32_t destination) const;
  [[nodiscard]] bool is_known(const Hop& hop) const;  // the kernel has its MAC address
  [[nodiscard]] bool has_row(const Hop& hop) const { return neighbours_.contains(hop); }
  [[nodiscard]] std::optional<MacAddress> mac_of(const Hop& hop) const;
  [[nodiscard]] bool is_ours(std::uint32_t address) const;
  // An address of ours on that side, for ICMP messages; 0: none.
  [[nodiscard]] std::uint32_t address_on(layout::Port port) const;

  // The row for SAs to this peer, held until released as often as asked for. kFull.
  Result<std::uint8_t> hold_peer(std::uint32_t peer);
  // As after hold_peer, with the row that a running card uses, and what it holds.
  void adopt_peer(std::uint32_t peer, std::uint8_t row, const driver::TableImage& image);
  void release_peer(std::uint32_t peer);
  // Neighbours that peers' packets go to: to be kept alive, since the kernel does not see the card's packets.
  [[nodiscard]] std::vector<Hop> hops_of_peers() const;

  // Errors: kFull: more routes than the card has intervals; the image is as before.
  Result<void> write(driver::TableImage& image) const;

  [[nodiscard]] unsigned interface_of(layout::Port port) const {
    return port == layout::Port::kLan ? lan_.interface : wan_.interface;
  }
  [[nodiscard]] const KernelView& view() const { return view_; }

 private:
  struct Peer {
    std::uint8_t row = 0;
    unsigned holders = 0;
    std::optional<driver::NextHop> last;  // stays when the kernel forgets the neighbour, until it knows another
  };

  [[nodiscard]] std::optional<layout::Port> port_of(unsigned interface) const;
  [[nodiscard]] std::optional<driver::NextHop> next_hop(const Hop& hop) const;
  [[nodiscard]] std::optional<std::uint8_t> free_row() const;
  void refresh(std::uint32_t address, Peer& peer);

  Side lan_;
  Side wan_;
  KernelView view_;
  std::map<Hop, std::uint8_t> neighbours_;
  std::map<std::uint32_t, Peer> peers_;
};

}  // namespace sallyport::gateway
