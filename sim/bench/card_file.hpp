// SPDX-License-Identifier: Apache-2.0
// A card described in a TOML file, for sending a capture through it.
//
//   lan_mac = "02:00:00:00:00:01"
//   wan_mac = "02:00:00:00:00:02"
//   input = "lan"                      # the port the capture arrives on
//   lan_vlan = 0                       # 1 to 4094: the VLAN whose tag the port's frames carry; left out: untagged
//   wan_vlan = 0
//
//   [[next_hop]]
//   name = "peer"
//   port = "wan"
//   mac = "02:00:00:00:01:02"
//   mtu = 1500
//
//   [[route]]
//   prefix = "10.2.0.0/16"             # addresses are IPv4 or IPv6 wherever one stands
//   to = "peer"                        # a next hop's name, or local, none
//
//   [[principal]]                      # whose packets come from an address
//   address = "10.1.0.10"
//   id = 7
//
//   [[sa]]
//   direction = "out"                  # or "in"
//   spi = 0x1001
//   protocol = "esp"                   # or "ah"; left out: esp
//   mode = "tunnel"                    # or "transport"; left out: tunnel
//   source = "192.0.2.1"               # of the outer header
//   destination = "192.0.2.2"
//   cipher = "aes_gcm"                 # or another Cipher of hw/layout/codes.hpp; left out: aes_gcm, of AH null
//   integrity = "none"                 # an Integrity, beside a cipher without an ICV of its own; of AH always
//   key = "000102.."                   # of the cipher, hexadecimal
//   salt = "10111213"                  # aes_gcm, aes_gmac, aes_ctr; left out: the last 4 bytes of key
//   integrity_key = "000102.."
//   next_hop = "peer"                  # out
//   policy = 1
//   esn = false
//   replay_window = 128                # in: packets, 64, 128, 256, 512, 1024, 2048 or 4096
//   encap = false                      # out: ESP in UDP
//   source_port = 4500                 # encap
//   destination_port = 4500
//   df = "copy"                        # out, tunnel: the outer header's, or "set", "clear"
//   dscp = 46                          # out, tunnel: the outer header's; left out: copied from the inner one
//   ah_align8 = false                  # out, ah over IPv4: padded to 8 bytes
//   too_big = "tell"                   # out: of packets longer than the next hop's MTU, or "fragment"
//
//   [[rule]]                           # the first that matches decides
//   direction = "out"
//   source = "10.1.0.0/16"             # address, prefix or range a-b; left out: any
//   destination = "10.2.0.0/16"
//   principal = 7                      # 0: nobody known
//   protocol = 6
//   source_port = "1024-65535"
//   destination_port = "443"
//   action = "protect"                 # or bypass, discard, host
//   policy = 1
//   sa = 0x1001                        # out, protect: an SPI from above
#pragma once

#include <string>

#include "driver/card.hpp"
#include "driver/linux_port/packet_port.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::bench {

struct LoadedCard {
  layout::Port input = layout::Port::kLan;
  driver::MacAddress station{};  // of that port
};

// Reads the file and sets the card up by it. An error names file, line and remedy; the card is then not enabled.
Result<LoadedCard> load_card(driver::Card& card, const std::string& path);

}  // namespace sallyport::bench
