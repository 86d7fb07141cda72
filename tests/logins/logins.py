#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every way to log in, from the program on a user's computer to the card, by the daemon as it is shipped and whoever decides: FreeRADIUS,
the machine's PAM, PostgreSQL, a card of SoftHSM's.

    pc 10.1.0.10 --.
                   switch -- 10.1.0.1 gateway 192.0.2.1 -- 192.0.2.9 far
    server 10.1.0.20 '

Carol's packets are let through, and nobody's are not."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.world.gateway import Gateway  # noqa: E402
from tests.world.network import World, wait_for  # noqa: E402
from tests.world.people import Person, SmartCard  # noqa: E402
from tests.world.servers import FreeRadius, Postgresql, pam_service  # noqa: E402

PC, SERVER, FAR = "10.1.0.10", "10.1.0.20", "192.0.2.9"
PASSWORD, PIN = "correct horse battery staple", "2468"
CONFIGURATION = """
[lan]
address = "10.1.0.1/24"

[wan]
address = "192.0.2.1/24"

[[policies]]
name = "carols"
{whose}
destination = "192.0.2.0/24"
action = "bypass"

[[policies]]
name = "nobodys"
action = "discard"

[users]
{users}
"""


class Logins(unittest.TestCase):
    def setUp(self):
        self.world = World("lg")
        self.world.__enter__()
        self.addCleanup(self.world.close)
        self.pc, self.server, switch, self.gw, far = (self.world.namespace(n) for n in ("pc", "server", "switch", "gw", "far"))
        switch.run("ip", "link", "add", "lan", "type", "bridge")
        switch.run("ip", "link", "set", "lan", "up")
        for port, (namespace, interface) in enumerate(((self.pc, "eth0"), (self.server, "eth0"), (self.gw, "lan0"))):
            self.world.wire(namespace, interface, switch, f"port{port}")
            switch.run("ip", "link", "set", f"port{port}", "master", "lan")
        self.world.wire(self.gw, "wan0", far, "eth0")
        for namespace, address, via in ((self.pc, PC, "10.1.0.1"), (self.server, SERVER, "10.1.0.1"), (far, FAR, "192.0.2.1")):
            namespace.address("eth0", f"{address}/24")
            namespace.route("default", via)
        self.carol = Person(self.pc, 1001)

    def start(self, users, whose='user = "carol"'):
        """The gateway; `users` are lines of its section [users]."""
        self.gateway = Gateway(self.gw, CONFIGURATION.format(users=users, whose=whose), "software").start()
        self.key = self.gateway.query("session", "list")["key"]
        self.assert_nobody()

    def add_carol(self):
        self.gateway.cli("user", "add", "carol")
        self.gateway.cli("user", "password", "carol", input=PASSWORD + "\n")

    def passes(self):
        return self.carol.ping(FAR, wait=1) == 1

    def assert_nobody(self):
        """The next packet comes to the card, which drops it as the last policy says."""
        drops = lambda: self.gateway.query("counters")["drops"]["spd_discard"]  # noqa: E731
        before = drops()
        self.assertFalse(self.passes())
        wait_for("it to be dropped", lambda: drops() > before)

    def assert_is_somebody_until(self, ends):
        """Carol's packets pass from the login on, and the first after ends() does not."""
        self.assertEqual([s["user"] for s in self.gateway.query("session", "list")["sessions"]], ["carol"])
        wait_for("Carol's packets to pass", self.passes)
        ends()
        self.assert_nobody()
        self.assertEqual(self.gateway.query("session", "list")["sessions"], [])

    def assert_refused(self, *answers):
        status, shown = self.carol.log_in(*answers)
        self.assertEqual(status, 1, shown)
        self.assertIn("the gateway refuses", shown)
        self.assert_nobody()

    def test_a_password_and_a_one_time_code(self):
        self.start('methods = ["totp"]')
        self.add_carol()
        secret = re.search("secret=([A-Z2-7]+)", self.gateway.cli("user", "totp", "carol").stdout).group(1)
        code = lambda *when: subprocess.run(["oathtool", "--totp", "-b", secret, *when], capture_output=True, text=True, check=True).stdout.strip()  # noqa: E731
        self.carol.configure("10.1.0.1", self.key, method="totp", user="carol")
        self.assert_refused(("assword", PASSWORD), ("code", code("--now", "2001-01-01")))
        self.carol.must_log_in(("assword", PASSWORD), ("code", code()))
        self.assert_is_somebody_until(self.carol.log_out)

    def test_a_smart_card_that_is_pulled(self):
        self.start('methods = ["smart_card"]')
        self.gateway.cli("user", "add", "carol")
        card = SmartCard(self.carol, "carols", PIN)
        self.gateway.cli("user", "card", "carol", "--number", card.number, "--key", card.public_key)
        self.carol.configure("10.1.0.1", self.key, method="smart_card", module=card.module)
        self.carol.must_log_in(("PIN", PIN))

        def pull():
            card.pull()
            self.carol.wait_logged_out()

        self.assert_is_somebody_until(pull)

    def test_a_directory_in_postgresql(self):
        database = Postgresql(self.world)
        self.start(f'postgresql = "{database.connection}"')
        self.add_carol()
        self.assertEqual(database.query("SELECT name FROM users"), "carol", "she is there, and nowhere else")
        self.carol.configure("10.1.0.1", self.key, method="password", user="carol")
        self.assert_refused(("assword", "a wrong one"))
        self.carol.must_log_in(("assword", PASSWORD))
        self.assert_is_somebody_until(self.carol.log_out)

    def test_the_machine_s_pam(self):
        pam_service(self.gw, "gateway-login", "carol", PASSWORD)
        self.start('methods = ["pam"]\npam_service = "gateway-login"')
        self.carol.configure("10.1.0.1", self.key, method="pam", user="carol")
        self.assert_refused(("assword", "a wrong one"))
        self.carol.must_log_in(("assword", PASSWORD))
        self.assert_is_somebody_until(self.carol.log_out)

    def start_with_radius(self):
        """The server says that Carol is one of the staff, to the gateway of that name alone."""
        self.radius = FreeRadius(self.server, SERVER, f'carol Cleartext-Password := "{PASSWORD}", NAS-Identifier == "gw-1"\n  Filter-Id += "staff"\n')
        secret = self.world.folder / "radius.secret"
        secret.write_text(FreeRadius.SECRET + "\n")
        secret.chmod(0o600)
        self.start('methods = ["radius"]\nnas_identifier = "gw-1"\nradius_orders_port = 3799\n'
                   f'[[users.radius_servers]]\naddress = "{SERVER}"\nsecret_file = "{secret}"', whose='group = "staff"')
        self.carol.configure("10.1.0.1", self.key, method="radius", user="carol")

    def test_a_radius_server(self):
        self.start_with_radius()
        self.assert_refused(("assword", "a wrong one"))
        self.carol.must_log_in(("assword", PASSWORD))
        self.assert_is_somebody_until(self.carol.log_out)

    def test_a_radius_server_s_order_is_acknowledged_when_the_card_has_let_go(self):
        self.start_with_radius()
        self.carol.must_log_in(("assword", PASSWORD))

        def order():
            wrong = self.radius.order("10.1.0.1", {"User-Name": "carol", "NAS-Identifier": "gw-2"})
            self.assertIn("NAS-Identification-Mismatch", wrong)
            self.assertTrue(self.passes(), "that was another gateway's")
            self.assertIn("Received Disconnect-ACK", self.radius.order("10.1.0.1", {"User-Name": "carol", "NAS-Identifier": "gw-1"}))

        self.assert_is_somebody_until(order)
        self.carol.wait_logged_out()


if __name__ == "__main__":
    unittest.main(verbosity=2)
