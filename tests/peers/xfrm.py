#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SAs typed in by hand, and a Linux kernel's own ESP and AH as the peer."""

from kernel import ADDRESSES, ADDRESSES_OF_BOTH
from peer_test import DUT, DUT6, LAN_A, LAN_B, NET_A, NET_A6, NET_B, NET_B6, PEER, PEER6, PeerTest, main
from world.gateway import BUILD
from world.linux_guest import LinuxGuest
from world.network import wait_for
from world.readers import SaKey

from scapy.all import Dot1Q, rdpcap

SPI_OUT, SPI_IN = 0x1001, 0x2002
# Linux holds neighbour discovery, too, against its policies.
DISCOVERY = """
for type in 135 136; do for way in in out; do
ip xfrm policy add src ::/0 dst ::/0 proto 58 type $type dir $way priority 1 action allow
done; done
"""
# Keys: AES-128's with its salt, HMAC-SHA2-256's; from us, and to us.
GCM128 = {"protocol": "esp", "algorithm": "aes128gcm16", "key": (bytes(range(0x11, 0x25)), bytes(range(0x22, 0x36)))}
AH_SHA256 = {"protocol": "ah", "algorithm": "sha256", "integrity_key": (bytes(range(0x40, 0x60)), bytes(range(0x80, 0xa0)))}

# RFC 4302 2.6 pads AH over IPv4 to 4 bytes; Linux does when it is told to, and else to 8.
AH_SHA256_OF_8 = {**AH_SHA256, "align": 8}


def ours(sa, ends, mode, policies):
    keys = "".join(f'{word}_out = "{sa[word][0].hex()}"\n{word}_in = "{sa[word][1].hex()}"\n' for word in ("key", "integrity_key") if word in sa)
    text = f"""
[[sas]]
name = "hand"
local_address = "{ends[0]}"
remote_address = "{ends[1]}"
spi_in = {SPI_IN:#x}
spi_out = {SPI_OUT:#x}
protocol = "{sa["protocol"]}"
mode = "{mode}"
algorithm = "{sa["algorithm"]}"
{"ah_align = 8" if "align" in sa else ""}
{f'too_big = "{sa["too_big"]}"' if "too_big" in sa else ""}
{keys}"""
    for number, (source, destination) in enumerate(policies):
        text += f"""
[[policies]]
name = "p{number}"
source = "{source}"
destination = "{destination}"
action = "protect"
sa = "hand"
"""
    return text


def theirs(sa, ends, mode, policies):
    """`ip xfrm`: two states, and of each policy what leaves, comes in and is forwarded."""
    us, peer = ends
    text = DISCOVERY if ":" in us else ""
    for (source, destination), spi, way in (((us, peer), SPI_OUT, 0), ((peer, us), SPI_IN, 1)):
        algorithm = (f"aead 'rfc4106(gcm(aes))' 0x{sa['key'][way].hex()} 128" if sa["protocol"] == "esp" else
                     f"auth-trunc 'hmac(sha256)' 0x{sa['integrity_key'][way].hex()} 128")
        flags = ["af-unspec"] if mode == "tunnel" else []  # packets of either version
        if sa["protocol"] == "ah" and "align" not in sa:
            flags.append("align4")
        text += (f"ip xfrm state add src {source} dst {destination} proto {sa['protocol']} spi {spi:#x} reqid 1 mode {mode} replay-window 64 "
                 f"{'flag ' + ' '.join(flags) if flags else ''} {algorithm}\n")
    for near, far in policies:
        ways = (("out", far, near, peer, us), ("in", near, far, us, peer), *([("fwd", near, far, us, peer)] if mode == "tunnel" else []))
        for way, source, destination, outer_source, outer_destination in ways:
            text += (f"ip xfrm policy add src {source} dst {destination} dir {way} priority 2 tmpl src {outer_source} dst {outer_destination} "
                     f"proto {sa['protocol']} reqid 1 mode {mode}\n")
    return text


class XfrmTest(PeerTest):
    rc = ""  # of the guest, before its addresses
    ends = (DUT, PEER)
    mode = "tunnel"
    policies = [(NET_A, NET_B)]

    def talk(self, sa):
        """Sets both up and lets them talk; returns our gateway."""
        addresses = ADDRESSES_OF_BOTH if self.both else ADDRESSES
        self.guest = LinuxGuest(self.peer, self.rc + addresses + theirs(sa, self.ends, self.mode, self.policies), BUILD)
        gateway = self.gateway(ours(sa, self.ends, self.mode, self.policies)).start()

        def key(spi, source, destination, way):
            return SaKey(spi, source, destination, sa.get("key", (b"", b""))[way], algorithm=sa["algorithm"], protocol=sa["protocol"], mode=self.mode,
                         integrity_key=sa.get("integrity_key", (b"", b""))[way])

        us, peer = self.ends
        self.assert_talk_is_protected(lambda: [key(SPI_OUT, us, peer, 0), key(SPI_IN, peer, us, 1)], sa["protocol"])
        # The kernel's own account: packets in both SAs, and not one refused.
        states = " ".join(self.guest.run("ip -s xfrm state")[1].split())
        self.assertIn("replay-window 0 replay 0 failed 0", states)
        sa = gateway.established()[0]
        self.assertGreaterEqual(sa["packets_out"], 10)
        self.assertGreaterEqual(sa["packets_in"], 10)
        return gateway

    def assert_talk_is_protected(self, keys, protocol):
        self.assert_traffic_is_protected(keys, protocol)

    def assert_the_largest_cross_whole(self, sa):
        gateway = self.talk({**sa, "too_big": "fragment"})
        before = gateway.established()[0]["packets_out"]
        self.assertEqual(self.lana.ping(LAN_B, count=3, size=1472), 3)
        self.assertEqual(gateway.query("counters")["host"]["too_big"], 3)
        self.assertEqual(gateway.established()[0]["packets_out"], before + 3)
        self.assertIn("replay-window 0 replay 0 failed 0", " ".join(self.guest.run("ip -s xfrm state")[1].split()))


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
        self.talk(AH_SHA256_OF_8)


    def test_gcm128_is_fragmented_after_and_joined_by_linux(self):
        self.assert_the_largest_cross_whole(GCM128)

    def test_ah_sha256_is_fragmented_after_and_joined_by_linux(self):
        self.assert_the_largest_cross_whole(AH_SHA256)


class XfrmTransport(XfrmTest):
    """Between the gateways themselves."""

    mode = "transport"
    policies = [(DUT, PEER)]

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
        self.assertEqual(gateway.query("counters")["host"]["joined"], 3)
        self.assertEqual(gateway.established()[0]["packets_in"], before + 3)

    def test_esp_in_fragments_is_joined(self):
        self.assert_fragments_are_joined(self.talk(GCM128))

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
    policies = [(DUT6, PEER6)]

    def assert_talk_is_protected(self, keys, protocol):
        self.assert_pings_are_protected([(self.dut, PEER6), (self.guest, DUT6)], keys, protocol)

    def test_ah_in_fragments_is_joined(self):
        self.assert_fragments_are_joined(self.talk(AH_SHA256))


class XfrmOverIpv6(XfrmTest):
    both = True
    ends = (DUT6, PEER6)
    policies = [(NET_A, NET_B), (NET_A6, NET_B6)]

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
