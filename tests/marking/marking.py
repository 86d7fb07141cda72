#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Users of one computer, told apart by the tags in their packets. Programs run as they are installed: with capabilities in their file,
started by users who have none."""

import json
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.world.network import Capture, World, wait_for  # noqa: E402
from tests.world.people import Person, install  # noqa: E402
from tests.world.readers import IP, IPv6, ip_of, next_header, payload_of, rdpcap  # noqa: E402

PC_V4, PC_V6 = "10.1.0.7", "2001:db8:1::7"
HANDLE, KEY = 0x01020304, bytes(range(16))
OPTION_V4, OPTION_V6 = 0x9E, 0x1E


def check_of(source, destination, handle=HANDLE, key=KEY):
    """By the openssl program."""
    def mapped(address):
        if ":" in address:
            return socket.inet_pton(socket.AF_INET6, address)
        return bytes(10) + b"\xff\xff" + socket.inet_aton(address)

    message = handle.to_bytes(4, "big") + mapped(source) + mapped(destination)
    done = subprocess.run(["openssl", "mac", "-macopt", f"hexkey:{key.hex()}", "-macopt", "size:8", "-in", "-", "SIPHASH"], input=message,
                          capture_output=True, check=True)
    return bytes.fromhex(done.stdout.decode().strip())


def tag_of(packet):
    """The tag's bytes of a captured packet, or None."""
    if IP in packet:
        header = bytes(packet[IP])[: 4 * packet[IP].ihl]
        return header[20:36] if header[20:21] == bytes([OPTION_V4]) else None
    if IPv6 in packet and packet[IPv6].nh == 60 and bytes(packet[IPv6])[42] == OPTION_V6:
        return bytes(packet[IPv6])[42:56]
    return None


class Marker:
    """sallyport-mark as sallyport-login starts it."""

    def __init__(self, person, protect=()):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(person.argv(person.programs / "sallyport-mark"), stdin=theirs)
        theirs.close()
        self.ours.settimeout(20)
        self.ours.send(json.dumps({"handle": HANDLE, "key": KEY.hex(), "plain": False, "protect": list(protect)}).encode())
        self.said = json.loads(self.ours.recv(4096))

    def counts(self):
        self.ours.send(b"?")
        return json.loads(self.ours.recv(4096))

    def end(self):
        self.ours.close()
        return self.process.wait(20)


class Computer(unittest.TestCase):
    """sallyport-mark alone, before a router that shows what arrives."""

    def setUp(self):
        self.world = World("mk")
        self.world.__enter__()
        self.addCleanup(self.world.close)
        self.pc, self.router, self.far = (self.world.namespace(n) for n in ("pc", "router", "far"))
        self.world.wire(self.pc, "eth0", self.router, "lan0")
        self.world.wire(self.router, "wan0", self.far, "eth0")
        for namespace, interface, v4, v6 in ((self.pc, "eth0", "10.1.0.7/24", "2001:db8:1::7/64"),
                                             (self.router, "lan0", "10.1.0.1/24", "2001:db8:1::1/64"),
                                             (self.router, "wan0", "10.2.0.1/24", "2001:db8:2::1/64"),
                                             (self.far, "eth0", "10.2.0.9/24", "2001:db8:2::9/64")):
            namespace.address(interface, v4)
            namespace.address(interface, v6)
        self.router.forward()
        for namespace, v4, v6 in ((self.pc, "10.1.0.1", "2001:db8:1::1"), (self.far, "10.2.0.1", "2001:db8:2::1")):
            namespace.route("default", v4)
            namespace.route("default", v6)
        self.before = self.rules()
        self.people = {uid: Person(self.pc, uid) for uid in (0, 1001, 1002)}
        self.alice = self.people[1001]

    def mark(self, uid, **words):
        marker = Marker(self.people[uid], **words)
        self.addCleanup(marker.end)
        return marker

    def rules(self):
        return [self.pc.run("ip", family, "rule").stdout for family in ("-4", "-6")]

    def send(self, uid, to, size=8, port=7000):
        """One UDP datagram by a user."""
        program = ("import socket,sys; s=socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM);"
                   "s.sendto(bytes(int(sys.argv[2])), (sys.argv[1], int(sys.argv[3])))")
        return self.people[uid].run("/usr/bin/python3", "-c", program, to, size, port, check=False)

    def captured(self, *sends):
        """The packets of the computer that arrive at the router while each (uid, address[, size]) is sent."""
        with Capture(self.router, "lan0", self.world.folder / "lan.pcap") as capture:
            for words in sends:
                self.send(*words)
        return [p for p in map(ip_of, rdpcap(str(capture.path))) if p is not None and p.src in (PC_V4, PC_V6) and next_header(p) != 58]

    def test_marks_the_packets_of_its_user_alone(self):
        marker = self.mark(1001)
        self.assertEqual(marker.said, {"interface": "sp1001"})
        sent = self.captured((1001, "10.2.0.9"), (1002, "10.2.0.9"), (1001, "2001:db8:2::9"), (1002, "2001:db8:2::9"), (1001, "10.1.0.1"))
        self.assertEqual([tag_of(p) is not None for p in sent], [True, False, True, False, False], "the router itself is on link")
        self.assertEqual(tag_of(sent[0]), bytes([OPTION_V4, 14]) + HANDLE.to_bytes(4, "big") + check_of("10.1.0.7", "10.2.0.9") + b"\x01\x01")
        self.assertEqual(tag_of(sent[2]),
                         bytes([OPTION_V6, 12]) + HANDLE.to_bytes(4, "big") + check_of("2001:db8:1::7", "2001:db8:2::9"))
        # The checksum that the kernel made for the header that was.
        again = sent[0][IP].copy()
        del again[IP].chksum
        self.assertEqual(IP(bytes(again)).chksum, sent[0][IP].chksum)
        self.assertEqual(marker.counts(), {"interface": "sp1001", "marked": 2, "no_room": 0, "not_sent": 0})
        self.assertEqual(marker.end(), 0)
        self.assertEqual(self.rules(), self.before)
        self.assertEqual([tag_of(p) for p in self.captured((1001, "10.2.0.9"))], [None])

    def test_a_connection_goes_on_when_marking_begins_and_ends(self):
        """Full packets fit, as the user's programs see a narrower path; and answers come in."""
        server = self.far.start("server", "/usr/bin/python3", "-c", "import socket\ns = socket.create_server(('', 7001)); print('listening', flush=True)\n"
                                "c, _ = s.accept()\nwhile d := c.recv(1 << 16): c.sendall(d)")
        wait_for("the server", lambda: "listening" in server.output())
        program = ("import socket,sys\ns = socket.create_connection(('10.2.0.9', 7001)); s.settimeout(20)\n"
                   "for line in sys.stdin:\n  data = bytes(300000); s.sendall(data); got = 0\n"
                   "  while got < len(data): got += len(s.recv(1 << 16))\n  print(got, flush=True)")
        client = subprocess.Popen(self.alice.argv("/usr/bin/python3", "-c", program), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)

        def passes():
            client.stdin.write("\n")
            client.stdin.flush()
            return int(client.stdout.readline())

        self.assertEqual(passes(), 300000)
        marker = self.mark(1001)
        self.assertEqual(passes(), 300000)
        counts = marker.counts()
        self.assertGreater(counts["marked"], 200)
        self.assertEqual((counts["no_room"], counts["not_sent"]), (0, 0))
        marker.end()
        self.assertEqual(passes(), 300000)
        client.stdin.close()
        client.wait(10)

    def test_what_must_be_cut_is_cut_and_each_piece_is_marked(self):
        marker = self.mark(1001)
        with Capture(self.router, "lan0", self.world.folder / "lan.pcap") as capture:
            self.send(1001, "10.2.0.9", 4000)
        pieces = [p for p in rdpcap(str(capture.path)) if IP in p and p[IP].dst == "10.2.0.9"]
        self.assertEqual(sum(len(payload_of(p[IP])) for p in pieces), 4008)
        self.assertTrue(all(tag_of(p) and p[IP].len <= 1500 for p in pieces))
        self.assertEqual(marker.counts()["marked"], len(pieces))
        marker.end()

    def test_drops_what_has_no_room_for_a_tag(self):
        marker = self.mark(1001)
        # 28 bytes of options fit, 40 of no operation do not.
        program = ("import socket,sys; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
                   "s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([1]*int(sys.argv[1])));s.sendto(bytes(8), ('10.2.0.9', 7000))")
        with Capture(self.router, "lan0", self.world.folder / "lan.pcap") as capture:
            for options in (24, 40):
                self.alice.run("/usr/bin/python3", "-c", program, options)
        self.assertEqual(len([p for p in rdpcap(str(capture.path)) if IP in p and p[IP].dst == "10.2.0.9"]), 1)
        self.assertEqual(marker.counts(), {"interface": "sp1001", "marked": 1, "no_room": 1, "not_sent": 0})
        marker.end()

    def test_marks_what_is_named_alone(self):
        marker = self.mark(1001, protect=["10.2.0.8/29"])
        sent = self.captured((1001, "10.2.0.9"), (1001, "10.2.0.1"), (1001, "2001:db8:2::9"))
        self.assertEqual([tag_of(p) is not None for p in sent], [True, False, False])
        marker.end()

    def test_follows_the_computer_s_routes(self):
        self.pc.run("ip", "-4", "route", "del", "default")
        marker = self.mark(1001)
        self.assertNotEqual(self.send(1001, "10.2.0.9").returncode, 0, "there is no way")
        self.pc.route("10.2.0.0/24", "10.1.0.1")
        wait_for("the route to be followed", lambda: tag_of(self.captured((1001, "10.2.0.9"))[0]))
        self.pc.run("ip", "-4", "route", "del", "10.2.0.0/24")
        wait_for("it to go", lambda: self.send(1001, "10.2.0.9").returncode != 0)
        marker.end()

    def test_a_process_that_was_killed_leaves_nothing_that_the_next_one_does_not_take_away(self):
        first = self.mark(1001)
        self.assertEqual(self.mark(1001).said["error"], "exists")
        first.process.kill()
        first.process.wait(20)
        self.assertEqual([tag_of(p) for p in self.captured((1001, "10.2.0.9"))], [None], "packets go on, as nobody's")
        second = self.mark(1001)
        self.assertTrue(all(r.count("uidrange 1001-1001") == 1 for r in self.rules()))
        self.assertEqual([tag_of(p) is not None for p in self.captured((1001, "10.2.0.9"))], [True])
        second.process.send_signal(signal.SIGTERM)
        second.process.wait(20)
        self.assertEqual(self.rules(), self.before)

    def test_is_for_users_with_capabilities_in_the_file_and_not_for_root(self):
        self.assertIn("root", self.mark(0).said["detail"])
        subprocess.run(["setcap", "-r", install(self.world) / "sallyport-mark"], check=True)
        self.assertEqual(self.mark(1001).said["error"], "denied")
        self.assertEqual(self.rules(), self.before)

    def test_keeps_the_one_capability_that_it_needs_and_shows_nobody_its_memory(self):
        marker = self.mark(1001)
        pid = marker.process.pid
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual((int(status["CapEff"], 16), int(status["CapPrm"], 16), status["NoNewPrivs"]), (1 << 12, 1 << 12, "1"))
        self.assertEqual(Path(f"/proc/{pid}/status").stat().st_uid, 0, "not to be traced by its user")
        self.assertNotIn(KEY.hex(), Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/environ").read_text())
        marker.end()


if __name__ == "__main__":
    unittest.main(verbosity=2)
