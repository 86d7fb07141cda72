#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The software card against readers that know nothing of it: scapy and tshark open what it sends, and it opens what scapy seals, in
every type of ESP and AH, with and without extended sequence numbers, bare and in UDP, in tunnel and transport mode, IPv4 and IPv6 inside
and outside.

    tests/readers/readers_test.py [-v] [Readers.test_...]"""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from world.network import Failure  # noqa: E402
from world.readers import ENCAP_PORT, SaKey, keys_from_keylog, read_with_scapy, read_with_tshark, verify  # noqa: E402
from world.sa_types import CIPHER_KEYS, ESP_ALGORITHMS, INTEGRITY_KEYS, some_bytes  # noqa: E402

from scapy.all import IP, UDP, Ether, IPv6, Raw, rdpcap, wrpcap  # noqa: E402

BUILD = Path(os.environ.get("SALLYPORT_BUILD", Path(__file__).resolve().parents[2] / "build/release"))
LAN_MAC, WAN_MAC, NEIGHBOUR = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:01:02"
US, PEER = {4: "192.0.2.1", 6: "2001:db8:ff::1"}, {4: "192.0.2.2", 6: "2001:db8:ff::2"}
LAN_HOST = {4: "10.1.0.10", 6: "2001:db8:1::10"}
HEADER = {4: IP, 6: IPv6}
LENGTHS = [0, 1, 2, 3, 5, 8, 13, 14, 15, 16, 17, 100, 1300]  # of UDP data

# SaKey's keywords: the card's names.
CIPHERS = {"aesgcm16": "aes_gcm", "aesgmac": "aes_gmac", "null": "null", "aesctr": "aes_ctr", "aes": "aes_cbc", "des": "des_cbc",
           "3des": "des3_cbc"}
INTEGRITIES = {"md5": "hmac_md5_96", "sha1": "hmac_sha1_96", "sha256": "hmac_sha256_128", "sha384": "hmac_sha384_192",
               "sha512": "hmac_sha512_256"}


@dataclasses.dataclass(frozen=True)
class Sa:
    """One direction, and the hosts that it is for: in tunnel mode one behind the peer, in transport mode the peer itself."""

    key: SaKey
    number: int
    encap: bool
    inner: int  # IP version

    @property
    def transport(self):
        return self.key.mode == "transport"

    @property
    def near(self):
        return US[self.inner] if self.transport else LAN_HOST[self.inner]

    @property
    def far(self):
        net = ("198.51.100.{}", "2001:db8:fe::{}") if self.transport else ("10.2.{}.1", "2001:db8:2::{}")
        return net[self.inner == 6].format(self.number)

    def toml(self, direction):
        key = self.key
        text = f'[[sa]]\ndirection = "{direction}"\nspi = {key.spi}\nprotocol = "{key.protocol}"\nmode = "{key.mode}"\n'
        text += f'source = "{key.source}"\ndestination = "{key.destination}"\npolicy = {self.number}\n'
        if key.protocol == "esp":
            text += f'cipher = "{CIPHERS[key.cipher]}"\n'
            cipher_key = key.key
            _, salt_bytes = CIPHER_KEYS[key.algorithm.split("-")[0]]
            if salt_bytes:
                text += f'salt = "{cipher_key[-salt_bytes:].hex()}"\n'
                cipher_key = cipher_key[:-salt_bytes]
            if cipher_key:
                text += f'key = "{cipher_key.hex()}"\n'
        if key.integrity:
            text += f'integrity = "{INTEGRITIES[key.integrity]}"\nintegrity_key = "{key.integrity_key.hex()}"\n'
        text += f"esn = {str(key.esn).lower()}\n"
        rule = f'[[rule]]\ndirection = "{direction}"\naction = "protect"\npolicy = {self.number}\n'
        if direction == "out":
            text += f"encap = {str(self.encap).lower()}\n"
            return text + f'next_hop = "peer"\n{rule}destination = "{self.far}"\nsa = {key.spi}\n'
        return text + f'{rule}source = "{self.far}"\n'

    def datagrams(self, outbound):
        """What goes through it, as it is before."""
        ends = {"src": self.near, "dst": self.far} if outbound else {"src": self.far, "dst": self.near}
        header = HEADER[self.inner]
        return [header(bytes(header(**ends) / UDP(sport=1000, dport=2000 + n) / Raw(some_bytes(f"data {n}", n)))) for n in LENGTHS]

    def passed(self, packet):
        """The packet behind the card: a gateway takes one off the TTL of what it forwards."""
        if self.transport:
            return bytes(packet)
        packet = packet.copy()
        if self.inner == 6:
            packet.hlim -= 1
        else:
            packet.ttl -= 1
            del packet.chksum
        return bytes(packet)


# Mode, and IP versions inside and outside.
WAYS = [("tunnel", inner, outer) for inner in (4, 6) for outer in (4, 6)] + [("transport", 4, 4), ("transport", 6, 6)]
SOME_ALGORITHMS = ["aes256gcm16", "aes128gmac", "aes128-sha256", "null-sha1", "aes192ctr-sha512"]


def every_sa(outbound):
    """Every type of ESP in the commonest way, some in every other; AH of every integrity in every way."""
    sas = []

    def add(protocol, algorithm, esn, mode, inner, outer):
        number = len(sas) + 1
        cipher, _, integrity = algorithm.partition("-") if protocol == "esp" else ("", "", algorithm)
        name = f"{protocol} {algorithm} {esn} {mode} {inner} {outer} {outbound}"
        key = SaKey(0x10000000 + number, "", "", some_bytes("key " + name, sum(CIPHER_KEYS[cipher])) if cipher else b"", esn, algorithm,
                    some_bytes("integrity " + name, INTEGRITY_KEYS[integrity]) if integrity else b"", protocol, mode)
        sa = Sa(key, number, protocol == "esp" and outer == 4 and number % 3 == 0, inner)
        ends = (US[outer], sa.far if mode == "transport" else PEER[outer])
        source, destination = ends if outbound else reversed(ends)
        sas.append(dataclasses.replace(sa, key=dataclasses.replace(key, source=source, destination=destination)))

    for way in WAYS:
        for esn in (False, True):
            for algorithm in ESP_ALGORITHMS if way == ("tunnel", 4, 4) else SOME_ALGORITHMS:
                add("esp", algorithm, esn, *way)
            for integrity in INTEGRITIES:
                add("ah", integrity, esn, *way)
    return sas


def configuration(sas, outbound):
    text = f"""
lan_mac = "{LAN_MAC}"
wan_mac = "{WAN_MAC}"
input = "{"lan" if outbound else "wan"}"
[[next_hop]]
name = "peer"
port = "wan"
mac = "{NEIGHBOUR}"
[[next_hop]]
name = "host"
port = "lan"
mac = "{NEIGHBOUR}"
"""
    routes = {"0.0.0.0/0": "peer", "10.1.0.0/16": "host", US[4]: "local", "::/0": "peer", "2001:db8:1::/48": "host", US[6]: "local"}
    text += "".join(f'[[route]]\nprefix = "{prefix}"\nto = "{to}"\n' for prefix, to in routes.items())
    return text + "".join(sa.toml("out" if outbound else "in") for sa in sas)


class Readers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sallyport-readers-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def through_card(self, sas, outbound, frames):
        """Sends frames through the card; the capture of what it sent."""
        card, given, sent = (self.folder / name for name in ("card.toml", "in.pcap", "out.pcap"))
        card.write_text(configuration(sas, outbound))
        wrpcap(str(given), frames)
        subprocess.run([BUILD / "tests/software_pcap", card, given, sent], check=True)
        return sent

    def sent_by_card(self, sas):
        frames = [Ether(dst=LAN_MAC, src=NEIGHBOUR) / p for sa in sas for p in sa.datagrams(outbound=True)]
        return self.through_card(sas, True, frames)

    def test_scapy_and_tshark_read_every_type_that_the_card_sends(self):
        sas = every_sa(outbound=True)
        keys = [sa.key for sa in sas]
        sent = self.sent_by_card(sas)
        self.assertEqual(verify(sent, keys), {k.spi: len(LENGTHS) for k in keys})
        read_by_tshark = [k for k in keys if k.tshark_reads_it]
        self.assertEqual(len(read_by_tshark), len([k for k in keys if k.protocol == "esp" and not k.esn and "gmac" not in k.algorithm]))
        self.assertEqual(len(read_with_tshark(sent, read_by_tshark)), len(read_by_tshark))
        inner = read_with_scapy(sent, keys)
        for sa in sas:
            with self.subTest(sa=sa):
                self.assertEqual([bytes(p) for p in inner[sa.key.spi]], [sa.passed(p) for p in sa.datagrams(outbound=True)])

    def test_the_card_opens_every_type_that_scapy_seals(self):
        sas = every_sa(outbound=False)
        frames, expected = [], []
        for sa in sas:
            scapy_sa = sa.key.scapy_sa()
            for packet in sa.datagrams(outbound=False):
                outer = scapy_sa.encrypt(packet)
                if sa.encap:  # RFC 3948 2.1
                    udp = UDP(sport=ENCAP_PORT, dport=ENCAP_PORT, chksum=0)
                    outer = IP(src=sa.key.source, dst=sa.key.destination, ttl=outer.ttl, id=outer.id) / udp / Raw(bytes(outer.payload))
                frames.append(Ether(dst=WAN_MAC, src=NEIGHBOUR) / outer)
                expected.append(sa.passed(packet))
        received = [bytes(p.payload) for p in rdpcap(str(self.through_card(sas, False, frames)))]
        self.assertEqual(received, expected)

    def test_a_wrong_key_is_a_failure_of_every_type(self):
        for sa in every_sa(outbound=True):
            k = sa.key
            if k.protocol == "esp" and not k.algorithm.startswith(("aes128", "null", "des", "3des")):
                continue
            sent = self.sent_by_card([sa])
            self.assertEqual(len(read_with_scapy(sent, [k])), 1)
            # One bit that counts: DES leaves the lowest of each byte out.
            wrong = [dataclasses.replace(k, key=bytes([k.key[0] ^ 0x10]) + k.key[1:])] if k.key else []
            # Behind an integrity of its own and a header that never was enciphered, the cipher's key shows in the payload alone.
            if k.integrity and sa.transport:
                wrong = []
            if k.integrity:
                wrong.append(dataclasses.replace(k, integrity_key=bytes([k.integrity_key[0] ^ 1]) + k.integrity_key[1:]))
            for key in wrong:
                with self.subTest(sa=sa, key=key.key == k.key), self.assertRaises(Failure):
                    read_with_scapy(sent, [key])

    def test_the_key_log_names_every_type(self):
        keys = [sa.key for sa in every_sa(outbound=True)]
        lines = [json.dumps({"spi": hex(k.spi), "source": k.source, "destination": k.destination, "algorithm": k.algorithm,
                             "key": k.key.hex(), "integrity_key": k.integrity_key.hex(), "esn": k.esn, "protocol": k.protocol,
                             "mode": k.mode}) for k in keys]
        self.assertEqual(keys_from_keylog("\n".join(lines)), keys)


if __name__ == "__main__":
    unittest.main()
