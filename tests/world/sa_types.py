# SPDX-License-Identifier: Apache-2.0
"""Types of ESP and AH: what proposals call them, what scapy and tshark call them, and the two that scapy does not do by itself:
AES-GMAC (RFC 4543), and HMAC of ESP with extended sequence numbers (RFC 4303 2.2.1)."""

import hashlib
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import AH, AUTH_ALGOS, CRYPT_ALGOS, ESP, AuthAlgo, CryptAlgo, IPSecIntegrityError, SecurityAssociation

# Keyword without key size: names of scapy and of tshark; None: tshark does not know it.
CIPHERS = {
    "aesgcm16": ("AES-GCM", "AES-GCM with 16 octet ICV [RFC4106]"),
    "aesgmac": ("AES-GMAC", None),
    "null": ("NULL", "NULL"),
    "aesctr": ("AES-CTR", "AES-CTR [RFC3686]"),
    "aes": ("AES-CBC", "AES-CBC [RFC3602]"),
    "des": ("DES", "DES-CBC [RFC2405]"),
    "3des": ("3DES", "TripleDES-CBC [RFC2451]"),
}
INTEGRITIES = {
    "": ("NULL", "NULL"),
    "md5": ("HMAC-MD5-96", "HMAC-MD5-96 [RFC2403]"),
    "sha1": ("HMAC-SHA1-96", "HMAC-SHA-1-96 [RFC2404]"),
    "sha256": ("SHA2-256-128", "HMAC-SHA-256-128 [RFC4868]"),
    "sha384": ("SHA2-384-192", "HMAC-SHA-384-192 [RFC4868]"),
    "sha512": ("SHA2-512-256", "HMAC-SHA-512-256 [RFC4868]"),
}
# Keyword of proposals: bytes of the cipher's key, and of the salt behind it.
CIPHER_KEYS = {
    "aes128gcm16": (16, 4), "aes192gcm16": (24, 4), "aes256gcm16": (32, 4), "aes128gmac": (16, 4), "aes192gmac": (24, 4), "aes256gmac": (32, 4),
    "null": (0, 0),
    "aes128ctr": (16, 4), "aes192ctr": (24, 4), "aes256ctr": (32, 4),
    "aes128": (16, 0), "aes192": (24, 0), "aes256": (32, 0),
    "des": (8, 0), "3des": (24, 0),
}
INTEGRITY_KEYS = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
ESP_ALGORITHMS = [c for c in CIPHER_KEYS if c.endswith(("gcm16", "gmac"))]
ESP_ALGORITHMS += [f"{c}-{i}" for c in CIPHER_KEYS if c not in ESP_ALGORITHMS for i in INTEGRITY_KEYS]


def some_bytes(what, length):
    """The same in every run, and different for everything that has a name of its own."""
    return hashlib.shake_256(what.encode()).digest(length)


@dataclass(frozen=True)
class SaKey:
    """What it takes to read one SA. `algorithm` is a proposal's: "aes128gcm16", "aes256-sha256", of AH "sha256". Behind `key` stands the
    salt, where the cipher has one (RFC 4106 8.1, RFC 3686 5.1)."""

    spi: int
    source: str
    destination: str
    key: bytes
    esn: bool = False
    algorithm: str = "aes256gcm16"
    integrity_key: bytes = b""
    protocol: str = "esp"
    mode: str = "tunnel"

    @property
    def cipher(self):
        """The keyword, without the size that `key` has anyway."""
        return re.sub(r"^aes\d+", "aes", self.algorithm.split("-")[0])

    @property
    def integrity(self):
        return self.algorithm if self.protocol == "ah" else self.algorithm.partition("-")[2]

    @property
    def tshark_reads_it(self):
        return self.protocol == "esp" and not self.esn and CIPHERS[self.cipher][1] is not None

    def tshark_row(self):
        """Of its table esp_sa."""
        key = f"0x{self.key.hex()}" if self.key else ""
        integrity_key = f"0x{self.integrity_key.hex()}" if self.integrity_key else ""
        fields = ("IPv6" if ":" in self.source else "IPv4", self.source, self.destination, f"0x{self.spi:08x}", CIPHERS[self.cipher][1], key,
                  INTEGRITIES[self.integrity][1], integrity_key)
        return ",".join(f'"{field}"' for field in fields)

    def scapy_sa(self):
        header = IPv6 if ":" in self.source else IP
        tunnel = header(src=self.source, dst=self.destination) if self.mode == "tunnel" else None
        if self.protocol == "ah":
            return SecurityAssociation(AH, spi=self.spi, auth_algo=INTEGRITIES[self.integrity][0], auth_key=self.integrity_key,
                                       esn_en=self.esn, tunnel_header=tunnel)
        sa = SecurityAssociation(ESP, spi=self.spi, crypt_algo=CIPHERS[self.cipher][0], crypt_key=self.key or None,
                                 auth_algo=INTEGRITIES[self.integrity][0], auth_key=self.integrity_key or None, esn_en=self.esn,
                                 tunnel_header=tunnel)
        if self.esn and self.integrity:
            sa.auth_algo = EsnHmac(sa.auth_algo)
        return sa


class EsnHmac(AuthAlgo):
    """HMAC of the first 2^32 packets of an SA with extended numbers: the high half, behind the packet, is zero."""

    HIGH_HALF = bytes(4)

    def __init__(self, of):
        super().__init__(of.name, of.mac, of.digestmod, of.icv_size)

    def icv(self, packet, key):
        mac = self.new_mac(key)
        mac.update(packet + self.HIGH_HALF)
        return mac.finalize()[:self.icv_size]

    def sign(self, pkt, key, esn_en=False, esn=0):
        pkt[ESP].data += self.icv(bytes(pkt[ESP]), key)
        return pkt

    def verify(self, pkt, key, esn_en=False, esn=0):
        packet = bytes(pkt[ESP])
        if self.icv(packet[:-self.icv_size], key) != packet[-self.icv_size:]:
            raise IPSecIntegrityError("ICV with the high half of the number")


class Gmac(CryptAlgo):
    """The text as it is; AES-GCM of no text authenticates SPI, number, IV and text (RFC 4543 3.3)."""

    def __init__(self):
        super().__init__("AES-GMAC", cipher=None, mode=None, iv_size=8, icv_size=16, salt_size=4)

    @staticmethod
    def covered(esp, esn_en, esn, text):
        return struct.pack("!LLL" if esn_en else "!LL", *([esp.spi, esn, esp.seq] if esn_en else [esp.spi, esp.seq])) + text

    def encrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        text = esp.iv + esp.data_for_encryption()
        icv = AESGCM(key).encrypt(sa.crypt_salt + esp.iv, b"", self.covered(esp, esn_en, esn, text))
        return ESP(spi=esp.spi, seq=esp.seq, data=text + icv)

    def decrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        text, icv = esp.data[:-16], esp.data[-16:]
        try:
            AESGCM(key).decrypt(sa.crypt_salt + text[:8], icv, self.covered(esp, esn_en, esn, text))
        except InvalidTag as wrong:
            raise IPSecIntegrityError(wrong) from wrong
        return super().decrypt(sa, esp, key, 16, esn_en, esn)


CRYPT_ALGOS["AES-GMAC"] = Gmac()
