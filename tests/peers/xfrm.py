#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SAs typed in by hand, and a Linux kernel's own ESP as the peer."""

from peer_test import DUT, LAN_A, LAN_B, PEER, PeerTest, main
from world.gateway import BUILD
from world.linux_guest import LinuxGuest
from world.readers import EspKey

KEY_OUT = bytes(range(0x11, 0x25))  # AES-128 key and salt, from us
KEY_IN = bytes(range(0x22, 0x36))
SPI_OUT, SPI_IN = 0x1001, 0x2002

OURS = f"""
[[sas]]
name = "hand"
local_address = "{DUT}"
remote_address = "{PEER}"
spi_in = {SPI_IN:#x}
spi_out = {SPI_OUT:#x}
algorithm = "aes128gcm16"
key_in = "{KEY_IN.hex()}"
key_out = "{KEY_OUT.hex()}"

[[policies]]
name = "net"
source = "10.1.0.0/24"
destination = "10.2.0.0/24"
action = "protect"
sa = "hand"
"""

THEIRS = f"""
ip addr add {PEER}/24 dev wan0
ip addr add 10.2.0.1/24 dev lan0
ip route add 10.1.0.0/24 via {DUT}
ip xfrm state add src {PEER} dst {DUT} proto esp spi {SPI_IN:#x} reqid 1 mode tunnel replay-window 64 flag af-unspec aead 'rfc4106(gcm(aes))' 0x{KEY_IN.hex()} 128
ip xfrm state add src {DUT} dst {PEER} proto esp spi {SPI_OUT:#x} reqid 1 mode tunnel replay-window 64 flag af-unspec aead 'rfc4106(gcm(aes))' 0x{KEY_OUT.hex()} 128
ip xfrm policy add src 10.2.0.0/24 dst 10.1.0.0/24 dir out tmpl src {PEER} dst {DUT} proto esp reqid 1 mode tunnel
ip xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir in tmpl src {DUT} dst {PEER} proto esp reqid 1 mode tunnel
ip xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir fwd tmpl src {DUT} dst {PEER} proto esp reqid 1 mode tunnel
"""


class Xfrm(PeerTest):
    def test_gcm128_with_keys_typed_in(self):
        guest = LinuxGuest(self.peer, THEIRS, BUILD)
        gateway = self.gateway(OURS).start()
        keys = [EspKey(SPI_OUT, DUT, PEER, KEY_OUT), EspKey(SPI_IN, PEER, DUT, KEY_IN)]
        self.assert_traffic_is_protected(lambda: keys)
        # The kernel's own account: packets in both SAs, and not one refused.
        states = guest.run("ip -s xfrm state")[1]
        self.assertIn("replay-window 0 replay 0 failed 0", " ".join(states.split()))
        sa = gateway.established()[0]
        self.assertGreaterEqual(sa["packets_out"], 10)
        self.assertGreaterEqual(sa["packets_in"], 10)
        for size in (0, 1, 2, 3, 100, 1000, 1400):
            self.assertEqual(self.lana.ping(LAN_B, count=2, size=size), 2, f"payload of {size} bytes")
        self.assertEqual(self.lanb.ping(LAN_A, count=2, size=1400), 2)


if __name__ == "__main__":
    main()
