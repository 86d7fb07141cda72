#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""IKEv2 with Libreswan over a Linux kernel's own ESP and AH: a second implementation that is not ours."""

from ikev2 import SECRET, ours
from kernel import ADDRESSES, KernelTest
from peer_test import DUT, NET_A, NET_B, PEER, main
from world.gateway import BUILD
from world.libreswan import Libreswan
from world.network import wait_for

NETS = f"leftsubnet={NET_B}\nrightsubnet={NET_A}\n"
GCM = "ike=aes_gcm128-sha2_256-dh19\nesp=aes_gcm128\npfs=no\n"


class LibreswanPeer(KernelTest):
    def peers(self, theirs, **words):
        """Both gateways, and no SA."""
        swan = Libreswan(self.peer, f"left={PEER}\nright={DUT}\n{theirs}", ("peer.example", "dut.example"), SECRET, ADDRESSES, BUILD)
        return self.gateway(ours("none", **words)).start(), swan

    def assert_rekeyed(self, gateway, pairs):
        wait_for(f"{pairs} pairs of SAs", lambda: len({key.spi for key in gateway.keys()}) >= 2 * pairs)

    def test_we_initiate_and_renew(self):
        gateway, swan = self.peers(NETS + GCM)
        gateway.cli("initiate", "peer", "net")
        self.assert_traffic_is_protected(gateway.keys)
        gateway.cli("rekey", "peer", "net")
        self.assert_rekeyed(gateway, 2)
        self.assert_traffic_is_protected(gateway.keys)
        gateway.cli("rekey", "peer")
        wait_for("the IKE SA to be rekeyed", lambda: "responder rekeyed IKE SA" in swan.log())
        gateway.cli("rekey", "peer", "net")
        self.assert_rekeyed(gateway, 3)
        self.assert_traffic_is_protected(gateway.keys)
        self.assert_kernel_refused_nothing(swan)

    def test_they_initiate_renew_and_end(self):
        gateway, swan = self.peers(NETS + GCM)
        self.assertTrue(swan.initiate(), swan.log())
        self.assert_traffic_is_protected(gateway.keys)
        swan.whack("--rekey-ike", "--name", "dut")
        wait_for("the IKE SA to be rekeyed", lambda: "ike.rekeyed" in gateway.log())
        swan.whack("--rekey-ipsec", "--name", "dut")
        self.assert_rekeyed(gateway, 2)
        self.assert_traffic_is_protected(gateway.keys)
        self.assert_kernel_refused_nothing(swan)
        swan.whack("--name", "dut", "--terminate")
        wait_for("the SAs to go", lambda: gateway.established() == [])

    def test_cbc_esn_and_pfs(self):
        gateway, swan = self.peers(NETS + "ike=aes256-sha2_256-dh14\nesp=aes256-sha2_256\npfs=yes\nesn=yes\n",
                                   proposals="aes256-sha256-modp2048", esp="aes256-sha256-modp2048-esn")
        self.assertTrue(swan.initiate(), swan.log())
        self.assert_traffic_is_protected(gateway.keys)
        gateway.cli("rekey", "peer", "net")
        self.assert_rekeyed(gateway, 2)
        swan.whack("--rekey-ipsec", "--name", "dut")
        self.assert_rekeyed(gateway, 3)
        self.assert_traffic_is_protected(gateway.keys)

    def test_pfs_that_only_the_peer_demands_is_named(self):
        gateway, swan = self.peers(NETS + GCM.replace("pfs=no", "pfs=yes"))
        gateway.cli("initiate", "peer", "net")
        done = gateway.cli("rekey", "peer", "net", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("it demands a key exchange for each SA (PFS)", done.stderr)
        self.assert_traffic_is_protected(gateway.keys)

    def test_ah(self):
        gateway, swan = self.peers(NETS + "ike=aes_gcm128-sha2_256-dh19\nphase2=ah\nphase2alg=sha2_256\npfs=no\n", ah="sha256")
        self.assertTrue(swan.initiate(), swan.log())
        self.assert_traffic_is_protected(gateway.keys, "ah")
        self.assert_kernel_refused_nothing(swan)

    def test_transport_mode(self):
        gateway, swan = self.peers(GCM + "type=transport\n", local_ts="", remote_ts="", child_options='mode = "transport"')
        self.assertTrue(swan.initiate(), swan.log())
        self.assert_gateways_talk_protected(gateway, swan, "esp")
        gateway.cli("rekey", "peer", "net")
        self.assert_rekeyed(gateway, 2)
        self.assert_gateways_talk_protected(gateway, swan, "esp")

    def test_encap_without_a_nat(self):
        gateway, swan = self.peers(NETS + GCM + "encapsulation=yes\n", options="encap = true")
        self.assertTrue(swan.initiate(), swan.log())
        self.assertIn("encap type espinudp sport 4500 dport 4500", swan.guest.run("ip xfrm state")[1])
        self.assert_traffic_is_protected(gateway.keys)
        self.assert_kernel_refused_nothing(swan)


if __name__ == "__main__":
    main()
