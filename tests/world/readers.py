# SPDX-License-Identifier: Apache-2.0
"""Independent readers of a capture: scapy and tshark decrypt and authenticate what we, or a peer, sent."""

import json
import logging
import re
import subprocess

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import IP, UDP, Ether, rdpcap  # noqa: E402
from scapy.layers.ipsec import ESP  # noqa: E402

from .esp_types import EspKey  # noqa: E402
from .network import Failure  # noqa: E402

IKE_PORT, ENCAP_PORT = 500, 4500
IPPROTO_IPIP = 4


def esp_of(packet):
    """The ESP bytes of an IPv4 packet, bare or in UDP (RFC 3948), or None."""
    if IP not in packet:
        return None
    ip = packet[IP]
    if ip.proto == 50:
        return bytes(ip.payload)[: ip.len - 4 * ip.ihl]
    if UDP in ip and ENCAP_PORT in (ip[UDP].sport, ip[UDP].dport):
        data = bytes(ip[UDP].payload)[: ip[UDP].len - 8]
        if len(data) >= 4 and data[:4] != bytes(4):
            return data
    return None


def is_ike(packet):
    if IP not in packet or UDP not in packet[IP]:
        return False
    udp = packet[IP][UDP]
    if IKE_PORT in (udp.sport, udp.dport):
        return True
    data = bytes(udp.payload)
    return ENCAP_PORT in (udp.sport, udp.dport) and (data[:4] == bytes(4) or data[:1] == b"\xff")


def sort_wire(path):
    """Counts what a WAN capture holds: {"esp": n, "ike": n, "arp": n, "other": [summaries]}."""
    kinds = {"esp": 0, "ike": 0, "arp": 0, "other": []}
    for packet in rdpcap(str(path)):
        if Ether in packet and packet[Ether].type == 0x0806:
            kinds["arp"] += 1
        elif esp_of(packet) is not None:
            kinds["esp"] += 1
        elif is_ike(packet):
            kinds["ike"] += 1
        else:
            kinds["other"].append(packet.summary())
    return kinds


def is_sound(packet):
    """An IPv4 packet whose header's checksum verifies: what a wrong key makes of a ciphertext is none."""
    if not isinstance(packet, IP) or packet.version != 4 or packet.len is None:
        return False
    again = packet.copy()
    del again.chksum
    return IP(bytes(again)).chksum == packet.chksum and len(packet) == packet.len


def read_with_scapy(path, keys):
    """Decrypts every ESP packet of the SAs in `keys`; returns {spi: [inner IP packets]}. A packet of a known SA that does not
    verify is a Failure, and so is an SPI without a key."""
    by_spi = {k.spi: k for k in keys}
    sas, inner = {}, {}
    for number, packet in enumerate(rdpcap(str(path)), 1):
        esp = esp_of(packet)
        if esp is None:
            continue
        spi = int.from_bytes(esp[:4], "big")
        if spi not in by_spi:
            raise Failure(f"{path}: packet {number} has SPI {spi:08x}, of which no key is known")
        key = by_spi[spi]
        sa = sas.setdefault(spi, key.scapy_sa())
        outer = IP(src=packet[IP].src, dst=packet[IP].dst, proto=50, ttl=packet[IP].ttl) / ESP(esp)
        try:
            packet = sa.decrypt(IP(bytes(outer)))
        except Exception as problem:
            raise Failure(f"{path}: scapy refuses packet {number}, SPI {spi:08x}: {type(problem).__name__} {problem}") from problem
        if not is_sound(packet):
            raise Failure(f"{path}: packet {number}, SPI {spi:08x}, verifies, and is no IPv4 packet when scapy has deciphered it")
        inner.setdefault(spi, []).append(packet)
    return inner


def read_with_tshark(path, keys):
    """The same by tshark, of the SAs in `keys` alone: returns {spi: number of packets with a good ICV and an IPv4 packet within}; any
    other packet of theirs is a Failure."""
    command = ["tshark", "-r", str(path), "-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE"]
    for k in keys:
        command += ["-o", f"uat:esp_sa:{k.tshark_row()}"]
    command += ["-Y", "esp", "-T", "fields", "-E", "occurrence=f", "-e", "frame.number", "-e", "esp.spi", "-e", "esp.icv_good",
                "-e", "esp.protocol"]
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        raise Failure(f"tshark: {done.stderr}")
    known, good = {k.spi for k in keys}, {}
    for line in done.stdout.splitlines():
        number, spi, icv_good, next_header = (line.split("\t") + ["", "", ""])[:4]
        if int(spi, 16) not in known:
            continue
        if icv_good not in ("1", "True"):
            raise Failure(f"{path}: tshark finds no good ICV in packet {number}, SPI {spi}")
        if int(next_header or "0", 0) != IPPROTO_IPIP:
            raise Failure(f"{path}: tshark deciphers no IPv4 packet in packet {number}, SPI {spi}")
        good[int(spi, 16)] = good.get(int(spi, 16), 0) + 1
    return good


def verify(path, keys):
    """Both readers over one capture; they must agree on what they saw. Returns {spi: packets}."""
    by_scapy = {spi: len(packets) for spi, packets in read_with_scapy(path, keys).items()}
    by_tshark = read_with_tshark(path, [k for k in keys if k.tshark_reads_it])
    unread = {k.spi for k in keys if not k.tshark_reads_it}
    if {s: n for s, n in by_scapy.items() if s not in unread} != {s: n for s, n in by_tshark.items() if s not in unread}:
        raise Failure(f"{path}: scapy reads {by_scapy}, tshark {by_tshark}")
    if not by_scapy:
        raise Failure(f"{path}: no ESP packet was captured")
    return by_scapy


# As charon's log calls them.
CHARON_CIPHERS = {"AES_GCM_16": "aes256gcm16", "NULL_AES_GMAC": "aes256gmac", "NULL": "null", "AES_CTR": "aes256ctr",
                  "AES_CBC": "aes256", "DES_CBC": "des", "3DES_CBC": "3des"}
CHARON_INTEGRITIES = {"HMAC_MD5_96": "md5", "HMAC_SHA1_96": "sha1", "HMAC_SHA2_256_128": "sha256", "HMAC_SHA2_384_192": "sha384",
                      "HMAC_SHA2_512_256": "sha512"}


def keys_from_charon(log_text):
    """ESP keys of every CHILD_SA in strongSwan's log (chd = 4)."""
    keys, thread = {}, {}
    for line in log_text.splitlines():
        m = re.match(r"\S+ (\d\d)\[(\w+)\] (.*)", line)
        if not m:
            continue
        state = thread.setdefault(m[1], {"key": {}, "current": None, "initiator": False, "cipher": "aes256gcm16", "integrity": ""})
        text = m[3]
        dump = re.match(r"\s+\d+: ((?:[0-9A-F]{2} )+)", text)
        if dump and state["current"]:
            state["key"][state["current"]] += bytes.fromhex(dump[1])
            continue
        state["current"] = None
        if x := re.match(r"parsed \S+ (request|response) ", text):
            state["initiator"] = x[1] == "response"
        elif x := re.match(r"\s+using (\S+) for encryption", text):
            state["cipher"], state["integrity"], state["key"] = CHARON_CIPHERS[x[1]], "", {}
        elif x := re.match(r"\s+using (\S+) for integrity", text):
            state["integrity"] = CHARON_INTEGRITIES[x[1]]
        elif x := re.match(r"(encryption|integrity) (initiator|responder) key =>", text):
            state["current"] = (x[1], x[2])
            state["key"][x[1], x[2]] = b""
        elif x := re.match(r"adding (inbound|outbound) ESP SA", text):
            state["direction"] = x[1]
        elif (x := re.match(r"\s*SPI 0x([0-9a-f]+), src (\S+) dst (\S+)", text)) and "direction" in state:
            # Who starts the exchange sends with the initiator's key.
            side = "initiator" if (state["direction"] == "outbound") == state["initiator"] else "responder"
            algorithm = "-".join(filter(None, (state["cipher"], state["integrity"])))
            keys[int(x[1], 16)] = EspKey(int(x[1], 16), x[2], x[3], state["key"].get(("encryption", side), b""), algorithm=algorithm,
                                         integrity_key=state["key"].get(("integrity", side), b""))
    return list(keys.values())


def keys_from_keylog(text):
    """ESP keys from the gateway's own key log: one JSON object a line."""
    keys = []
    for line in text.splitlines():
        entry = json.loads(line)
        keys.append(EspKey(int(entry["spi"], 16), entry["source"], entry["destination"], bytes.fromhex(entry["key"]), entry.get("esn", False),
                           entry["algorithm"], bytes.fromhex(entry.get("integrity_key", ""))))
    return keys
