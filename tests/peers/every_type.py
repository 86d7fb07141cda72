#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every type of ESP and AH that the card and the Linux kernel both know, all at once: each is a pair of SAs with keys typed in by hand and
addresses of its own, which carries packets of several sizes both ways."""

import itertools
import re

from kernel import ADDRESSES_OF_BOTH
from peer_test import DUT, DUT6, LAN_A, LAN_A6, PEER, PEER6, PeerTest, main
from typed_sas import DISCOVERY, TypedSa
from world.gateway import BUILD
from world.linux_guest import LinuxGuest
from world.network import Capture, Failure, wait_for
from world.readers import sort_wire
from world.sa_types import ESP_ALGORITHMS, INTEGRITY_KEYS

SOME_ALGORITHMS = ["aes128gcm16", "aes256gmac", "aes192-sha384", "aes256ctr-sha512", "null-sha256"]
GATEWAYS = ((DUT, PEER), (DUT6, PEER6))
SIZES = (1, 56, 1300)  # of pings from our side; the other side's are of SIZE_BACK
SIZE_BACK = 200


def every_sa():
    """ESP of every type in the commonest way and of some in every other, AH of every integrity in every way; tunnels have both IP
    versions inside. Debian 12's kernel can do them all."""
    sas = []

    def add(mode, outer, **words):
        number = len(sas) + 1
        host = 100 + number
        us, peer = GATEWAYS[outer]
        if mode == "transport":
            peer = (f"203.0.113.{host}", f"2001:db8:fffe::{host}")[outer]  # of the peer too, and no neighbour more to be found
            policies = ((us, peer),)
        else:
            policies = ((LAN_A, f"10.2.0.{host}"), (LAN_A6, f"2001:db8:2::{host}"))
        sas.append(TypedSa((us, peer), policies, mode=mode, number=number, **words))

    for mode, outer, esn in itertools.product(("tunnel", "transport"), (0, 1), (False, True)):
        for algorithm in ESP_ALGORITHMS if (mode, outer, esn) == ("tunnel", 0, False) else SOME_ALGORITHMS:
            add(mode, outer, algorithm=algorithm, esn=esn)
        for integrity in INTEGRITY_KEYS:
            add(mode, outer, protocol="ah", algorithm=integrity, esn=esn)
    return sas


def addresses(of, interface):
    """Lines of `ip -batch`."""
    return "".join(f"addr add {address} dev {interface} {'nodad' if ':' in address else ''}\n" for address in of)


def pings(rows, sizes, wait):
    """A shell script: a ping of each size from and to the addresses of each row; it tells those that failed."""
    each = "".join(f"p {source} {destination} {size}\n" for source, destination in rows for size in sizes)
    return f"p() {{ ping -q -c 1 -W {wait} -I $1 -s $3 $2 >/dev/null 2>&1 || echo $*; }}\n{each}"


def counted_by_linux(states):
    """{SPI: packets} of `ip -s xfrm state`."""
    counted = {}
    for state in states.split("\nsrc "):
        spi = int(re.search(r"spi (0x\w+)", state)[1], 16)
        if "replay-window 0 replay 0 failed 0" not in state:
            raise Failure(f"Linux refused packets:\n{state}")
        counted[spi] = int(re.search(r"lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)", state)[1])
    return counted


class EveryType(PeerTest):
    both = True

    def setUp(self):
        super().setUp()
        self.sas = every_sa()
        # By who pings.
        self.rows = {"lana": [], "lanb": [], "dut": [], "peer": []}
        for sa in self.sas:
            near, far = ("lana", "lanb") if sa.mode == "tunnel" else ("dut", "peer")
            self.rows[near] += sa.policies
            self.rows[far] += [policy[::-1] for policy in sa.policies]
        self.lanb.run("ip", "-batch", "-", input=addresses([source for source, _ in self.rows["lanb"]], "eth0"))
        lines = addresses([source for source, _ in self.rows["peer"]], "wan0") + DISCOVERY + "".join(sa.theirs() for sa in self.sas)
        self.guest = LinuxGuest(self.peer, ADDRESSES_OF_BOTH, BUILD, files={"/etc/sas": lines})
        self.guest.run("ip -batch /etc/sas")
        self.us = self.gateway("".join(sa.ours() for sa in self.sas)).start()

    def failed_pings(self, who, rows, sizes, wait=10):
        script = pings(rows, sizes, wait)
        out = self.guest.run(script)[1] if who == "peer" else self.world.namespaces[who].run("sh", "-s", input=script, timeout=900).stdout
        return [line.split() for line in out.splitlines()]

    def find_neighbours(self):
        for sa in {sa.ends: sa for sa in self.sas}.values():
            who = "lana" if sa.mode == "tunnel" else "dut"
            wait_for(f"the first ping through {sa.name} to cross",
                     lambda who=who, sa=sa: not self.failed_pings(who, sa.policies, (56,), wait=3), seconds=300)

    def counted(self):
        """{SPI: packets}, by us and by Linux."""
        ours = {int(sa[f"spi_{way}"], 16): sa[f"packets_{way}"] for sa in self.us.established() for way in ("in", "out")}
        return ours, counted_by_linux(self.guest.run("ip -s xfrm state")[1])

    def test_every_type_carries_packets_of_every_size_both_ways(self):
        self.find_neighbours()
        before = self.counted()
        failed = []
        with Capture(self.peer, "wan0", self.wan):
            for who, rows in self.rows.items():
                failed += self.failed_pings(who, rows, SIZES if who in ("lana", "dut") else (SIZE_BACK,))
        after = self.counted()
        crossed = {"esp": 0, "ah": 0, "ike": 0, "other": []}
        for sa in self.sas:
            packets = len(sa.policies) * (len(SIZES) + 1)  # a ping and its answer: one in either direction
            crossed[sa.protocol] += 2 * packets
            with self.subTest(sa.name):
                self.assertEqual([ping for ping in failed if any(far in ping for _, far in sa.policies)], [])
                for spi in (sa.spi_out, sa.spi_in):
                    self.assertEqual([now[spi] - then[spi] for then, now in zip(before, after)], [packets, packets])
        kinds = sort_wire(self.wan)
        del kinds["discovery"]
        self.assertEqual(kinds, crossed)


if __name__ == "__main__":
    main()
