#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""IKEv2 with strongSwan over a Linux kernel's own ESP."""

from ikev2 import ours, swanctl
from peer_test import DUT, PEER, PeerTest, main
from world.gateway import BUILD
from world.strongswan import KernelStrongSwan

ADDRESSES = f"""
ip addr add {PEER}/24 dev wan0
ip addr add 10.2.0.1/24 dev lan0
ip route add 10.1.0.0/24 via {DUT}
"""


class Kernel(PeerTest):
    def tunnel(self, theirs, **words):
        swan = KernelStrongSwan(self.peer, theirs, ADDRESSES, BUILD)
        gateway = self.gateway(ours("none", **words)).start()
        gateway.cli("initiate", "peer", "net")
        return gateway, swan

    def assert_kernel_refused_nothing(self, swan):
        for line in swan.guest.run("cat /proc/net/xfrm_stat")[1].splitlines():
            name, count = line.split()
            # Packets that came before there was an SA, or behind its end, are no refusals.
            if name not in ("XfrmInNoStates", "XfrmOutNoStates", "XfrmAcquireError"):
                self.assertEqual(count, "0", name)

    def test_esn_in_bare_esp_through_rekeyings(self):
        theirs = swanctl(esp="aes128gcm16-ecp256-esn", child_options="rekey_time = 4s\n life_time = 12s\n rand_time = 0s")
        gateway, swan = self.tunnel(theirs, esp="aes128gcm16-ecp256-esn")
        self.assertIn("AES_GCM_16-128/ESN", swan.list_sas())
        self.assertIn("flag af-unspec esn", swan.guest.run("ip xfrm state")[1])
        self.assert_traffic_is_protected(gateway.keys)
        self.assertLessEqual(self.steady_ping(10), 1)
        self.assertGreaterEqual(len({key.spi for key in gateway.keys()}), 6, "three pairs of SAs, each with SPIs of its own")
        self.assert_kernel_refused_nothing(swan)

    def test_encap_without_a_nat(self):
        gateway, swan = self.tunnel(swanctl(ike_options="encap = yes"), options="encap = true")
        self.assertIn("TUNNEL-in-UDP", swan.list_sas())
        self.assertIn("encap type espinudp sport 4500 dport 4500", swan.guest.run("ip xfrm state")[1])
        self.assert_traffic_is_protected(gateway.keys)
        self.assert_kernel_refused_nothing(swan)


if __name__ == "__main__":
    main()
