# SPDX-License-Identifier: Apache-2.0
"""Traffic between two hosts of a world: numbered probes, a file over TCP, a conversation.

Run as a program inside a namespace it is one end of either; the classes below run both ends and compare."""

import argparse
import hashlib
import json
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path

PROBE_PORT, FILE_PORT, TALK_PORT = 7007, 7008, 7009


class Probes:
    """UDP datagrams numbered 0, 1, 2.. from one host to another at a steady rate, until stop(); then who was lost is known. `person`: who
    sends."""

    def __init__(self, sender, receiver, address, rate, port=PROBE_PORT, size=100, person=None):
        self.report = sender.world.folder / f"probes-{sender.name}-{receiver.name}-{port}.json"
        self.receiver = receiver.start(f"probe-receiver-{port}", "/usr/bin/python3", __file__, "receive", "--port", port, "--report", self.report)
        deadline = time.monotonic() + 60
        while "listening" not in self.receiver.output() and time.monotonic() < deadline:
            time.sleep(0.02)
        program = __file__
        if person is not None:  # who may read it there
            program = person.home / "traffic.py"
            shutil.copy(__file__, program)
            person.own(program)
        self.sender = (person or sender).start(f"probe-sender-{port}", "/usr/bin/python3", program, "send", "--to", address, "--port", port,
                                               "--rate", rate, "--size", size)

    def stop(self, settle=2.0, patience=30.0):
        """{"sent": n, "received": n, "lost": [numbers], "duplicated": n}; waits `settle` seconds for what is on its way, and up to `patience`
        where something is missing then."""
        self.sender.stop()
        sent = json.loads(self.sender.output().splitlines()[-1])["sent"]
        deadline = time.monotonic() + patience
        time.sleep(settle)
        while len(self.got()["numbers"]) < sent and time.monotonic() < deadline:
            time.sleep(0.2)
        self.receiver.stop()
        got = self.got()
        lost = sorted(set(range(sent)) - set(got["numbers"]))
        return {"sent": sent, "received": len(got["numbers"]), "lost": lost, "duplicated": got["duplicated"]}

    def got(self):
        """What the receiver says that it has."""
        return json.loads(self.report.read_text()) if self.report.exists() else {"numbers": [], "duplicated": 0}


def send_file(sender, receiver, address, path, port=FILE_PORT, timeout=300):
    """Sends a file over TCP; returns (sha256 sent, sha256 received, seconds)."""
    sink = receiver.start(f"file-receiver-{port}", "/usr/bin/python3", __file__, "take", "--port", port)
    deadline = time.monotonic() + 60
    while "listening" not in sink.output() and time.monotonic() < deadline:
        time.sleep(0.02)
    start = time.monotonic()
    sender.run("/usr/bin/python3", __file__, "give", "--to", address, "--port", port, "--file", path, timeout=timeout)
    sink.popen.wait(timeout)
    seconds = time.monotonic() - start
    return hashlib.sha256(Path(path).read_bytes()).hexdigest(), json.loads(sink.output().splitlines()[-1])["sha256"], seconds


def send(options):
    """Sends until SIGTERM, then prints how many."""
    running = True

    def end(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, end)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    number, start = 0, time.monotonic()
    while running:
        sock.sendto(number.to_bytes(8, "big") + bytes(options.size - 8), (options.to, options.port))
        number += 1
        time.sleep(max(0.0, start + number / options.rate - time.monotonic()))
    print(json.dumps({"sent": number}), flush=True)


def write(report, content):
    """So that whoever reads it meanwhile reads the one before."""
    draft = Path(report + ".draft")
    draft.write_text(json.dumps(content))
    draft.rename(report)


def receive(options):
    """Notes every number until SIGTERM; writes the report whenever none has come for a moment, and at the end."""
    numbers, duplicated = set(), 0
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("0.0.0.0", options.port))
    sock.settimeout(0.2)
    running = True

    def end(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, end)
    print("listening", flush=True)
    while running:
        try:
            number = int.from_bytes(sock.recv(65535)[:8], "big")
        except TimeoutError:
            write(options.report, {"numbers": sorted(numbers), "duplicated": duplicated})
            continue
        duplicated += number in numbers
        numbers.add(number)
    write(options.report, {"numbers": sorted(numbers), "duplicated": duplicated})


def give(options):
    with socket.create_connection((options.to, options.port), timeout=30) as sock:
        sock.settimeout(None)
        sock.sendall(Path(options.file).read_bytes())


def take(options):
    digest = hashlib.sha256()
    server = socket.create_server(("0.0.0.0", options.port))
    print("listening", flush=True)
    connection, _ = server.accept()
    with connection:
        while part := connection.recv(1 << 16):
            digest.update(part)
    print(json.dumps({"sha256": digest.hexdigest()}), flush=True)


def talk(options):
    """Says numbers until SIGTERM, and writes after each how it stands."""
    running = True

    def end(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, end)
    said = answered = 0
    with socket.create_connection((options.to, options.port), timeout=30) as sock, sock.makefile("rb") as answers:
        while running:
            sock.sendall(b"%d\n" % said)
            said += 1
            answered += answers.readline() == b"%d\n" % answered
            write(options.report, {"port": sock.getsockname()[1], "said": said, "answered": answered})
            time.sleep(1 / options.rate)


def answer(options):
    """Says everything again, on every connection."""

    def repeat(connection):
        with connection, connection.makefile("rwb", buffering=0) as lines:
            for line in lines:
                lines.write(line)

    server = socket.create_server(("0.0.0.0", options.port))
    print("listening", flush=True)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=repeat, args=(connection,), daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description="one end of a transfer")
    parser.add_argument("what", choices=["send", "receive", "give", "take", "talk", "answer"])
    parser.add_argument("--to")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, default=50.0, help="datagrams a second")
    parser.add_argument("--size", type=int, default=100, help="bytes of a datagram's payload")
    parser.add_argument("--report")
    parser.add_argument("--file")
    options = parser.parse_args()
    {"send": send, "receive": receive, "give": give, "take": take, "talk": talk, "answer": answer}[options.what](options)


if __name__ == "__main__":
    sys.exit(main())
