// SPDX-License-Identifier: Apache-2.0
// Frames to and from a Linux interface: an existing one through AF_PACKET (a card's Ethernet port), or a TAP device of
// our own (what Linux sees of the card).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "driver/mac_address.hpp"

namespace sallyport::driver {

// Frames are counted from the destination MAC address, without FCS, and carry their VLAN tags. Neither call waits.
class PacketPort {
 public:
  // The wire end of an existing interface: promiscuous, everything that arrives, nothing that this machine sends by it.
  // The kernel is kept away from it for good: no ARP, no IPv6, no forwarding there (`ip link set IF arp on` and sysctl
  // undo that).
  // Offloads of the interface should be off (ethtool -K IF gro off tx off ...): the card wants frames as they are on a
  // wire.
  static Result<PacketPort> attach(const std::string& interface);

  // A new TAP device that goes with its owner, up, with this MAC address and MTU.
  static Result<PacketPort> create_tap(const std::string& name, const MacAddress& mac, unsigned mtu);

  // kBusy when the interface's queue is full or the interface is down: the frame is lost, as on a wire.
  Result<void> send(Bytes frame);
  // The next frame, or nothing when none waits.
  Result<std::optional<Buffer>> receive();

  [[nodiscard]] int fd() const { return fd_.get(); }  // readable when a frame waits
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] unsigned index() const { return index_; }  // interface index

 private:
  PacketPort(Descriptor fd, bool is_socket, std::string name, unsigned index)
      : fd_(std::move(fd)), is_socket_(is_socket), name_(std::move(name)), index_(index) {}

  Descriptor fd_;
  bool is_socket_;  // AF_PACKET; else a TAP device's file
  std::string name_;
  unsigned index_;
};

}  // namespace sallyport::driver
