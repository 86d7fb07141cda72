#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SAs typed in by hand, and a Linux kernel's own ESP and AH as the peer."""

from pathlib import Path

from kernel import ADDRESSES, ADDRESSES_OF_BOTH
from peer_test import DUT, DUT6, LAN_A, LAN_B, NET_A, NET_A6, NET_B, NET_B6, PEER, PEER6, PeerTest, main
from typed_sas import DISCOVERY, TypedSa
from world.gateway import BUILD
from world.linux_guest import LinuxGuest, add_python
from world.network import Capture, wait_for

from scapy.all import ICMP, Dot1Q, ICMPv6EchoReply, ICMPv6EchoRequest, rdpcap

GCM128 = {"algorithm": "aes128gcm16"}
AH_SHA256 = {"protocol": "ah", "algorithm": "sha256"}
ECHO_WITH_EXTRAS = Path(__file__).with_name("echo_with_extras.py")


class XfrmTest(PeerTest):
    rc = ""  # of the guest, before its addresses
    ends = (DUT, PEER)
    mode = "tunnel"
    policies = ((NET_A, NET_B),)
    add = None  # to the guest

    def talk(self, sa):
        """Sets both up, with a TypedSa of the words in `sa`, and lets them talk; returns our gateway."""
        sa = TypedSa(self.ends, self.policies, mode=self.mode, **sa)
        addresses = ADDRESSES_OF_BOTH if self.both else ADDRESSES
        files = {"/etc/sas": DISCOVERY + sa.theirs(), "/etc/echo": ECHO_WITH_EXTRAS.read_text()}
        self.guest = LinuxGuest(self.peer, self.rc + addresses, BUILD, files=files, add=self.add)
        self.guest.run("ip -batch /etc/sas")
        gateway = self.gateway(sa.ours()).start()
        self.assert_talk_is_protected(sa.keys, sa.protocol)
        self.assert_linux_refused_nothing()
        sa = gateway.established()[0]
        self.assertGreaterEqual(sa["packets_out"], 10)
        self.assertGreaterEqual(sa["packets_in"], 10)
        return gateway

    def assert_linux_refused_nothing(self):
        """The kernel's own account: packets in both SAs, and not one refused."""
        states = " ".join(self.guest.run("ip -s xfrm state")[1].split())
        self.assertEqual(states.count("replay-window 0 replay 0 failed 0"), 2, states)

    def assert_talk_is_protected(self, keys, protocol):
        self.assert_traffic_is_protected(keys, protocol)

    def assert_the_largest_cross_whole(self, sa):
        gateway = self.talk({**sa, "too_big": "fragment"})
        before = gateway.established()[0]["packets_out"]
        self.assertEqual(self.lana.ping(LAN_B, count=3, size=1472), 3)
        self.assertEqual(gateway.query("counters")["host"]["too_big"], 3)
        self.assertEqual(gateway.established()[0]["packets_out"], before + 3)
        self.assert_linux_refused_nothing()


class Xfrm(XfrmTest):
    def every_size_passes(self):
        for size in (0, 1, 2, 3, 100, 1000, 1400):
            self.assertEqual(self.lana.ping(LAN_B, count=2, size=size), 2, f"payload of {size} bytes")
        self.assertEqual(self.lanb.ping(LAN_A, count=2, size=1400), 2)

    def test_gcm128_with_keys_typed_in(self):
        self.talk(GCM128)
        self.every_size_passes()

    def test_ah_sha256_with_keys_typed_in(self):
        self.talk(AH_SHA256)
        self.every_size_passes()

    def test_ah_padded_as_linux_does_unasked(self):
        self.talk({**AH_SHA256, "ah_align": 8})

    def test_what_linux_does_and_the_card_does_not_is_refused_by_name(self):
        algorithms = ("chacha20poly1305", "aes128gcm8", "aes128ccm16", "aes128-aesxcbc")
        sas = [TypedSa(self.ends, self.policies, number=number).ours().replace("aes128gcm16", algorithm)
               for number, algorithm in enumerate(algorithms)]
        done = self.gateway("".join(sas)).check()
        self.assertEqual(done.returncode, 2)
        for algorithm in algorithms:
            self.assertIn(f"algorithm: proposal '{algorithm}': '{algorithm.split('-')[-1]}' is not supported", done.stderr)

    def test_gcm128_is_fragmented_after_and_joined_by_linux(self):
        self.assert_the_largest_cross_whole(GCM128)

    def test_ah_sha256_is_fragmented_after_and_joined_by_linux(self):
        self.assert_the_largest_cross_whole(AH_SHA256)


class XfrmTransport(XfrmTest):
    """Between the gateways themselves."""

    mode = "transport"
    policies = ((DUT, PEER),)
    add = staticmethod(add_python)
    # Router alert, record route, timestamps with addresses, security: Linux sends those of the middle back in its answer.
    extras = (["options=94040000"], ["options=070b04000000000000000000"], ["options=4414050100000000000000000000000000000000"],
              ["options=820b0011223344556677880194040000"])

    def assert_talk_is_protected(self, keys, protocol):
        self.assert_pings_are_protected([(self.dut, PEER), (self.guest, DUT)], keys, protocol)

    def test_gcm128_with_keys_typed_in(self):
        self.talk(GCM128)

    def test_ah_sha256_with_keys_typed_in(self):
        self.talk(AH_SHA256)

    def assert_fragments_are_joined(self, gateway):
        """Linux protects a datagram of its own whole, and cuts the result."""
        before = gateway.established()[0]["packets_in"]
        self.guest.run(f"ping -c 3 -W 1 -s 3000 {self.ends[0]}", check=False)  # the answer is too large for transport mode
        wait_for("three packets to come", lambda: gateway.established()[0]["packets_in"] >= before + 3)
        self.assertEqual(gateway.query("counters")["host"]["joined"], 3)
        self.assertEqual(gateway.established()[0]["packets_in"], before + 3)

    def test_esp_in_fragments_is_joined(self):
        self.assert_fragments_are_joined(self.talk(GCM128))

    def assert_extras_cross(self, sa):
        gateway = self.talk(sa)
        before = gateway.established()[0]["packets_in"]
        with Capture(self.peer, "wan0", self.wan):
            for extras in self.extras:
                with self.subTest(extras=extras):
                    self.dut.run(ECHO_WITH_EXTRAS, self.ends[1], *extras)
                    self.guest.run(f"python3 -IS /etc/echo {self.ends[0]} {' '.join(extras)}")
        self.assert_linux_refused_nothing()
        self.assertEqual(gateway.established()[0]["packets_in"], before + 2 * len(self.extras))
        in_the_clear = [packet.summary() for packet in rdpcap(str(self.wan))
                        if any(kind in packet for kind in (ICMP, ICMPv6EchoRequest, ICMPv6EchoReply))]
        self.assertEqual(in_the_clear, [])

    def test_extras_cross_in_esp(self):
        self.assert_extras_cross(GCM128)

    def test_extras_cross_in_ah(self):
        self.assert_extras_cross(AH_SHA256)

    def test_what_comes_in_the_clear_is_refused(self):
        gateway = self.talk(GCM128)
        self.guest.run("ip xfrm policy flush")

        def refused():
            self.assertNotEqual(self.guest.run(f"ping -c 1 -W 1 {self.ends[0]}", check=False)[0], 0)
            return gateway.query("counters")["host"]["refused"] > 0

        wait_for("a ping in the clear to be refused", refused)


class XfrmTransportOverIpv6(XfrmTransport):
    both = True
    ends = (DUT6, PEER6)
    policies = ((DUT6, PEER6),)
    # Router alert; options that may change on the way, and that may not.
    extras = (["hopopts=0000050200000100"], ["hopopts=00003e0401020304"], ["dstopts=00003e0401020304"], ["dstopts=00001e0201020100"],
              ["hopopts=0001050200003e060102030405060100", "dstopts=00003e0401020304"])

    def assert_talk_is_protected(self, keys, protocol):
        self.assert_pings_are_protected([(self.dut, PEER6), (self.guest, DUT6)], keys, protocol)

    def test_ah_in_fragments_is_joined(self):
        self.assert_fragments_are_joined(self.talk(AH_SHA256))


class XfrmOverIpv6(XfrmTest):
    both = True
    ends = (DUT6, PEER6)
    policies = ((NET_A, NET_B), (NET_A6, NET_B6))

    def test_gcm128_with_keys_typed_in(self):
        self.talk(GCM128)

    def test_gcm128_is_fragmented_after_and_joined_by_linux(self):
        self.assert_the_largest_cross_whole(GCM128)


class XfrmOverVlan(XfrmTest):
    """The WAN is VLAN 12 of its wire."""

    card_options = "wan_vlan = 12\n"
    rc = """
ip link set wan0 down; ip link set wan0 name wire0; ip link set wire0 up
ip link add link wire0 name wan0 type vlan id 12; ip link set wan0 up
"""

    def test_gcm128_with_keys_typed_in(self):
        self.talk(GCM128)
        tags = {packet[Dot1Q].vlan if Dot1Q in packet else None for packet in rdpcap(str(self.wan))}
        self.assertEqual(tags, {12})


if __name__ == "__main__":
    main()
