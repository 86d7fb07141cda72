#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd unit: as systemd reads it, and under systemd as the first process of a machine, where it must start the daemon with all that
it denies to it.

    lan 10.1.0.10 - eth0 === lan0 - [ guest: systemd, sallyportd with the software card, 10.1.0.1 ]

Run as root:  tests/systemd/unit.py [-v] [Unit.test_...]"""

import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from world.gateway import BIN, BUILD  # noqa: E402
from world.linux_guest import LinuxGuest  # noqa: E402
from world.network import World, wait_for  # noqa: E402

UNIT = BUILD / "host" / "systemd" / "sallyportd.service"
DAEMON, CONFIGURATION = re.search(r"^ExecStart=(\S+) --config (\S+)$", UNIT.read_text(), re.MULTILINE).groups()
HIGHEST_EXPOSURE = 30  # of 100: a gateway configures the network, the largest part of it

GATEWAY = """
[card]
backend = "software"
lan_interface = "lan0"
wan_interface = "wan0"
[lan]
address = "10.1.0.1/24"
[wan]
address = "192.0.2.1/24"
[[policies]]
name = "everything"
action = "discard"
"""


class Unit(unittest.TestCase):
    def setUp(self):
        self.world = World("sd")
        self.world.__enter__()
        self.addCleanup(self.world.close)

    def test_systemd_understands_every_line_of_it_and_finds_little_exposed(self):
        unit = self.world.folder / UNIT.name
        unit.write_text(UNIT.read_text().replace(DAEMON, str(BIN / "sallyportd")))  # which is not installed
        for command in (["verify", "--man=no"], ["security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE}"]):
            done = subprocess.run(["systemd-analyze", *command, unit], text=True, capture_output=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertNotIn(UNIT.name, done.stderr)

    def test_it_starts_the_daemon_and_starts_it_again_unless_the_configuration_is_wrong(self):
        gateway, lan, wan = (self.world.namespace(name) for name in ("gateway", "lan", "wan"))
        self.world.wire(gateway, "lan0", lan, "eth0")
        self.world.wire(gateway, "wan0", wan, "eth0")
        lan.address("eth0", "10.1.0.10/24")
        self.guest = LinuxGuest(
            gateway, "", BUILD, systemd=True, programs={DAEMON: BIN / "sallyportd", "/usr/bin/sallyport": BIN / "sallyport"},
            files={f"/etc/systemd/system/{UNIT.name}": UNIT.read_text(), CONFIGURATION: GATEWAY,
                   f"/etc/systemd/system/{UNIT.name}.d/log.conf": "[Service]\nStandardError=append:/run/sallyportd.log\n"})
        self.guest.run(f"chmod 600 {CONFIGURATION}")
        wait_for("systemd to come up", lambda: self.systemctl("is-active multi-user.target") == "active", seconds=120)

        self.systemctl(f"enable --now {UNIT.name}")
        self.wait_until_it_answers()
        self.assertEqual(lan.ping("10.1.0.1"), 3)
        first = self.property("MainPID")
        status = self.guest.run(f"cat /proc/{first}/status; stat -c %a /run/sallyport /var/lib/sallyport")[1]
        self.assertRegex(status, r"NoNewPrivs:\t1\n")
        self.assertRegex(status, r"CapEff:\t0000000000003400\n")  # CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW
        self.assertTrue(status.endswith("\n711\n700\n"), status)

        self.guest.run(f"kill -9 {first}")
        wait_for("systemd to start it again", lambda: self.property("MainPID") not in ("0", first), seconds=60)
        self.wait_until_it_answers()
        self.assertEqual(lan.ping("10.1.0.1"), 3)
        self.systemctl(f"stop {UNIT.name}")
        self.assertEqual((self.property("Result"), self.property("ExecMainStatus")), ("success", "0"))

        self.guest.run(f"echo nonsense >>{CONFIGURATION}")
        self.systemctl(f"start {UNIT.name}")
        wait_for("the daemon to refuse", lambda: self.property("ActiveState") == "failed", seconds=60)
        self.assertEqual((self.property("Result"), self.property("ExecMainStatus"), self.property("NRestarts")), ("exit-code", "2", "0"))

    def systemctl(self, words):
        return self.guest.run(f"systemctl {words}", check=False)[1].strip()

    def property(self, name):
        return self.systemctl(f"show --value -p {name} {UNIT.name}")

    def wait_until_it_answers(self):
        def answers():
            return self.guest.run("sallyport status", check=False)[0] == 0

        try:
            wait_for("the daemon to answer", answers, seconds=60)
        except Exception as problem:
            log = self.guest.run("cat /run/sallyportd.log", check=False)[1]
            raise AssertionError(f"{problem}\n{self.systemctl(f'status {UNIT.name}')}\n{log}") from problem


if __name__ == "__main__":
    unittest.main(verbosity=2)
