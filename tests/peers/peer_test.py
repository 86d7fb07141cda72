# SPDX-License-Identifier: Apache-2.0
"""Our gateway against peers we did not write.

    lana 10.1.0.10 - 10.1.0.1 dut 198.51.100.1 === WAN === 198.51.100.2 peer 10.2.0.1 - 10.2.0.10 lanb

and, where a test is of both IP versions, the same with 2001:db8:1::, 2001:db8:ffff:: and 2001:db8:2::.

Run as root:  tests/peers/SCENARIO.py [--card xrt|verilated|software] [-v]"""

import argparse
import sys
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from world.gateway import DAEMON, Gateway  # noqa: E402
from world.network import Capture, World, wait_for  # noqa: E402
from world.readers import sort_wire, verify  # noqa: E402
from world.traffic import Probes  # noqa: E402

DUT, PEER = "198.51.100.1", "198.51.100.2"
LAN_A, LAN_B = "10.1.0.10", "10.2.0.10"
NET_A, NET_B = "10.1.0.0/24", "10.2.0.0/24"
DUT6, PEER6 = "2001:db8:ffff::1", "2001:db8:ffff::2"
LAN_A6, LAN_B6 = "2001:db8:1::10", "2001:db8:2::10"
NET_A6, NET_B6 = "2001:db8:1::/64", "2001:db8:2::/64"


def sides(address=DUT, gateway=PEER):
    return f"""
[lan]
address = "10.1.0.1/24"

[wan]
address = "{address}/24"
gateway = "{gateway}"
"""


BOTH_SIDES = f"""
[lan]
address = ["10.1.0.1/24", "2001:db8:1::1/64"]

[wan]
address = ["{DUT}/24", "{DUT6}/64"]
gateway = ["{PEER}", "{PEER6}"]
"""


class PeerTest(unittest.TestCase):
    """A world with everything but the two gateways."""

    card = "xrt"
    sides = sides()
    card_options = ""
    both = False  # IPv6 beside IPv4, everywhere

    def setUp(self):
        self.world = World("sppeer")
        self.world.__enter__()
        self.addCleanup(self.world.close)
        self.lana, self.dut, self.peer, self.lanb = (self.world.namespace(n) for n in ("lana", "dut", "peer", "lanb"))
        self.world.wire(self.lana, "eth0", self.dut, "lan0")
        self.wire_wan()
        self.world.wire(self.peer, "lan0", self.lanb, "eth0")
        self.lana.address("eth0", f"{LAN_A}/24")
        self.lana.route("default", "10.1.0.1")
        self.lanb.address("eth0", f"{LAN_B}/24")
        self.lanb.route("default", "10.2.0.1")
        if self.both:
            self.sides = BOTH_SIDES
            for host, address, router in ((self.lana, LAN_A6, "2001:db8:1::1"), (self.lanb, LAN_B6, "2001:db8:2::1")):
                host.address("eth0", f"{address}/64")
                host.route("default", router)
        self.wan = self.world.folder / "wan.pcap"

    def wire_wan(self):
        self.world.wire(self.dut, "wan0", self.peer, "wan0")

    def linux_peer(self):
        """Addresses of the peer's namespace, when Linux itself is the peer there."""
        self.peer.address("wan0", f"{PEER}/24")
        self.peer.address("lan0", "10.2.0.1/24")
        if self.both:
            self.peer.address("wan0", f"{PEER6}/64")
            self.peer.address("lan0", "2001:db8:2::1/64")
        self.peer.forward()

    def gateway(self, configuration):
        return Gateway(self.dut, self.sides + configuration, self.card, self.card_options)

    def assert_traffic_is_protected(self, keys, protocol="esp"):
        """Pings cross both ways, of both IP versions if there are; the WAN holds nothing but ESP or AH, IKE and ARP; the independent
        readers verify every protected packet."""
        pairs = [(LAN_A, LAN_B)] + ([(LAN_A6, LAN_B6)] if self.both else [])
        self.assert_pings_are_protected([(self.lana, b) for _, b in pairs] + [(self.lanb, a) for a, _ in pairs], keys, protocol)

    def assert_pings_are_protected(self, pings, keys, protocol="esp"):
        """`pings`: who (a namespace, or what has its ping()), and to which address."""
        for who, address in pings:
            wait_for(f"the first ping to {address} to cross", lambda who=who, to=address: who.ping(to, count=1, wait=2) == 1)
        with Capture(self.peer, "wan0", self.wan):
            for who, address in pings:
                self.assertEqual(who.ping(address, count=5), 5, address)
        kinds = sort_wire(self.wan)
        self.assertGreaterEqual(kinds[protocol], 10 * len(pings))
        self.assertEqual(kinds["other"], [])
        self.assertEqual(sum(verify(self.wan, keys()).values()), kinds["esp"] + kinds["ah"])
        self.assertEqual(kinds["esp"] + kinds["ah"], kinds[protocol])

    def lost_in(self, seconds, rate=10):
        """Sends both ways for so long; returns how many were lost."""
        both = Probes(self.lana, self.lanb, LAN_B, rate), Probes(self.lanb, self.lana, LAN_A, rate)
        time.sleep(seconds)
        return sum(len(probes.stop()["lost"]) for probes in both)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--card", choices=DAEMON, default=PeerTest.card)
    options, rest = parser.parse_known_args()
    PeerTest.card = options.card
    unittest.main(module="__main__", argv=[sys.argv[0], *rest], verbosity=2)
