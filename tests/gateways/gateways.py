#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two of our gateways between two LANs.

    lana 10.1.0.10 - 10.1.0.1 gwa 192.0.2.1 === WAN === 192.0.2.2 gwb 10.2.0.1 - 10.2.0.10 lanb

What the cards do is shown at three heights: SoftwareCard, VerilatedCard (in the daemon's process) and VerilatedCardBehindXrt. What the
daemon does is shown with the software card, unless the card must outlive it.

Run as root:  tests/gateways/gateways.py [-v] [SoftwareCard.test_... | Daemon.test_...]"""

import os
import shutil
import signal
import socket
import struct
import sys
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from world.conversation import Conversation, answer_conversations  # noqa: E402
from world.gateway import DAEMON, Gateway  # noqa: E402
from world.network import Capture, World, wait_for  # noqa: E402
from world.readers import read_with_scapy, sort_wire, verify  # noqa: E402
from world.traffic import Probes  # noqa: E402

LAN_A, LAN_B, PRINTER = "10.1.0.10", "10.2.0.10", "10.2.0.77"


def configuration(side, secret, start):
    other = "b" if side == "a" else "a"
    number = {"a": 1, "b": 2}
    # Only A speaks first, so that there is one SA to look at.
    return f"""
[lan]
address = "10.{number[side]}.0.1/24"
[wan]
address = "192.0.2.{number[side]}/24"
gateway = "192.0.2.{number[other]}"
[[connections]]
name = "other"
remote_address = "192.0.2.{number[other]}"
secret_file = "{secret}"
proposals = ["aes128gcm16-prfsha256-ecp256"]
dpd_delay = "2s"
[[policies]]
name = "office"
source = "10.{number[side]}.0.0/24"
destination = "10.{number[other]}.0.0/24"
action = "protect"
connection = "other"
esp_proposals = "{'aes128gcm16' if side == 'a' else 'aes256gcm16, aes128gcm16'}"
start_action = "{start if side == 'a' else 'trap'}"
"""


def show_clock(test, namespace, hour):
    """Makes it that hour for the namespace's programs: not the clock is put but its zone, which is a file of the namespace (ip-netns(8)); as
    RFC 8536 3 writes one that has a single offset."""
    os.environ.pop("TZ", None)
    folder = Path("/etc/netns") / namespace.full_name
    if not folder.exists():
        folder.mkdir(parents=True)
        test.addCleanup(shutil.rmtree, folder)
    offset = 3600 * hour - int(time.time()) % 86400
    file = folder / "localtime"
    file.write_bytes(b"TZif" + bytes(16) + struct.pack(">6L", 0, 0, 0, 0, 1, 4) + struct.pack(">lBB", offset, 0, 0) + b"LAN\0")
    os.utime(file, (hour, hour))  # the C library reads one anew whose age has changed


class Gateways(unittest.TestCase):
    card = "software"

    def setUp(self):
        self.world = World("hd")
        self.world.__enter__()
        self.addCleanup(self.world.close)
        self.lana, self.gwa, self.gwb, self.lanb = (self.world.namespace(n) for n in ("lana", "gwa", "gwb", "lanb"))
        self.world.wire(self.lana, "eth0", self.gwa, "lan0")
        self.world.wire(self.gwa, "wan0", self.gwb, "wan0", mtu=1600)
        self.world.wire(self.gwb, "lan0", self.lanb, "eth0")
        for host, address, gateway in ((self.lana, LAN_A, "10.1.0.1"), (self.lanb, LAN_B, "10.2.0.1")):
            host.address("eth0", f"{address}/24")
            host.route("default", gateway)
        self.lanb.address("eth0", f"{PRINTER}/24")

    def start(self, start="start"):
        secret = self.world.folder / "psk"
        secret.write_text("correct horse battery staple\n")
        secret.chmod(0o600)
        self.a, self.b = (Gateway(ns, configuration(side, secret, start), self.card).start()
                          for ns, side in ((self.gwa, "a"), (self.gwb, "b")))


class Scenarios:
    """What holds whichever card it is. `rate` is probes a second: a simulated card shares one machine with everything else."""

    def test_a_tunnel_comes_up_by_itself_and_protects_everything(self):
        self.start()
        self.a.wait_established()
        with Capture(self.gwa, "wan0", self.world.folder / "wan.pcap") as capture:
            self.assertEqual(self.lana.ping(LAN_B, count=5), 5)
            self.assertEqual(self.lanb.ping(LAN_A, count=5), 5)
        kinds = sort_wire(capture.path)
        self.assertEqual(kinds["esp"], 20)
        self.assertEqual(kinds["other"], [])
        self.assertEqual(sum(verify(capture.path, self.a.keys()).values()), 20)

    def test_a_changed_algorithm_loses_no_packet(self):
        self.start()
        self.a.wait_established()
        with Capture(self.gwa, "wan0", self.world.folder / "wan.pcap") as capture:
            self.assertEqual(self.lana.ping(LAN_B, count=1), 1)
            there, back = Probes(self.lana, self.lanb, LAN_B, self.rate, port=7001), Probes(self.lanb, self.lana, LAN_A, self.rate, port=7002)
            self.wait_for_packets_both_ways()
            said = self.a.cli("policy", "set", "office", "esp_proposals=aes256gcm16").stdout
            self.assertIn("aes256gcm16", said)
            self.wait_for_packets_both_ways()
            reports = there.stop(), back.stop()
        for report in reports:
            self.assertGreater(report["sent"], 60)
            self.assertEqual(report["lost"], [], f"of {report['sent']}\n{self.a.log()[-2000:]}\n{self.b.log()[-2000:]}")
        self.assertEqual([sa["algorithm"] for sa in self.a.established()], ["aes256gcm16"])
        kinds = sort_wire(capture.path)
        self.assertEqual(kinds["other"], [])
        by_spi = verify(capture.path, self.a.keys())
        self.assertEqual(sum(by_spi.values()), kinds["esp"])
        self.assertEqual(len(by_spi), 4)  # one SA each way before, one after

    def test_a_running_connection_keeps_its_sa_and_a_new_one_takes_the_change(self):
        self.start()
        self.a.wait_established()
        answer_conversations(self.lanb)
        with Capture(self.gwa, "wan0", self.world.folder / "wan.pcap") as capture:
            running = Conversation(self.lana, LAN_B, self.rate)
            said = self.a.cli("policy", "set", "office", "esp_proposals=aes256gcm16", "change=syn", "idle=3600").stdout
            self.assertIn("takes over with new TCP connections", said)
            begun = Conversation(self.lana, LAN_B, self.rate)
            for conversation in (running, begun):
                conversation.wait_for_answers()
            self.assertIn("changes: with new connections: 1 on the new SA", self.a.cli("status").stdout)
            for conversation in (running, begun):
                report = conversation.stop()
                self.assertEqual(report["said"], report["answered"])
        self.assertEqual(sort_wire(capture.path)["other"], [])
        algorithms = {key.spi: key.algorithm for key in self.a.keys()}
        ports = {}
        for spi, packets in read_with_scapy(capture.path, self.a.keys()).items():
            sent = {packet.sport for packet in packets if packet.src == LAN_A and packet.proto == socket.IPPROTO_TCP}
            ports.setdefault(algorithms[spi], set()).update(sent)
        self.assertEqual(ports, {"aes128gcm16": {running.port}, "aes256gcm16": {begun.port}})

    def wait_for_packets_both_ways(self, count=40):
        """Until that many more have crossed the SA in use each way."""
        before = self.a.established()[0]

        def crossed():
            now = self.a.established()[0]
            return all(now[way] >= before[way] + count for way in ("packets_in", "packets_out"))

        wait_for("probes to cross both ways", crossed, seconds=60)

    def test_a_destination_taken_out_of_the_policy_goes_in_the_clear(self):
        self.start()
        self.a.wait_established()
        for gateway, word in ((self.b, "--source"), (self.a, "--destination")):
            gateway.cli("policy", "add", "printer", word, PRINTER, "--action", "bypass", "--before", "office")
        with Capture(self.gwa, "wan0", self.world.folder / "wan.pcap") as capture:
            self.assertEqual(self.lana.ping(PRINTER, count=3), 3)
            self.assertEqual(self.lana.ping(LAN_B, count=3), 3)
        kinds = sort_wire(capture.path)
        self.assertEqual(kinds["esp"], 6)
        self.assertEqual(len(kinds["other"]), 6)


class SoftwareCard(Scenarios, Gateways):
    card, rate = "software", 200


class VerilatedCard(Scenarios, Gateways):
    card, rate = "verilated", 20


class VerilatedCardBehindXrt(Scenarios, Gateways):
    card, rate = "xrt", 20

    def test_a_card_goes_on_without_its_daemon_which_takes_it_over(self):
        self.start()
        before = self.a.wait_established()[0]
        wait_for("the first ping to cross", lambda: self.lana.ping(LAN_B, count=1, wait=3) == 1, seconds=30)
        there, back = Probes(self.lana, self.lanb, LAN_B, 40, port=7001), Probes(self.lanb, self.lana, LAN_A, 40, port=7002)
        time.sleep(1)
        self.a.daemon.kill()
        time.sleep(2)
        self.a.start_daemon()
        self.assertIn("card.adopted", self.a.log())
        after = self.a.established()[0]
        self.assertEqual(after["spi_in"], before["spi_in"])
        self.assertGreater(after["packets_out"], before["packets_out"])
        for report in (there.stop(), back.stop()):
            self.assertEqual(report["lost"], [], f"of {report['sent']}\n{self.a.log()[-2000:]}")
        # IKE is there again too: a rekeying needs the keys of the IKE SA.
        self.assertIn("aes128gcm16", self.a.cli("rekey", "other", "office").stdout)


class Daemon(Gateways):
    def test_the_first_packet_brings_the_tunnel_up_and_is_not_lost(self):
        self.start("trap")
        self.assertEqual(self.a.established(), [])
        self.assertEqual(self.lana.ping(LAN_B, count=3), 3)
        self.assertEqual(len(self.a.established()), 1)

    def test_a_gateway_answers_at_its_own_addresses_and_through_the_tunnel(self):
        self.start()
        self.a.wait_established()
        self.assertEqual(self.lana.ping("10.1.0.1"), 3)
        self.assertEqual(self.gwb.ping("192.0.2.1"), 3)
        self.assertEqual(self.lana.ping("10.2.0.1"), 3)

    def test_words_that_do_not_connect_change_nothing(self):
        self.start()
        before = self.a.wait_established()
        done = self.a.cli("policy", "set", "office", "esp_proposals=aes128-sha256", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("stays as it was", done.stdout + done.stderr)
        self.assertEqual(self.a.established()[0]["spi_in"], before[0]["spi_in"])
        self.assertEqual(self.lana.ping(LAN_B, count=3), 3)

    def test_an_operator_prepares_a_change_commits_it_and_takes_it_back(self):
        self.start()
        before = self.a.wait_established()[0]
        self.a.cli("candidate", "add", "printer", "--destination", PRINTER, "--action", "bypass", "--before", "office")
        self.a.cli("candidate", "set", "office", "esp_proposals=aes256gcm16")
        shown = self.a.cli("candidate").stdout
        self.assertIn("  printer added: destination 10.2.0.77, action bypass\n", shown)
        self.assertIn("  office changed: esp_proposals aes128gcm16 -> aes256gcm16\n", shown)
        self.assertEqual(self.a.established()[0]["spi_in"], before["spi_in"])
        said = self.a.cli("commit", "--comment", "stronger").stdout
        self.assertIn("connected with 192.0.2.2 by aes256gcm16 (CREATE_CHILD_SA)", said)
        self.assertIn("configuration 2 is in force", said)
        self.assertEqual([sa["algorithm"] for sa in self.a.established()], ["aes256gcm16"])
        # Words that the other side refuses: nothing changes, and the table says why.
        self.a.cli("candidate", "set", "office", "esp_proposals=aes192gcm16")
        done = self.a.cli("commit", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("office   changed    NOT: ", done.stdout)
        self.assertIn("nothing has changed", done.stdout)
        self.a.cli("candidate", "discard")
        # One that nobody confirms is taken back, also by the daemon's death.
        self.a.cli("candidate", "delete", "printer")
        self.assertIn("rolled back in", self.a.cli("commit", "--confirm", "600").stdout)
        self.assertEqual(len(self.a.query("policies")["policies"]), 1)
        self.a.daemon.kill()
        self.a.start_daemon()
        self.assertEqual([p["name"] for p in self.a.query("policies")["policies"]], ["printer", "office"])
        self.a.cli("rollback", "1", "--force")
        history = self.a.query("history")["configurations"]
        self.assertEqual([c["comment"] for c in history],
                         ["", "stronger", "", "3 was not confirmed before the daemon ended", "rollback to 1"])
        self.assertEqual([p["name"] for p in self.a.query("policies")["policies"]], ["office"])
        self.assertEqual(self.lana.ping(LAN_B, count=3), 3)

    def test_a_daemon_that_was_killed_comes_back(self):
        self.start()
        self.a.wait_established()
        self.a.daemon.kill()
        self.a.start_daemon()
        self.a.wait_established()
        wait_for("the tunnel to carry packets again", lambda: self.lana.ping(LAN_B, count=1, wait=1) == 1)

    def test_a_daemon_that_ends_tells_its_peer(self):
        self.start()
        self.a.wait_established()
        self.a.daemon.popen.send_signal(signal.SIGTERM)
        self.assertEqual(self.a.daemon.popen.wait(60), 0)
        wait_for("the peer to have no SA", lambda: self.b.query("sas")["sas"] == [])
        self.assertEqual(self.lana.ping(LAN_B, count=1, wait=1), 0)  # and nothing leaks

    def test_a_tunnel_of_certain_hours_ends_with_them_and_comes_back(self):
        show_clock(self, self.gwa, 12)
        self.start()
        self.a.wait_established()
        self.a.cli("policy", "set", "office", "when=10:00-14:00")
        self.assertEqual(self.lana.ping(LAN_B, count=3), 3)

        show_clock(self, self.gwa, 16)
        wait_for("the tunnel to end at both gateways", lambda: self.a.established() + self.b.established() == [])
        with Capture(self.gwa, "wan0", self.world.folder / "wan.pcap") as capture:
            self.assertEqual(self.lana.ping(LAN_B, count=2, wait=1), 0)
        self.assertEqual(sort_wire(capture.path)["other"], [])
        self.assertIn("it holds 10:00-14:00", self.a.cli("policy", "explain", "--to", LAN_B).stdout)

        show_clock(self, self.gwa, 13)
        self.a.wait_established()
        wait_for("the tunnel to carry packets again", lambda: self.lana.ping(LAN_B, count=1, wait=1) == 1)
        self.assertIn("policy 'office' decides: it is protected", self.a.cli("policy", "explain", "--to", LAN_B).stdout)

    def test_a_wrong_configuration_is_told_with_its_line(self):
        self.start()
        text = self.a.file.read_text()
        self.a.file.write_text(text.replace("address", "adress", 1))
        done = self.gwa.run(DAEMON["software"], "--check", "--config", self.a.file, check=False)
        self.assertEqual(done.returncode, 2)
        line = text[:text.index("address")].count("\n") + 1
        self.assertIn(f"gateway.toml:{line}: [lan] has no 'adress'; did you mean 'address'?", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
