#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SAs typed in by hand, and a Linux kernel's own ESP and AH as the peer."""

from peer_test import DUT, LAN_A, LAN_B, PEER, PeerTest, main
from world.gateway import BUILD
from world.linux_guest import LinuxGuest
from world.network import Capture, wait_for
from world.readers import EspKey

from scapy.all import IP, rdpcap
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RS, IPv6

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


DUT6, PEER6 = "2001:db8:99::1", "2001:db8:99::2"
LAN_A6, LAN_B6 = "2001:db8:1::10", "2001:db8:2::10"
HMAC_OUT, HMAC_IN = bytes(range(0x40, 0x60)), bytes(range(0x60, 0x80))
SIDES = f"""
[lan]
address = ["10.1.0.1/24", "2001:db8:1::1/64"]

[wan]
address = ["{DUT}/24", "{DUT6}/64"]
gateway = ["{PEER}", "{PEER6}"]
"""


def our_sa(protocol="esp", mode="tunnel", ends=(DUT, PEER), options=""):
    """A manual SA of HMAC-SHA256, in ESP with AES-CBC."""
    cipher = "" if protocol == "ah" else f'key_in = "{KEY_IN[:16].hex()}"\nkey_out = "{KEY_OUT[:16].hex()}"'
    return f"""
[[sas]]
name = "hand"
local_address = "{ends[0]}"
remote_address = "{ends[1]}"
protocol = "{protocol}"
mode = "{mode}"
spi_in = {SPI_IN:#x}
spi_out = {SPI_OUT:#x}
algorithm = "{"sha256" if protocol == "ah" else "aes128-sha256"}"
{cipher}
integrity_key_in = "{HMAC_IN.hex()}"
integrity_key_out = "{HMAC_OUT.hex()}"
{options}
"""


def their_sa(protocol="esp", mode="tunnel", ends=(DUT, PEER), policies=()):
    """The same for `ip xfrm`. policies: pairs of our selector and theirs."""
    us, them = ends
    script = f"""
for i in all default wan0 lan0; do echo 0 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; echo 0 >/proc/sys/net/ipv6/conf/$i/accept_dad; done
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
ip addr add {PEER}/24 dev wan0
ip addr add 10.2.0.1/24 dev lan0
ip addr add {PEER6}/64 dev wan0 nodad
ip addr add 2001:db8:2::1/64 dev lan0 nodad
ip route add 10.1.0.0/24 via {DUT}
ip -6 route add 2001:db8:1::/64 via {DUT6}
# Linux holds neighbour discovery, too, against its policies.
for type in 135 136; do for dir in in out; do
ip xfrm policy add src ::/0 dst ::/0 proto 58 type $type dir $dir priority 1 action allow; done; done
"""
    for source, destination, spi, key, hmac in ((them, us, SPI_IN, KEY_IN, HMAC_IN), (us, them, SPI_OUT, KEY_OUT, HMAC_OUT)):
        cipher = "" if protocol == "ah" else f"enc 'cbc(aes)' 0x{key[:16].hex()}"
        unspec = "flag af-unspec" if mode == "tunnel" else ""
        script += (f"ip xfrm state add src {source} dst {destination} proto {protocol} spi {spi:#x} reqid 1 mode {mode} replay-window 64 "
                   f"{unspec} auth-trunc 'hmac(sha256)' 0x{hmac.hex()} 128 {cipher}\n")
    for ours, theirs in policies:
        for direction, source, destination in (("out", theirs, ours), ("in", ours, theirs), ("fwd", ours, theirs)):
            ends = f"src {them} dst {us}" if direction == "out" else f"src {us} dst {them}"
            script += (f"ip xfrm policy add src {source} dst {destination} dir {direction} "
                       f"priority 2 tmpl {ends} proto {protocol} reqid 1 mode {mode}\n")
    return script


class Xfrm(PeerTest):
    """SAs of both modes, protocols and IP versions."""

    sides = SIDES

    def speak_ipv6(self):
        for namespace, address, via in ((self.lana, LAN_A6, "2001:db8:1::1"), (self.lanb, LAN_B6, "2001:db8:2::1")):
            namespace.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=0", "net.ipv6.conf.eth0.accept_dad=0")
            namespace.run("ip", "addr", "add", f"{address}/64", "dev", "eth0", "nodad")
            namespace.run("ip", "-6", "route", "add", "default", "via", via)

    def connect(self, policies, options="", **sa):
        """Both ends, with the same SA and policies."""
        guest = LinuxGuest(self.peer, their_sa(policies=policies, **sa), BUILD)
        text = our_sa(options=options, **sa)
        for number, (source, destination) in enumerate(policies):
            text += f"""
[[policies]]
name = "net{number}"
source = "{source}"
destination = "{destination}"
action = "protect"
sa = "hand"
"""
        return guest, self.gateway(text).start()

    def assert_kernel_refused_nothing(self, guest):
        states = " ".join(guest.run("ip -s xfrm state")[1].split())
        self.assertEqual(states.count("replay-window 0 replay 0 failed 0"), 2, states)

    def ping_from(self, namespace, address, **words):
        wait_for(f"the first ping to {address}", lambda: namespace.ping(address, count=1, wait=1) == 1, seconds=30)
        self.assertEqual(namespace.ping(address, count=5, **words), 5)

    def capture_protocols(self, during):
        """The numbers of the protocols, and of IPv6 next headers, that crossed the WAN meanwhile, ARP and neighbour discovery aside."""
        with Capture(self.peer, "wan0", self.wan):
            during()
        numbers = set()
        for packet in rdpcap(str(self.wan)):
            if IPv6 in packet and not (ICMPv6ND_NS in packet or ICMPv6ND_NA in packet or ICMPv6ND_RS in packet or packet[IPv6].nh == 0):
                numbers.add(packet[IPv6].nh)
            elif IP in packet:
                numbers.add(packet[IP].proto)
        return numbers

    def test_a_tunnel_over_ipv6_carries_both_versions(self):
        self.speak_ipv6()
        guest, _ = self.connect([("2001:db8:1::/64", "2001:db8:2::/64"), ("10.1.0.0/24", "10.2.0.0/24")], ends=(DUT6, PEER6))

        def pings():
            for address in (LAN_B6, LAN_B):
                self.ping_from(self.lana, address)
            self.ping_from(self.lanb, LAN_A6, size=1300)

        self.assertEqual(self.capture_protocols(pings), {50})
        self.assert_kernel_refused_nothing(guest)
        # RFC 4443 3.2: who sends too much is told, once, and then sends less.
        self.assertGreaterEqual(self.lana.ping(LAN_B6, count=4, size=1450), 2)

    def test_a_tunnel_over_ipv4_carries_ipv6(self):
        self.speak_ipv6()
        guest, _ = self.connect([("2001:db8:1::/64", "2001:db8:2::/64")])
        self.assertEqual(self.capture_protocols(lambda: self.ping_from(self.lana, LAN_B6)), {50})
        self.assert_kernel_refused_nothing(guest)

    def test_transport_mode_protects_what_the_gateways_say_to_each_other(self):
        guest, _ = self.connect([(DUT, PEER)], mode="transport")
        self.assertEqual(self.capture_protocols(lambda: self.ping_from(self.dut, PEER)), {50})
        self.assertEqual(self.capture_protocols(lambda: self.assertEqual(guest.run(f"ping -c 3 {DUT}")[0], 0)), {50})
        self.assert_kernel_refused_nothing(guest)
        # In the clear nothing comes in.
        guest.run("ip xfrm policy flush")
        self.assertNotEqual(guest.run(f"ping -c 2 -W 1 {DUT}", check=False)[0], 0)

    def test_ah_in_transport_mode_over_ipv6(self):
        guest, _ = self.connect([(DUT6, PEER6)], protocol="ah", mode="transport", ends=(DUT6, PEER6))
        self.assertEqual(self.capture_protocols(lambda: self.ping_from(self.dut, PEER6)), {51})
        self.assert_kernel_refused_nothing(guest)

    def test_ah_tunnel(self):
        # Linux pads AH to 8 bytes over IPv4 too, unless it is told not to.
        guest, _ = self.connect([("10.1.0.0/24", "10.2.0.0/24")], protocol="ah", options="ah_align = 8")
        self.assertEqual(self.capture_protocols(lambda: self.ping_from(self.lana, LAN_B)), {51})
        self.assert_kernel_refused_nothing(guest)

    def assert_fragments_are_joined(self, guest, gateway, address):
        """Linux protects a datagram of its own whole, and then cuts what does not fit; the answer is too large for us."""
        before = gateway.established()[0]["packets_in"]
        numbers = self.capture_protocols(lambda: guest.run(f"ping -c 3 -W 1 -s 3000 {address}", check=False))
        self.assertTrue(numbers <= {44, 50, 51}, numbers)  # IPv6's fragments have a header of their own
        self.assertEqual(gateway.query("counters")["host"]["joined"], 3)
        self.assertEqual(gateway.established()[0]["packets_in"], before + 3)

    def test_esp_in_fragments_is_joined(self):
        guest, gateway = self.connect([(DUT, PEER)], mode="transport")
        self.ping_from(self.dut, PEER)
        self.assert_fragments_are_joined(guest, gateway, DUT)

    def test_ah_in_fragments_over_ipv6_is_joined(self):
        guest, gateway = self.connect([(DUT6, PEER6)], protocol="ah", mode="transport", ends=(DUT6, PEER6))
        self.ping_from(self.dut, PEER6)
        self.assert_fragments_are_joined(guest, gateway, DUT6)



class Keys(PeerTest):
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
