#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""IKEv2 with OpenIKED over a Linux kernel's own ESP: an implementation that shares no ancestor with the others."""

from ikev2 import SECRET, ours
from kernel import ADDRESSES, KernelTest
from peer_test import DUT, LAN_A, NET_A, NET_B, PEER, main
from world.gateway import BUILD
from world.network import wait_for
from world.openiked import OpenIked

IKE = "ikesa enc aes-128-gcm prf hmac-sha2-256 group ecp256"


class OpenIkedPeer(KernelTest):
    def peers(self, mode, child, lifetimes="", **words):
        """Both gateways; SAs only where iked's mode is active."""
        gateway = self.gateway(ours("none", **words)).start()
        policy = f"""
            {mode} esp from {NET_B} to {NET_A} local {PEER} peer {DUT} {IKE} childsa {child} noesn
            srcid peer.example dstid dut.example {lifetimes} psk "{SECRET}"
        """
        return gateway, OpenIked(self.peer, policy, ADDRESSES, BUILD)

    def assert_peer_has_one_pair(self, iked):
        """It keeps nothing of what was replaced."""
        self.assertEqual(iked.guest.run("ip xfrm state")[1].count("proto esp"), 2)

    def test_we_initiate_renew_and_end(self):
        gateway, iked = self.peers("passive", "enc aes-256 auth hmac-sha2-512", esp="aes256-sha512")
        gateway.cli("initiate", "peer", "net")
        self.assert_traffic_is_protected(gateway.keys)
        gateway.cli("rekey", "peer")
        wait_for("the IKE SA to be rekeyed", lambda: "rekeyed as new IKESA" in iked.log())
        gateway.cli("rekey", "peer", "net")
        self.assert_traffic_is_protected(gateway.keys)
        self.assertEqual(len({key.spi for key in gateway.keys()}), 4)
        self.assert_peer_has_one_pair(iked)
        gateway.cli("terminate", "peer")
        wait_for("the SAs to go", lambda: "proto esp" not in iked.guest.run("ip xfrm state")[1])

    def test_they_initiate_renew_with_pfs_and_end(self):
        gateway, iked = self.peers("active", "enc aes-256 auth hmac-sha2-512 group ecp256", "ikelifetime 8 lifetime 5",
                                   esp="aes256-sha512-ecp256")
        gateway.wait_established()
        wait_for("both SAs to be rekeyed",
                 lambda: self.lanb.ping(LAN_A, count=1, wait=2) and "ike.rekeyed" in gateway.log() and len(gateway.keys()) >= 6)
        self.assert_traffic_is_protected(gateway.keys)
        iked.ikectl("reset", "id", "FQDN/dut.example")
        wait_for("the SAs to go", lambda: "ike.deleted" in gateway.log())


if __name__ == "__main__":
    main()
