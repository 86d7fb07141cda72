#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes esp_edges.txt: ESP packets at the edges of every algorithm, made from the RFCs with python3-cryptography (OpenSSL).

Lengths around every border of a cipher's block, a hash's block and the card's words; keys of zeros, of ones, and weak ones; the
least and the greatest sequence numbers, with ESN and without; IVs that the card would choose and others that a peer may.
"""
import hashlib
import hmac
import pathlib
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ICV = {"none": (None, 0, 0), "md5": ("md5", 16, 12), "sha1": ("sha1", 20, 12), "sha256": ("sha256", 32, 16),
       "sha384": ("sha384", 48, 24), "sha512": ("sha512", 64, 32)}  # hash, bytes of key, of ICV
# (cipher, bytes of key, integrity): each cipher and size, and each integrity, at all of its lengths once.
TYPES = ([(cipher, size, "none") for cipher in ("aes-gcm", "aes-gmac") for size in (16, 24, 32)]
         + [(cipher, size, "sha256") for cipher in ("aes-cbc", "aes-ctr") for size in (16, 24, 32)]
         + [("null", 0, integrity) for integrity in ("md5", "sha1", "sha256", "sha384", "sha512")]
         + [("des-cbc", 8, "md5"), ("3des-cbc", 24, "sha1")])
BLOCK = {"aes-cbc": 16, "des-cbc": 8, "3des-cbc": 8}
LENGTHS = [4, 8, 12, 16, 20, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72, 96, 100, 104, 108, 112, 116, 120, 124, 128, 132, 188, 192,
           196, 256, 1024]
SEQS = [1, 0xffff_ffff, 0x1_0000_0000, 0xffff_ffff_ffff_fffe]
SPI = [0x100, 0xffff_ffff]


class Stream:
    """Bytes that are the same in every run."""

    def __init__(self, seed):
        self.bytes = hashlib.shake_256(seed.encode()).digest(100_000)

    def take(self, count):
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken


def cbc(name, key, iv, data):
    # DES is 3DES with one key three times.
    algorithm = algorithms.AES(key) if name == "aes-cbc" else algorithms.TripleDES(key * (3 if len(key) == 8 else 1))
    encryptor = Cipher(algorithm, modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def iv_of_card(cipher, key, seq):
    """hw/README.md, "Ciphers and integrity": the sequence number, enciphered where it must be unpredictable."""
    if cipher == "null":
        return b""
    if cipher in BLOCK:
        return cbc(cipher, key, bytes(BLOCK[cipher]), seq.to_bytes(BLOCK[cipher], "big"))
    return seq.to_bytes(8, "big")


def seal(cipher, key, salt, integrity, integrity_key, esn, spi, seq, iv, plaintext):
    header = spi.to_bytes(4, "big") + (seq & 0xffff_ffff).to_bytes(4, "big")
    high = (seq >> 32).to_bytes(4, "big") if esn else b""
    if cipher in ("aes-gcm", "aes-gmac"):
        aad = header[:4] + high + header[4:]  # RFC 4106 5: the whole number
        if cipher == "aes-gcm":
            return header + iv + AESGCM(key).encrypt(salt + iv, plaintext, aad)
        # RFC 4543 3.3: the IV and the payload are authenticated
        return header + iv + plaintext + AESGCM(key).encrypt(salt + iv, b"", aad + iv + plaintext)
    if cipher == "aes-ctr":  # RFC 3686 4
        encryptor = Cipher(algorithms.AES(key), modes.CTR(salt + iv + b"\0\0\0\1")).encryptor()
        body = iv + encryptor.update(plaintext) + encryptor.finalize()
    elif cipher == "null":
        body = plaintext
    else:
        body = iv + cbc(cipher, key, iv, plaintext)
    name, _, kept = ICV[integrity]
    # RFC 4303 2.2.1: the high half is authenticated and not sent
    return header + body + hmac.new(integrity_key, header + body + high, name).digest()[:kept]


def with_trailer(stream, length):
    """A dummy packet of RFC 4303 2.6 that fills `length` bytes: as little payload as may be when it is short."""
    pad = min(length - 2, 1 + length % 5)
    return stream.take(length - pad - 2) + bytes(range(1, pad + 1)) + bytes([pad, 59])


def packets(cipher, key_bytes, integrity):
    stream = Stream(f"{cipher} {key_bytes} {integrity}")
    lengths = [n for n in LENGTHS if n % BLOCK.get(cipher, 4) == 0]
    salted = cipher in ("aes-gcm", "aes-gmac", "aes-ctr")
    icv_key = ICV[integrity][1]

    def one(length, key, integrity_key, salt, esn, spi, seq, iv=None):
        chosen = iv_of_card(cipher, key, seq) if iv is None else iv
        plaintext = with_trailer(stream, length)
        esp = seal(cipher, key, salt, integrity, integrity_key, esn, spi, seq, chosen, plaintext)
        fields = [cipher, integrity, "esn" if esn else "-", key.hex(), salt.hex(), integrity_key.hex(), f"{spi:08x}", f"{seq:016x}",
                  "card" if iv is None else "peer", chosen.hex(), plaintext.hex(), esp.hex()]
        return " ".join(f or "-" for f in fields)

    def keys():
        return stream.take(key_bytes), stream.take(icv_key), stream.take(4) if salted else b""

    for i, length in enumerate(lengths):
        yield one(length, *keys(), False, int.from_bytes(stream.take(4), "big") | 0x100, 2 + i)
    for i, seq in enumerate(SEQS):
        for esn in (False, True):
            if esn or seq >> 32 == 0:
                yield one(lengths[1], *keys(), esn, SPI[i % 2], seq)
    for value in (b"\0", b"\xff"):
        yield one(lengths[2], value * key_bytes, value * icv_key, value * 4 if salted else b"", False, SPI[0], 1)
        if cipher != "null":
            iv_bytes = BLOCK.get(cipher, 8)
            yield one(lengths[3], *keys(), False, SPI[1], 1, value * iv_bytes)
    if key_bytes in (8, 24) and cipher.endswith("des-cbc"):  # weak keys are keys
        yield one(lengths[2], bytes.fromhex("01fe" * (key_bytes // 2)), *keys()[1:], False, SPI[0], 1)


def text():
    lines = ["# Written by esp_edges.py. Each line: cipher, integrity, esn, key, salt, key of the integrity, SPI, sequence number, whose",
             "# choice the IV is, IV, plaintext with its trailer, ESP packet."]
    return "\n".join([*lines, *(line for type_ in TYPES for line in packets(*type_)), ""])


if __name__ == "__main__":
    pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_suffix(".txt")).write_text(text())
