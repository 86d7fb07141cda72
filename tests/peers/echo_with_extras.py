#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends an ICMP echo with IP options, or with extension headers, and waits for its answer; status 1: none came. Needs root, and nothing but
what `socket` imports.

    echo_with_extras.py ADDRESS NAME=HEX...    NAME: options (IPv4), hopopts, dstopts (IPv6: the whole header)"""

import os
import socket
import sys
import time

NAMES = {
    "options": (socket.IPPROTO_IP, socket.IP_OPTIONS),
    "hopopts": (socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS),
    "dstopts": (socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS),
}
PATIENCE_S = 10


def checksum(message):
    """RFC 1071. That of ICMPv6 the kernel writes."""
    total = sum(int.from_bytes(message[i : i + 2], "big") for i in range(0, len(message), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return (0xFFFF - total).to_bytes(2, "big")


def main(address, *extras):
    ipv6 = ":" in address
    request, answer = (128, 129) if ipv6 else (8, 0)
    echo = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if ipv6 else socket.IPPROTO_ICMP)
    for extra in extras:
        name, value = extra.split("=")
        echo.setsockopt(*NAMES[name], bytes.fromhex(value))
    mine = os.urandom(4)  # identifier and sequence number
    message = bytes([request, 0, 0, 0]) + mine + bytes(range(40))
    if not ipv6:
        message = message[:2] + checksum(message) + message[4:]
    echo.sendto(message, (address, 0))
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        echo.settimeout(PATIENCE_S)
        try:
            received = echo.recv(2048)
        except TimeoutError:
            break
        icmp = received if ipv6 else received[4 * (received[0] & 15) :]
        if icmp[0] == answer and icmp[4:8] == mine:
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
