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
  Address address;
  friend std::strong_ordering operator<=>(const Hop&, const Hop&) = default;
};

// Who gets what an outbound SA protects. What `by_host` is sent by the host: the row's MTU is 0, so to the card every
// packet is oversize (hw/README.md, step 9).
struct Peer {
  Address address;
  bool by_host = false;
  friend std::strong_ordering operator<=>(const Peer&, const Peer&) = default;
};

// Spoken on one link only, or to a group: the kernel's, which does neighbour discovery, and never forwarded (RFC 4291
// 2.5.6, 2.7). IPv4's groups go nowhere.
[[nodiscard]] bool is_link_scope(const Address& address);

class Forwarding {
 public:
  Forwarding(Side lan, Side wan) : lan_(lan), wan_(wan) {}

  // Takes the kernel's view over. Neighbours beyond the rows of the card are left out and told in the result (kFull);
  // everything else is in force.
  Result<void> update(KernelView view);

  // Who gets packets to `destination` next; none: no route, or an address of our own.
  [[nodiscard]] std::optional<Hop> hop_to(const Address& destination) const;
  [[nodiscard]] bool is_known(const Hop& hop) const;  // the kernel has its MAC address
  [[nodiscard]] bool has_row(const Hop& hop) const { return neighbours_.contains(hop); }
  [[nodiscard]] bool is_in_card(const Hop& hop) const { return in_card_.contains(hop); }  // its row is committed
  [[nodiscard]] std::optional<MacAddress> mac_of(const Hop& hop) const;
  [[nodiscard]] bool is_ours(const Address& address) const;
  // The side that an address of ours is on.
  [[nodiscard]] std::optional<layout::Port> side_of(const Address& address) const;
  // An address of ours on that side, of the IP version of `like`, for ICMP messages.
  [[nodiscard]] std::optional<Address> address_on(layout::Port port, const Address& like) const;

  // The row for SAs to this peer, held until released as often as asked for. kFull.
  Result<std::uint8_t> hold_peer(const Peer& peer);
  // As after hold_peer, with the row that a running card uses, and what it holds.
  void adopt_peer(const Peer& peer, std::uint8_t row, const driver::TableImage& image);
  void release_peer(const Peer& peer);
  // Those that a running card hands packets to, of whom the kernel may have forgotten.
  [[nodiscard]] std::vector<KernelNeighbour> neighbours_of(const driver::TableImage& image) const;
  // Neighbours that peers' packets go to: to be kept alive, since the kernel does not see the card's packets.
  [[nodiscard]] std::vector<Hop> hops_of_peers() const;

  // Errors: kFull: more routes than the card has intervals; the image is as before.
  Result<void> write(driver::TableImage& image) const;
  void committed() { in_card_ = neighbours_; }  // what was written last

  [[nodiscard]] std::uint16_t mtu_of(layout::Port port) const {
    return port == layout::Port::kLan ? lan_.mtu : wan_.mtu;
  }
  [[nodiscard]] unsigned interface_of(layout::Port port) const {
    return port == layout::Port::kLan ? lan_.interface : wan_.interface;
  }
  [[nodiscard]] const KernelView& view() const { return view_; }

 private:
  struct PeerRow {
    std::uint8_t row = 0;
    unsigned holders = 0;
    std::optional<driver::NextHop> last;  // stays when the kernel forgets the neighbour, until it knows another
  };

  [[nodiscard]] std::optional<layout::Port> port_of(unsigned interface) const;
  [[nodiscard]] std::optional<driver::NextHop> next_hop(const Hop& hop) const;
  [[nodiscard]] std::optional<std::uint8_t> free_row() const;
  void refresh(const Address& address, PeerRow& row);

  Side lan_;
  Side wan_;
  KernelView view_;
  std::map<Hop, std::uint8_t> neighbours_;
  std::map<Hop, std::uint8_t> in_card_;
  std::map<Peer, PeerRow> peers_;
};

}  // namespace sallyport::gateway
