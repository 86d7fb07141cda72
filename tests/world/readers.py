# SPDX-License-Identifier: Apache-2.0
"""Independent readers of a capture: scapy and tshark decrypt and authenticate what we, or a peer, sent."""

import json
import logging
import re
import subprocess

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import ARP, IP, UDP, Dot1Q, Ether, IPv6, rdpcap  # noqa: E402
from scapy.layers.ipsec import ESP  # noqa: E402

from .sa_types import SaKey  # noqa: E402
from .network import Failure  # noqa: E402

IKE_PORT, ENCAP_PORT = 500, 4500
PROTOCOLS = {"esp": 50, "ah": 51}
INNER = {4, 41}  # next headers of a tunnel: IPv4, IPv6
# Of ICMPv6: router and neighbour discovery (RFC 4861), and who listens to which group (RFC 3810).
DISCOVERY = {131, 132, 133, 134, 135, 136, 137, 143}


def ip_of(packet):
    """The outermost IP header, of either version, or None."""
    header = packet[Dot1Q].payload if Dot1Q in packet else packet.payload if isinstance(packet, Ether) else packet
    return header if isinstance(header, (IP, IPv6)) else None


def next_header(ip):
    return ip.proto if isinstance(ip, IP) else ip.nh


def payload_of(ip):
    """What follows the IP header, without what Ethernet pads."""
    return bytes(ip)[4 * ip.ihl : ip.len] if isinstance(ip, IP) else bytes(ip)[40 : 40 + ip.plen]


def ipsec_of(packet):
    """("esp" or "ah", its bytes), bare or in UDP (RFC 3948), or None."""
    ip = ip_of(packet)
    if ip is None:
        return None
    for protocol, number in PROTOCOLS.items():
        if next_header(ip) == number:
            return protocol, payload_of(ip)
    if next_header(ip) == 17 and UDP in ip and ENCAP_PORT in (ip[UDP].sport, ip[UDP].dport):
        data = payload_of(ip)[8 : ip[UDP].len]
        if len(data) >= 4 and data[:4] != bytes(4):
            return "esp", data
    return None


def is_ike(packet):
    ip = ip_of(packet)
    if ip is None or next_header(ip) != 17 or UDP not in ip:
        return False
    udp = ip[UDP]
    if IKE_PORT in (udp.sport, udp.dport):
        return True
    data = bytes(udp.payload)
    return ENCAP_PORT in (udp.sport, udp.dport) and (data[:4] == bytes(4) or data[:1] == b"\xff")


def is_discovery(packet):
    """ARP, and what IPv6 has in its place. Behind a hop-by-hop header (MLD) too."""
    if ARP in packet:
        return True
    ip = ip_of(packet)
    if not isinstance(ip, IPv6):
        return False
    icmp = payload_of(ip) if ip.nh == 58 else payload_of(ip)[8:] if ip.nh == 0 and payload_of(ip)[:1] == b"\x3a" else b""
    return bool(icmp) and icmp[0] in DISCOVERY


def sort_wire(path):
    """Counts what a WAN capture holds: {"esp": n, "ah": n, "ike": n, "discovery": n, "other": [summaries]}."""
    kinds = {"esp": 0, "ah": 0, "ike": 0, "discovery": 0, "other": []}
    for packet in rdpcap(str(path)):
        protected = ipsec_of(packet)
        if is_discovery(packet):
            kinds["discovery"] += 1
        elif protected is not None:
            kinds[protected[0]] += 1
        elif is_ike(packet):
            kinds["ike"] += 1
        else:
            kinds["other"].append(packet.summary())
    return kinds


def is_sound(packet):
    """An IP packet as long as it says, and of IPv4 with the right checksum: what a wrong key makes of a ciphertext is none."""
    if isinstance(packet, IPv6):
        return packet.version == 6 and packet.plen is not None and len(packet) == 40 + packet.plen
    if not isinstance(packet, IP) or packet.version != 4 or packet.len is None:
        return False
    again = packet.copy()
    del again.chksum
    return IP(bytes(again)).chksum == packet.chksum and len(packet) == packet.len


def bare(ip, protocol, data):
    """The packet without UDP and without what Ethernet pads; of AH, which covers the header, as it is."""
    if next_header(ip) == PROTOCOLS[protocol]:
        return type(ip)(bytes(ip)[: ip.len if isinstance(ip, IP) else 40 + ip.plen])
    header = IP(src=ip.src, dst=ip.dst) if isinstance(ip, IP) else IPv6(src=ip.src, dst=ip.dst)
    return type(ip)(bytes(header / ESP(data)))


def read_with_scapy(path, keys):
    """Opens every ESP and AH packet of the SAs in `keys`; returns {spi: [what it protects, as an IP packet]}. A packet of a known SA
    that does not verify is a Failure, and so is an SPI without a key."""
    by_spi = {k.spi: k for k in keys}
    sas, inner = {}, {}
    for number, packet in enumerate(rdpcap(str(path)), 1):
        protected = ipsec_of(packet)
        if protected is None:
            continue
        protocol, data = protected
        spi = int.from_bytes(data[:4] if protocol == "esp" else data[4:8], "big")
        if spi not in by_spi:
            raise Failure(f"{path}: packet {number} has SPI {spi:08x}, of which no key is known")
        key = by_spi[spi]
        sa = sas.setdefault(spi, key.scapy_sa())
        try:
            opened = bytes(sa.decrypt(bare(ip_of(packet), protocol, data)))
            packet = {4: IP, 6: IPv6}[opened[0] >> 4](opened)  # scapy does not know what a tunnel of AH holds
        except Exception as problem:
            raise Failure(f"{path}: scapy refuses packet {number}, SPI {spi:08x}: {type(problem).__name__} {problem}") from problem
        if not is_sound(packet):
            raise Failure(f"{path}: packet {number}, SPI {spi:08x}, verifies, and is no IP packet when scapy has opened it")
        inner.setdefault(spi, []).append(packet)
    return inner


def read_with_tshark(path, keys):
    """The same by tshark, of the SAs in `keys` alone: returns {spi: number of packets with a good ICV and, in a tunnel, an IP packet
    within}; any other packet of theirs is a Failure."""
    command = ["tshark", "-r", str(path), "-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE"]
    for k in keys:
        command += ["-o", f"uat:esp_sa:{k.tshark_row()}"]
    command += ["-Y", "esp", "-T", "fields", "-E", "occurrence=f", "-e", "frame.number", "-e", "esp.spi", "-e", "esp.icv_good",
                "-e", "esp.protocol"]
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        raise Failure(f"tshark: {done.stderr}")
    known, good = {k.spi: k for k in keys}, {}
    for line in done.stdout.splitlines():
        number, spi, icv_good, inside = (line.split("\t") + ["", "", ""])[:4]
        if int(spi, 16) not in known:
            continue
        if icv_good not in ("1", "True"):
            raise Failure(f"{path}: tshark finds no good ICV in packet {number}, SPI {spi}")
        if known[int(spi, 16)].mode == "tunnel" and int(inside or "0", 0) not in INNER:
            raise Failure(f"{path}: tshark deciphers no IP packet in packet {number}, SPI {spi}")
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
        raise Failure(f"{path}: no packet of ESP or AH was captured")
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
            keys[int(x[1], 16)] = SaKey(int(x[1], 16), x[2], x[3], state["key"].get(("encryption", side), b""), algorithm=algorithm,
                                         integrity_key=state["key"].get(("integrity", side), b""))
    return list(keys.values())


def keys_from_keylog(text):
    """ESP keys from the gateway's own key log: one JSON object a line."""
    keys = []
    for line in text.splitlines():
        entry = json.loads(line)
        keys.append(SaKey(int(entry["spi"], 16), entry["source"], entry["destination"], bytes.fromhex(entry["key"]), entry.get("esn", False),
                          entry["algorithm"], bytes.fromhex(entry.get("integrity_key", "")), entry["protocol"], entry["mode"]))
    return keys
