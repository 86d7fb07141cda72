#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""IKEv2 with strongSwan over a Linux kernel's own ESP and AH."""

from ikev2 import TS_A, TS_B, ours, swanctl
from peer_test import DUT, DUT6, PEER, PEER6, PeerTest, main
from world.network import wait_for
from world.gateway import BUILD
from world.strongswan import KernelStrongSwan

ADDRESSES = f"""
ip addr add {PEER}/24 dev wan0
ip addr add 10.2.0.1/24 dev lan0
ip route add 10.1.0.0/24 via {DUT}
"""
ADDRESSES_OF_BOTH = f"""{ADDRESSES}
for i in wan0 lan0; do echo 0 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; done
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
ip addr add {PEER6}/64 dev wan0 nodad
ip addr add 2001:db8:2::1/64 dev lan0 nodad
ip route add 2001:db8:1::/64 via {DUT6}
"""
DYNAMIC = {"local_ts": "dynamic", "remote_ts": "dynamic"}


class KernelTest(PeerTest):
    def tunnel(self, theirs, **words):
        swan = KernelStrongSwan(self.peer, theirs, ADDRESSES_OF_BOTH if self.both else ADDRESSES, BUILD)
        gateway = self.gateway(ours("none", **words)).start()
        gateway.cli("initiate", "peer", "net")
        return gateway, swan

    def transport(self, theirs, remote_address=PEER, **words):
        return self.tunnel(theirs, local_ts="", remote_ts="", child_options='mode = "transport"', remote_address=remote_address, **words)

    def assert_gateways_talk_protected(self, gateway, swan, protocol, ends=(DUT, PEER)):
        """Between the gateways themselves."""
        self.assert_pings_are_protected([(self.dut, ends[1]), (swan.guest, ends[0])], gateway.keys, protocol)
        self.assert_kernel_refused_nothing(swan)

    def assert_kernel_refused_nothing(self, swan):
        for line in swan.guest.run("cat /proc/net/xfrm_stat")[1].splitlines():
            name, count = line.split()
            # Packets that came before there was an SA, or behind its end, are no refusals.
            if name not in ("XfrmInNoStates", "XfrmOutNoStates", "XfrmAcquireError"):
                self.assertEqual(count, "0", name)


class Kernel(KernelTest):
    def test_esn_in_bare_esp_through_rekeyings(self):
        theirs = swanctl(esp="aes128gcm16-ecp256-esn", child_options="rekey_time = 4s\n life_time = 12s\n rand_time = 0s")
        gateway, swan = self.tunnel(theirs, esp="aes128gcm16-ecp256-esn")
        self.assertIn("AES_GCM_16-128/ESN", swan.list_sas())
        self.assertIn("flag af-unspec esn", swan.guest.run("ip xfrm state")[1])
        self.assert_traffic_is_protected(gateway.keys)
        self.assertLessEqual(self.lost_in(10), 1)
        self.assertGreaterEqual(len({key.spi for key in gateway.keys()}), 6, "three pairs of SAs, each with SPIs of its own")
        self.assert_kernel_refused_nothing(swan)

    def test_encap_without_a_nat(self):
        gateway, swan = self.tunnel(swanctl(ike_options="encap = yes"), options="encap = true")
        self.assertIn("TUNNEL-in-UDP", swan.list_sas())
        self.assertIn("encap type espinudp sport 4500 dport 4500", swan.guest.run("ip xfrm state")[1])
        self.assert_traffic_is_protected(gateway.keys)
        self.assert_kernel_refused_nothing(swan)

    def test_ah_tunnel_as_initiator_and_rekeyed_by_the_peer(self):
        theirs = swanctl(ah="sha256-ecp256", child_options="rekey_time = 4s\n life_time = 12s\n rand_time = 0s")
        gateway, swan = self.tunnel(theirs, ah="sha256-ecp256")
        self.assertIn("AH:HMAC_SHA2_256_128", swan.list_sas())
        self.assert_traffic_is_protected(gateway.keys, "ah")
        self.assertLessEqual(self.lost_in(10), 1)
        self.assertGreaterEqual(len({key.spi for key in gateway.keys()}), 6, "three pairs of SAs, each with SPIs of its own")
        self.assert_kernel_refused_nothing(swan)

    def test_ah_tunnel_as_responder(self):
        swan = KernelStrongSwan(self.peer, swanctl(ah="sha1"), ADDRESSES, BUILD)
        gateway = self.gateway(ours("none", ah="sha1")).start()
        self.assertTrue(swan.initiate(), swan.log())
        self.assertIn("AH:HMAC_SHA1_96", swan.list_sas())
        self.assert_traffic_is_protected(gateway.keys, "ah")
        self.assert_kernel_refused_nothing(swan)

    def test_ah_that_the_peer_does_not_know_is_refused_and_named(self):
        swan = KernelStrongSwan(self.peer, swanctl(ah="sha512"), ADDRESSES, BUILD)
        gateway = self.gateway(ours("none", ah="sha256")).start()
        self.assertFalse(swan.initiate())
        self.assertIn("refused: integrity sha512", gateway.log())
        done = gateway.cli("initiate", "peer", "net", check=False)
        self.assertIn("NO_PROPOSAL_CHOSEN", done.stderr)

    def test_transport_mode_through_rekeyings(self):
        theirs = swanctl(esp="aes128gcm16-ecp256", **DYNAMIC, child_options="mode = transport\n rekey_time = 5s\n life_time = 15s\n rand_time = 0s")
        gateway, swan = self.transport(theirs, esp="aes128gcm16-ecp256")
        self.assertIn("TRANSPORT", swan.list_sas())
        self.assert_gateways_talk_protected(gateway, swan, "esp")
        gateway.cli("rekey", "peer", "net")
        wait_for("three pairs of SAs", lambda: len({key.spi for key in gateway.keys()}) >= 6)
        self.assertEqual({key.mode for key in gateway.keys()}, {"transport"})
        self.assertNotIn("TUNNEL", swan.list_sas())
        self.assert_gateways_talk_protected(gateway, swan, "esp")

    def test_ah_transport_mode(self):
        gateway, swan = self.transport(swanctl(ah="sha256", **DYNAMIC, child_options="mode = transport"), ah="sha256")
        self.assertRegex(swan.list_sas(), r"TRANSPORT, AH:HMAC_SHA2_256_128|TRANSPORT.*AH")
        self.assert_gateways_talk_protected(gateway, swan, "ah")

    def test_a_peer_that_wants_a_tunnel_declines_transport_mode(self):
        swan = KernelStrongSwan(self.peer, swanctl(**DYNAMIC), ADDRESSES, BUILD)
        gateway = self.gateway(ours("none", local_ts="", remote_ts="", child_options='mode = "transport"')).start()
        done = gateway.cli("initiate", "peer", "net", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the peer declines transport mode", done.stderr)
        self.assertEqual(gateway.established(), [])
        wait_for("the peer to delete its SA", lambda: "INSTALLED" not in swan.list_sas())
        self.assertIn("ESTABLISHED", swan.list_sas())
        # And it asks us in vain.
        self.assertFalse(swan.initiate())
        self.assertIn("and the peer asks for a tunnel", gateway.log())

    def test_a_peer_that_declines_transport_mode_gets_a_tunnel_where_that_will_do(self):
        swan = KernelStrongSwan(self.peer, swanctl(**DYNAMIC), ADDRESSES, BUILD)
        gateway = self.gateway(ours("none", local_ts="", remote_ts="", child_options='mode = "transport"\nor_tunnel = true')).start()
        gateway.cli("initiate", "peer", "net")
        self.assertIn("TUNNEL", swan.list_sas())
        self.assert_gateways_talk_protected(gateway, swan, "esp")
        self.assertEqual({key.mode for key in gateway.keys()}, {"tunnel"})


class KernelOfBothVersions(KernelTest):
    both = True

    def test_both_versions_inside_ipv4(self):
        gateway, swan = self.tunnel(swanctl(local_ts=TS_B, remote_ts=TS_A), local_ts=TS_A, remote_ts=TS_B)
        self.assertIn("AES_GCM_16-128", swan.list_sas())
        self.assert_traffic_is_protected(gateway.keys)
        self.assert_kernel_refused_nothing(swan)

    def test_both_versions_inside_ipv6(self):
        theirs = swanctl(ends=(PEER6, DUT6), local_ts=TS_B, remote_ts=TS_A)
        gateway, swan = self.tunnel(theirs, local_ts=TS_A, remote_ts=TS_B, remote_address=PEER6)
        self.assertIn(f"remote 'dut.example' @ {DUT6}[500]", swan.list_sas())
        self.assert_traffic_is_protected(gateway.keys)
        self.assert_kernel_refused_nothing(swan)

    def test_ah_of_both_versions_inside_ipv6(self):
        theirs = swanctl(ends=(PEER6, DUT6), local_ts=TS_B, remote_ts=TS_A, ah="sha256")
        gateway, swan = self.tunnel(theirs, local_ts=TS_A, remote_ts=TS_B, remote_address=PEER6, ah="sha256")
        self.assert_traffic_is_protected(gateway.keys, "ah")
        self.assert_kernel_refused_nothing(swan)

    def transport_over_ipv6(self, protocol, **words):
        theirs = swanctl(ends=(PEER6, DUT6), **DYNAMIC, child_options="mode = transport", **words)
        gateway, swan = self.transport(theirs, remote_address=PEER6, **words)
        self.assert_gateways_talk_protected(gateway, swan, protocol, (DUT6, PEER6))

    def test_esp_transport_mode_over_ipv6(self):
        self.transport_over_ipv6("esp", esp="aes256-sha256")

    def test_ah_transport_mode_over_ipv6(self):
        self.transport_over_ipv6("ah", ah="sha384")


if __name__ == "__main__":
    main()
