# SPDX-License-Identifier: Apache-2.0
"""Pairs of SAs whose keys are typed in by hand: as our configuration has them, and as Linux's `ip xfrm` does."""

from dataclasses import dataclass

from world.sa_types import CIPHER_KEYS, INTEGRITY_KEYS, SaKey, some_bytes

# SaKey's keywords: Linux's names, and bits of the ICV.
LINUX_CIPHERS = {
    "aesgcm16": "rfc4106(gcm(aes))", "aesgmac": "rfc4543(gcm(aes))", "null": "ecb(cipher_null)", "aesctr": "rfc3686(ctr(aes))",
    "aes": "cbc(aes)", "des": "cbc(des)", "3des": "cbc(des3_ede)",
}
LINUX_INTEGRITIES = {"md5": ("hmac(md5)", 96), "sha1": ("hmac(sha1)", 96), "sha256": ("hmac(sha256)", 128), "sha384": ("hmac(sha384)", 192),
                     "sha512": ("hmac(sha512)", 256)}

# Linux holds neighbour discovery, too, against its policies.
DISCOVERY = "".join(f"xfrm policy add src ::/0 dst ::/0 proto 58 type {kind} dir {way} priority 1 action allow\n"
                    for kind in (135, 136) for way in ("in", "out"))


@dataclass(frozen=True)
class TypedSa:
    """One pair. `ends`: the gateways' addresses, ours first; `policies`: whose packets it protects, ours first."""

    ends: tuple
    policies: tuple
    protocol: str = "esp"
    algorithm: str = "aes128gcm16"
    mode: str = "tunnel"
    esn: bool = False
    too_big: str = "tell"
    ah_align: int = 4  # RFC 4302 2.6 pads AH over IPv4 to 4 bytes; Linux does when it is told to, and else to 8
    number: int = 1  # unlike that of any other pair

    @property
    def name(self):
        version = "v6" if ":" in self.ends[0] else "v4"
        return "-".join([self.protocol, self.algorithm, *(["esn"] if self.esn else []), self.mode, version, str(self.number)])

    @property
    def spi_out(self):
        return 0x1000 + self.number

    @property
    def spi_in(self):
        return 0x2000 + self.number

    def keys(self):
        """SaKey of either direction: from us, and to us."""
        cipher, _, integrity = self.algorithm.partition("-") if self.protocol == "esp" else ("null", "", self.algorithm)

        def key(spi, source, destination):
            return SaKey(spi, source, destination, some_bytes(f"key of {spi}", sum(CIPHER_KEYS[cipher])), self.esn, self.algorithm,
                         some_bytes(f"integrity key of {spi}", INTEGRITY_KEYS[integrity] if integrity else 0), self.protocol, self.mode)

        us, peer = self.ends
        return key(self.spi_out, us, peer), key(self.spi_in, peer, us)

    def ours(self):
        text = f"""
[[sas]]
name = "{self.name}"
local_address = "{self.ends[0]}"
remote_address = "{self.ends[1]}"
spi_in = {self.spi_in:#x}
spi_out = {self.spi_out:#x}
protocol = "{self.protocol}"
mode = "{self.mode}"
algorithm = "{self.algorithm}{'-esn' if self.esn else ''}"
legacy = true
too_big = "{self.too_big}"
{"ah_align = 8" if self.ah_align == 8 else ""}
"""
        for way, key in zip(("out", "in"), self.keys()):
            text += f'key_{way} = "{key.key.hex()}"\n' if key.key else ""
            text += f'integrity_key_{way} = "{key.integrity_key.hex()}"\n' if key.integrity_key else ""
        for count, (near, far) in enumerate(self.policies):
            text += f"""
[[policies]]
name = "{self.name}-{count}"
source = "{near}"
destination = "{far}"
action = "protect"
sa = "{self.name}"
"""
        return text

    def theirs(self):
        """Lines of `ip -batch`: two states, and of each policy what leaves, comes in and is forwarded."""
        flags = ["af-unspec"] if self.mode == "tunnel" else []  # packets of either version
        if self.protocol == "ah" and self.ah_align == 4:
            flags.append("align4")
        if self.esn:
            flags.append("esn")
        text = ""
        for key in self.keys():
            text += (f"xfrm state add src {key.source} dst {key.destination} proto {self.protocol} spi {key.spi:#x} reqid {self.number} "
                     f"mode {self.mode} replay-window 128 {' '.join(['flag', *flags]) if flags else ''} {linux_algorithms(key)}\n")
        us, peer = self.ends
        for near, far in self.policies:
            ways = [("out", far, near, peer, us), ("in", near, far, us, peer), ("fwd", near, far, us, peer)]
            for way, source, destination, outer_source, outer_destination in ways if self.mode == "tunnel" else ways[:2]:
                text += (f"xfrm policy add src {source} dst {destination} dir {way} priority 2 tmpl src {outer_source} dst {outer_destination} "
                         f"proto {self.protocol} reqid {self.number} mode {self.mode}\n")
        return text


def linux_algorithms(key):
    secret = f"0x{key.key.hex()}" if key.key else "''"
    if key.protocol == "esp" and not key.integrity:
        return f"aead '{LINUX_CIPHERS[key.cipher]}' {secret} 128"
    hash_name, icv_bits = LINUX_INTEGRITIES[key.integrity]
    integrity = f"auth-trunc '{hash_name}' 0x{key.integrity_key.hex()} {icv_bits}"
    return integrity if key.protocol == "ah" else f"enc '{LINUX_CIPHERS[key.cipher]}' {secret} {integrity}"
