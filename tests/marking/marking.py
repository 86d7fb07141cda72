#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Users of one computer, told apart by the tags in their packets. Programs run as they are installed: with capabilities in their file,
started by users who have none."""

import json
import os
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.world.gateway import BIN, Gateway  # noqa: E402
from tests.world.network import Capture, World, wait_for  # noqa: E402
from tests.world.people import Person, install  # noqa: E402
from tests.world.readers import IP, Ether, IPv6, ip_of, next_header, payload_of, rdpcap, read_with_scapy, sort_wire  # noqa: E402

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

    def __init__(self, person, protect=(), ipv4=True, ipv6=True):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(person.argv(person.programs / "sallyport-mark"), stdin=theirs)
        theirs.close()
        self.ours.settimeout(60)
        self.ours.send(json.dumps({"handle": HANDLE, "key": KEY.hex(), "plain": False, "ipv4": ipv4, "ipv6": ipv6, "protect": list(protect)}).encode())
        self.said = json.loads(self.ours.recv(4096))

    def counts(self):
        self.ours.send(b"?")
        return json.loads(self.ours.recv(4096))

    def end(self):
        self.ours.close()
        return self.process.wait(60)


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
        self.assertEqual(marker.said, {"interface": "sp1001", "sources": [PC_V4, PC_V6]})
        sent = self.captured((1001, "10.2.0.9"), (1002, "10.2.0.9"), (1001, "2001:db8:2::9"), (1002, "2001:db8:2::9"), (1001, "10.1.0.1"))
        self.assertEqual([tag_of(p) is not None for p in sent], [True, False, True, False, False], "the router itself is on link")
        self.assertEqual(tag_of(sent[0]), bytes([OPTION_V4, 14]) + HANDLE.to_bytes(4, "big") + check_of("10.1.0.7", "10.2.0.9") + b"\x01\x01")
        self.assertEqual(tag_of(sent[2]),
                         bytes([OPTION_V6, 12]) + HANDLE.to_bytes(4, "big") + check_of("2001:db8:1::7", "2001:db8:2::9"))
        # The checksum that the kernel made for the header that was.
        again = sent[0][IP].copy()
        del again[IP].chksum
        self.assertEqual(IP(bytes(again)).chksum, sent[0][IP].chksum)
        self.assertEqual(marker.counts(), {**marker.said, "marked": 2, "no_room": 0, "not_sent": 0})
        self.assertEqual(marker.end(), 0)
        self.assertEqual(self.rules(), self.before)
        self.assertEqual([tag_of(p) for p in self.captured((1001, "10.2.0.9"), (1001, "2001:db8:2::9"))], [None, None])

    def test_marks_the_ip_versions_that_it_is_told(self):
        for versions, source, marked in (({"ipv6": False}, PC_V4, [True, False]), ({"ipv4": False}, PC_V6, [False, True])):
            marker = self.mark(1001, **versions)
            self.assertEqual(marker.said["sources"], [source])
            sent = self.captured((1001, "10.2.0.9"), (1001, "2001:db8:2::9"))
            self.assertEqual([tag_of(p) is not None for p in sent], marked)
            marker.end()

    def test_a_connection_goes_on_when_marking_begins_and_ends(self):
        """Full packets fit, as the user's programs see a narrower path; and answers come in."""
        server = self.far.start("server", "/usr/bin/python3", "-c", "import socket\n"
                                "s = socket.create_server(('', 7001), family=socket.AF_INET6, dualstack_ipv6=True); print('listening', flush=True)\n"
                                "while True:\n  c, _ = s.accept()\n  while d := c.recv(1 << 16): c.sendall(d)")
        wait_for("the server", lambda: "listening" in server.output())
        for server in ("10.2.0.9", "2001:db8:2::9"):
            with self.subTest(server=server):
                self.keeps_a_connection(server)

    def keeps_a_connection(self, server):
        program = ("import socket,sys\ns = socket.create_connection((sys.argv[1], 7001)); s.settimeout(60)\n"
                   "for line in sys.stdin:\n  data = bytes(300000); s.sendall(data); got = 0\n"
                   "  while got < len(data): got += len(s.recv(1 << 16))\n  print(got, flush=True)")
        client = subprocess.Popen(self.alice.argv("/usr/bin/python3", "-c", program, server), stdin=subprocess.PIPE,
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
        self.assertEqual(marker.counts(), {**marker.said, "marked": 1, "no_room": 1, "not_sent": 0})
        marker.end()

    def test_marks_what_is_named_alone(self):
        marker = self.mark(1001, protect=["10.2.0.8/29"])
        sent = self.captured((1001, "10.2.0.9"), (1001, "10.2.0.1"))
        self.assertEqual([tag_of(p) is not None for p in sent], [True, False])
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
        first.process.wait(60)
        self.assertEqual([tag_of(p) for p in self.captured((1001, "10.2.0.9"))], [None], "packets go on, as nobody's")
        second = self.mark(1001)
        self.assertEqual([r.count("uidrange 1001-1001") for r in self.rules()], [1, 1])
        self.assertEqual([tag_of(p) is not None for p in self.captured((1001, "10.2.0.9"))], [True])
        second.process.send_signal(signal.SIGTERM)
        second.process.wait(60)
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


LAN_CONFIGURATION = """
[lan]
address = ["10.{number}.0.1/24", "2001:db8:{number}::1/64"]
[wan]
address = "192.0.2.{number}/24"
gateway = "192.0.2.{other}"
mtu = 1600
[[connections]]
name = "other"
remote_address = "192.0.2.{other}"
secret_file = "{secret}"
proposals = ["aes128gcm16-prfsha256-ecp256"]
"""

POLICY = """
[[policies]]
name = "{name}"
{who}destination = "{destination}"
action = "protect"
connection = "other"
esp_proposals = "{esp}"
"""

# Alice's and Bob's packets to the same network; nobody else's get there.
ALGORITHMS = {"alice": "aes128gcm16", "bob": "aes256-sha256"}
NETWORKS = {4: ("10.1.0.0/24", "10.2.0.0/24"), 6: ("2001:db8:1::/64", "2001:db8:2::/64")}
GATEWAY_A = '[users]\nsession_renewal = "20s"\n' + "".join(
    POLICY.format(name=f"{user}s{version}", who=f'user = "{user}"\n', destination=there, esp=esp)
    for user, esp in ALGORITHMS.items() for version, (_, there) in NETWORKS.items())
GATEWAY_B = "".join(
    POLICY.format(name=f"back{version}", who=f'source = "{there}"\n', destination=here, esp=", ".join(ALGORITHMS.values()))
    for version, (here, there) in NETWORKS.items())
GATEWAY = {4: "10.1.0.1", 6: "2001:db8:1::1"}
PC = {4: PC_V4, 6: PC_V6}
STRANGER = {4: "10.1.0.8", 6: "2001:db8:1::8"}
SERVER = {4: "10.2.0.9", 6: "2001:db8:2::9"}
PASSWORD = "correct horse battery staple"
SIZES = {"alice": 100, "bob": 200}  # of pings: whose a packet is, when it has been opened


class Users(unittest.TestCase):
    """Two users log in at one computer by IP version `login`, and reach a server behind another gateway by `version`; a second computer
    is nobody's."""

    def setUp(self):
        self.world = World("me")
        self.world.__enter__()
        self.addCleanup(self.world.close)
        self.pc, self.stranger, self.switch, gwa, gwb, server = (self.world.namespace(n) for n in ("pc", "stranger", "switch", "gwa", "gwb", "server"))
        self.switch.run("ip", "link", "add", "lan", "type", "bridge")
        self.switch.run("ip", "link", "set", "lan", "up")
        for port, (namespace, interface) in enumerate(((self.pc, "eth0"), (self.stranger, "eth0"), (gwa, "lan0"))):
            self.world.wire(namespace, interface, self.switch, f"port{port}")
            self.switch.run("ip", "link", "set", f"port{port}", "master", "lan")
        self.world.wire(gwa, "wan0", gwb, "wan0", mtu=1600)
        self.world.wire(gwb, "lan0", server, "eth0")
        for namespace, number, host in ((self.pc, 1, 7), (self.stranger, 1, 8), (server, 2, 9)):
            for address, gateway in ((f"10.{number}.0.{host}/24", f"10.{number}.0.1"), (f"2001:db8:{number}::{host}/64", f"2001:db8:{number}::1")):
                namespace.address("eth0", address)
                namespace.route("default", gateway)
        secret = self.world.folder / "psk"
        secret.write_text("correct horse battery staple\n")
        secret.chmod(0o600)
        self.server = SERVER[self.version]
        self.a, self.b = (Gateway(namespace, LAN_CONFIGURATION.format(number=number, other=3 - number, secret=secret) + more, "software")
                          for namespace, number, more in ((gwa, 1, GATEWAY_A), (gwb, 2, GATEWAY_B)))
        self.b.start()
        self.a.start()
        self.alice, self.bob, self.nobody = (Person(self.pc, uid) for uid in (1001, 1002, 1003))
        self.key = self.a.query("session", "list")["key"]
        for person, name in ((self.alice, "alice"), (self.bob, "bob")):
            self.a.cli("user", "add", name)
            self.a.namespace.run(BIN / "sallyport", "--socket", self.a.socket, "user", "password", name, input=PASSWORD + "\n")
            person.configure(GATEWAY[self.login], self.key, method="password", user=name, marking="tag")
            person.must_log_in(("Password: ", PASSWORD))

    def reaches(self, person, size=56):
        """Whether this person's pings are answered, the first as well as the others."""
        answered = person.ping(self.server, count=3, size=size)
        self.assertIn(answered, (0, 3))
        return answered == 3

    def counter(self, name):
        return self.a.query("counters")["counters"][name]

    def send(self, namespace, packet):
        """An IP packet by the wire, as whoever is root at a computer can send it."""
        gateway = json.loads(self.a.namespace.run("ip", "-j", "link", "show", "sp-lan").stdout)[0]["address"]
        namespace.run("/usr/bin/python3", "-c", "import sys; from scapy.all import Ether, sendp; sendp(Ether(bytes.fromhex(sys.argv[1])), iface='eth0', "
                      "verbose=False)", bytes(Ether(dst=gateway, src="02:00:00:00:00:08") / packet).hex())


class Scenarios:
    """What holds for either IP version, whichever a user has logged in by."""

    def test_each_user_s_packets_go_under_their_own_sa_and_no_tag_gets_out(self):
        wan, lan = self.world.folder / "wan.pcap", self.world.folder / "lan.pcap"
        with Capture(self.a.namespace, "wan0", wan), Capture(self.switch, "port0", lan):
            for person, name in ((self.alice, "alice"), (self.bob, "bob")):
                self.assertTrue(self.reaches(person, SIZES[name]), name)
            self.assertFalse(self.reaches(self.nobody), "a user of the computer who is not logged in")
            self.assertEqual(self.stranger.ping(self.server, count=1, wait=1), 0)
        algorithms = {k.spi: k.algorithm for k in self.a.keys()}
        seen = {name: {} for name in SIZES}
        for spi, packets in read_with_scapy(wan, self.a.keys()).items():
            for packet in packets:
                data = payload_of(packet)
                name = next((n for n, size in SIZES.items() if len(data) == size + 8), None)
                if packet.src not in (PC_V4, PC_V6) or name is None:
                    continue
                seen[name].setdefault(algorithms[spi], []).append(packet)
                self.assertIsNone(tag_of(packet))
        for name, algorithm in ALGORITHMS.items():
            self.assertEqual({a: len(packets) for a, packets in seen[name].items()}, {algorithm: 3}, name)
        self.assertEqual(sort_wire(wan)["other"], [], "nothing in the clear")
        tags = [tag_of(p) for p in map(ip_of, rdpcap(str(lan))) if p is not None and p.dst == self.server and p.src in (PC_V4, PC_V6)]
        self.assertEqual(len([t for t in tags if t]), 6, "each packet of theirs had one on the LAN")
        self.assertEqual(self.counter("tag_ok"), 6)
        for person, name in ((self.alice, "alice"), (self.bob, "bob")):
            self.assertEqual(person.status()["marking"],
                             {"interface": f"sp{person.uid}", "sources": [PC_V4, PC_V6], "marked": 3, "no_room": 0, "not_sent": 0}, name)
        for session in self.a.query("session", "list")["sessions"]:
            self.assertEqual([session["address"], *session["also_at"]], [PC[self.login], PC[10 - self.login]])

    def test_who_logs_out_is_nobody_and_the_others_go_on(self):
        self.assertTrue(self.reaches(self.alice))
        self.alice.log_out()
        self.assertEqual([s["user"] for s in self.a.query("session", "list")["sessions"]], ["bob"])
        for version in (4, 6):
            self.assertNotIn("uidrange 1001", self.pc.run("ip", f"-{version}", "rule").stdout)
        self.assertFalse(self.reaches(self.alice))
        self.assertEqual(self.counter("tag_unknown"), 0, "her packets do not even say that they were hers")
        self.assertTrue(self.reaches(self.bob))
        self.alice.must_log_in(("Password: ", PASSWORD))
        self.assertTrue(self.reaches(self.alice))
        # What ends it otherwise: an administrator, and the end of what marks.
        session = next(s for s in self.a.query("session", "list")["sessions"] if s["user"] == "alice")
        self.assertTrue(session["tagged"])
        self.a.cli("session", "end", session["id"])
        self.assertFalse(self.reaches(self.alice))
        self.alice.wait_logged_out()
        # The processes of the namespace, of which "ip" itself is gone by now.
        pids = self.pc.run("ip", "netns", "pids", self.pc.full_name).stdout.split()
        names = {pid: Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids if Path(f"/proc/{pid}").exists()}
        os.kill(next(int(pid) for pid, name in names.items() if name == "sallyport-mark"), signal.SIGKILL)
        self.bob.wait_logged_out()
        self.assertEqual(self.a.query("session", "list")["sessions"], [])

    def test_a_gateway_that_starts_anew_knows_no_tag(self):
        self.assertTrue(self.reaches(self.bob))
        self.a.daemon.kill()
        self.a.start_daemon()
        self.assertFalse(self.reaches(self.bob))
        self.bob.wait_logged_out()
        self.bob.must_log_in(("Password: ", PASSWORD))
        self.assertTrue(self.reaches(self.bob))

    def test_a_tag_that_is_copied_or_guessed_makes_nobody_and_is_counted(self):
        with Capture(self.switch, "port0", self.world.folder / "lan.pcap") as capture:
            self.assertTrue(self.reaches(self.alice))
        overheard = next(p for p in map(ip_of, rdpcap(str(capture.path))) if p is not None and p.dst == self.server and tag_of(p))
        protected = self.counter("esp_out")

        def arrives_as_nobody(count):
            wait_for("it to arrive", lambda: self.counter("tag_forged") == count)
            self.assertEqual(self.counter("esp_out"), protected)

        self.assertEqual(self.counter("tag_forged"), 0)
        copied = overheard.copy()
        copied.src = STRANGER[self.version]
        if self.version == 4:
            del copied.chksum
        self.send(self.stranger, copied)
        arrives_as_nobody(1)
        guessed = bytearray(bytes(overheard))
        guessed[{4: 33, 6: 55}[self.version]] ^= 1  # the check's last byte
        guessed = type(overheard)(bytes(guessed))
        if self.version == 4:
            del guessed.chksum
        self.send(self.stranger, guessed)  # from Alice's own address
        arrives_as_nobody(2)
        self.assertIn(f"user.tag_rejected source={STRANGER[self.version]}", self.a.log())
        self.assertIn("tag.rejected", self.a.cli("audit").stdout)
        # Only what the LAN must be trusted for passes: the same addresses (docs/decisions/user-tag.md).
        self.alice.log_out()
        self.send(self.pc, overheard)
        wait_for("it to be unknown", lambda: self.counter("tag_unknown") == 1)
        self.assertEqual(self.counter("esp_out"), protected)


class EndToEnd(Scenarios, Users):
    login = version = 4


class EndToEndIpv6(Scenarios, Users):
    login = version = 6


class EndToEndIpv6AfterIpv4(Scenarios, Users):
    login, version = 4, 6


class EndToEndIpv4AfterIpv6(Scenarios, Users):
    login, version = 6, 4


if __name__ == "__main__":
    unittest.main(verbosity=2)
