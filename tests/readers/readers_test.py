#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The software card against readers that know nothing of it: scapy and tshark open what it sends, and it opens what scapy seals, in
every type of ESP, with and without extended sequence numbers, bare and in UDP.

    tests/readers/readers_test.py [-v] [Readers.test_...]"""

import dataclasses
import hashlib
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

from scapy.all import IP, UDP, Ether, Raw, rdpcap, wrpcap  # noqa: E402

BUILD = Path(os.environ.get("SALLYPORT_BUILD", Path(__file__).resolve().parents[2] / "build/release"))
LAN_MAC, WAN_MAC, NEIGHBOUR = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:01:02"
US, PEER = "192.0.2.1", "192.0.2.2"
LENGTHS = [0, 1, 2, 3, 5, 8, 13, 14, 15, 16, 17, 100, 1300]  # of UDP data

# Keyword of proposals: the card's name, key bytes, salt bytes.
CIPHERS = {
    "aes128gcm16": ("aes_gcm", 16, 4), "aes192gcm16": ("aes_gcm", 24, 4), "aes256gcm16": ("aes_gcm", 32, 4),
    "aes128gmac": ("aes_gmac", 16, 4), "aes192gmac": ("aes_gmac", 24, 4), "aes256gmac": ("aes_gmac", 32, 4),
    "null": ("null", 0, 0),
    "aes128ctr": ("aes_ctr", 16, 4), "aes192ctr": ("aes_ctr", 24, 4), "aes256ctr": ("aes_ctr", 32, 4),
    "aes128": ("aes_cbc", 16, 0), "aes192": ("aes_cbc", 24, 0), "aes256": ("aes_cbc", 32, 0),
    "des": ("des_cbc", 8, 0), "3des": ("des3_cbc", 24, 0),
}
INTEGRITIES = {"md5": ("hmac_md5_96", 16), "sha1": ("hmac_sha1_96", 20), "sha256": ("hmac_sha256_128", 32),
               "sha384": ("hmac_sha384_192", 48), "sha512": ("hmac_sha512_256", 64)}
ALGORITHMS = [c for c in CIPHERS if c.endswith(("gcm16", "gmac"))]
ALGORITHMS += [f"{c}-{i}" for c in CIPHERS if c not in ALGORITHMS for i in INTEGRITIES]


def some_bytes(what, length):
    """The same in every run, and different for everything that has a name of its own."""
    return hashlib.shake_256(what.encode()).digest(length)


@dataclasses.dataclass(frozen=True)
class Sa:
    """One direction, and the host behind the peer that it is for."""

    key: SaKey
    number: int
    encap: bool

    @property
    def host(self):
        return f"10.2.{self.number}.1"

    def toml(self, direction):
        cipher, _, salt_bytes = CIPHERS[self.key.algorithm.split("-")[0]]
        text = f'[[sa]]\ndirection = "{direction}"\nspi = {self.key.spi}\nsource = "{self.key.source}"\n'
        text += f'destination = "{self.key.destination}"\ncipher = "{cipher}"\npolicy = {self.number}\n'
        key = self.key.key
        if salt_bytes:
            text += f'salt = "{key[-salt_bytes:].hex()}"\n'
            key = key[:-salt_bytes]
        if key:
            text += f'key = "{key.hex()}"\n'
        if self.key.integrity:
            text += f'integrity = "{INTEGRITIES[self.key.integrity][0]}"\nintegrity_key = "{self.key.integrity_key.hex()}"\n'
        text += f"esn = {str(self.key.esn).lower()}\nencap = {str(self.encap).lower()}\n"
        rule = f'[[rule]]\ndirection = "{direction}"\naction = "protect"\npolicy = {self.number}\n'
        if direction == "out":
            return text + f'next_hop = "peer"\n{rule}destination = "{self.host}"\nsa = {self.key.spi}\n'
        return text + f'{rule}source = "{self.host}"\n'


def every_sa(outbound):
    sas = []
    for algorithm in ALGORITHMS:
        for esn in (False, True):
            number = len(sas) + 1
            cipher, _, integrity = algorithm.partition("-")
            name = f"{algorithm} {esn} {outbound}"
            key = SaKey(0x10000000 + number, *((US, PEER) if outbound else (PEER, US)),
                         some_bytes("key " + name, sum(CIPHERS[cipher][1:])), esn, algorithm,
                         some_bytes("integrity " + name, INTEGRITIES[integrity][1]) if integrity else b"")
            sas.append(Sa(key, number, number % 3 == 0))
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
[[route]]
prefix = "0.0.0.0/0"
to = "peer"
[[route]]
prefix = "10.1.0.0/16"
to = "host"
[[route]]
prefix = "{US}"
to = "local"
"""
    return text + "".join(sa.toml("out" if outbound else "in") for sa in sas)


def datagrams(source, destination):
    return [IP(bytes(IP(src=source, dst=destination) / UDP(sport=1000, dport=2000 + n) / Raw(some_bytes(f"data {n}", n))))
            for n in LENGTHS]


def forwarded(packet):
    packet = packet.copy()
    packet.ttl -= 1
    del packet.chksum
    return bytes(packet)


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
        frames = [Ether(dst=LAN_MAC, src=NEIGHBOUR) / p for sa in sas for p in datagrams("10.1.0.10", sa.host)]
        return self.through_card(sas, True, frames)

    def test_scapy_and_tshark_read_every_type_that_the_card_sends(self):
        sas = every_sa(outbound=True)
        keys = [sa.key for sa in sas]
        sent = self.sent_by_card(sas)
        self.assertEqual(verify(sent, keys), {k.spi: len(LENGTHS) for k in keys})
        self.assertEqual(len(read_with_tshark(sent, [k for k in keys if k.tshark_reads_it])),
                         len([a for a in ALGORITHMS if "gmac" not in a]))
        inner = read_with_scapy(sent, keys)
        for sa in sas:
            with self.subTest(sa=sa.key.algorithm, esn=sa.key.esn, encap=sa.encap):
                self.assertEqual([bytes(p) for p in inner[sa.key.spi]], [forwarded(p) for p in datagrams("10.1.0.10", sa.host)])

    def test_the_card_opens_every_type_that_scapy_seals(self):
        sas = every_sa(outbound=False)
        frames, expected = [], []
        for sa in sas:
            scapy_sa = sa.key.scapy_sa()
            for packet in datagrams(sa.host, "10.1.0.10"):
                outer = scapy_sa.encrypt(packet)
                if sa.encap:  # RFC 3948 2.1
                    outer = IP(src=PEER, dst=US) / UDP(sport=ENCAP_PORT, dport=ENCAP_PORT, chksum=0) / Raw(bytes(outer.payload))
                frames.append(Ether(dst=WAN_MAC, src=NEIGHBOUR) / outer)
                expected.append(forwarded(packet))
        received = [bytes(p[IP]) for p in rdpcap(str(self.through_card(sas, False, frames)))]
        self.assertEqual(received, expected)

    def test_a_wrong_key_is_a_failure_of_every_type(self):
        sas = [sa for sa in every_sa(outbound=True) if sa.key.algorithm.startswith(("aes128", "null", "des", "3des"))]
        for sa in sas:
            sent = self.sent_by_card([sa])
            k = sa.key
            self.assertEqual(len(read_with_scapy(sent, [k])), 1)
            # One bit that counts: DES leaves the lowest of each byte out.
            wrong = [dataclasses.replace(k, key=bytes([k.key[0] ^ 0x10]) + k.key[1:])] if k.key else []
            if k.integrity:
                wrong.append(dataclasses.replace(k, integrity_key=bytes([k.integrity_key[0] ^ 1]) + k.integrity_key[1:]))
            for key in wrong:
                with self.subTest(sa=k.algorithm, esn=k.esn, key=key.key == k.key), self.assertRaises(Failure):
                    read_with_scapy(sent, [key])

    def test_the_key_log_names_every_type(self):
        keys = [sa.key for sa in every_sa(outbound=True)]
        lines = [json.dumps({"spi": hex(k.spi), "source": k.source, "destination": k.destination, "algorithm": k.algorithm,
                             "key": k.key.hex(), "integrity_key": k.integrity_key.hex(), "esn": k.esn, "protocol": k.protocol, "mode": k.mode}) for k in keys]
        self.assertEqual(keys_from_keylog("\n".join(lines)), keys)


if __name__ == "__main__":
    unittest.main()
