#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demonstration as its reader meets it: what it claims, its exit code, and that nothing of it stays behind.

Run as root:  tests/demo_test.py [-v] [Demo.test_...]"""

import os
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from world.network import named_namespaces  # noqa: E402

SECONDS = 400  # a busy machine's patience


class Demo(unittest.TestCase):
    def setUp(self):
        self.prefix = f"spd{os.getpid()}x"  # its namespaces can be told from those of another demonstration on this machine
        self.addCleanup(self.demo, "--stop")

    def argv(self, *arguments):
        return [sys.executable, HERE / "demo.py", "--prefix", self.prefix, *arguments]

    def demo(self, *arguments, **options):
        return subprocess.run(self.argv(*arguments), text=True, capture_output=True, timeout=SECONDS, **options)

    def left(self):
        """Namespaces, processes and files of this demonstration: each has the prefix in its name, or among its arguments."""
        processes = [f"process {entry.name}: {line}" for entry in Path("/proc").glob("[0-9]*") if (line := command_of(entry)) and
                     self.prefix in line and "demo.py" not in line]
        files = [str(path) for pattern in (f"*{self.prefix}*", f"*/*{self.prefix}*") for path in Path("/tmp").glob(pattern)]
        return named_namespaces(self.prefix) + processes + files

    def assert_all_claims_hold(self, done):
        self.assertEqual(done.returncode, 0, f"{done.stdout[-4000:]}\n{done.stderr}")
        summary = re.search(r"^== (\d+) of (\d+) claims hold", done.stdout, re.MULTILINE)
        self.assertIsNotNone(summary, done.stdout)
        self.assertEqual(summary[1], summary[2])
        for sentence in ("the first ping brings the tunnel up", "the WAN held only ESP and IKE", "scapy and tshark decrypt and authenticate",
                         "the SA in use is AES-GCM-256", "LAN A to LAN B:", "LAN B to LAN A:", "flow that became bypass:",
                         "seen in the clear on the WAN, the rest is ESP"):
            self.assertRegex(done.stdout, rf"(?m)^  ok   .*{re.escape(sentence)}")
        self.assertEqual(int(summary[1]), done.stdout.count("\n  ok   "))

    def test_every_claim_holds_and_keep_leaves_all_up_until_stop(self):
        done = self.demo("--keep")
        self.assert_all_claims_hold(done)
        look_around = re.search(r"^  (\S+/sallyport --socket \S+ status)", done.stdout, re.MULTILINE)[1]
        self.assertIn("aes256gcm16", subprocess.run(look_around.split(), text=True, capture_output=True, check=True).stdout)
        self.assertEqual(len(named_namespaces(self.prefix)), 4)
        stopped = self.demo("--stop")
        self.assertEqual((stopped.returncode, stopped.stdout), (0, "demo: 4 namespaces taken down\n"))
        self.assertEqual(self.left(), [])

    def test_an_end_takes_everything_down(self):
        self.assert_all_claims_hold(self.demo("--card", "software"))
        self.assertEqual(self.left(), [])

    def test_three_people_have_three_ways_to_one_server(self):
        done = self.demo("--users", "--card", "software")
        self.assertEqual(done.returncode, 0, f"{done.stdout[-4000:]}\n{done.stderr}")
        for sentence in ("she is asked, and her packets wait", "the change is confirmed", "her session is over, and hers alone", "Bob's transfer:",
                         "Carol's transfer:", "Alice's transfer stopped with her card", "no SA carried the packets of two people",
                         "no packet on the WAN said who sends"):
            self.assertRegex(done.stdout, rf"(?m)^  ok   .*{re.escape(sentence)}")
        self.assertEqual(self.left(), [])

    def test_ctrl_c_takes_everything_down(self):
        with subprocess.Popen(self.argv(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
            for line in running.stdout:
                if line.startswith("  ok   5 of 5 pings"):  # cards, daemons and tcpdump run, and a file is on its way
                    break
            else:
                self.fail("the demonstration ended before it could be interrupted")
            self.assertEqual(len(named_namespaces(self.prefix)), 4)
            running.send_signal(signal.SIGINT)
            running.send_signal(signal.SIGINT)  # and again, impatiently
            said = running.stdout.read()
            self.assertEqual(running.wait(SECONDS), 130)
        self.assertIn("interrupted", said)
        self.assertEqual(self.left(), [])

    def test_what_does_not_work_is_said_and_is_no_success(self):
        done = self.demo(env=dict(os.environ, SALLYPORT_BUILD="/nowhere"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^  not as claimed: ")
        self.assertEqual(self.left(), [])


def command_of(process):
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it has just ended
        return ""


if __name__ == "__main__":
    unittest.main(verbosity=2)
