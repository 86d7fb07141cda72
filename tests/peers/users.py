#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Users with SAs of their own to a strongSwan that knows no users, over a Linux kernel's ESP."""

from ikev2 import SECRET, swanctl
from kernel import ADDRESSES
from peer_test import LAN_A, LAN_B, PEER, PeerTest, main
from world.gateway import BUILD
from world.network import wait_for
from world.strongswan import KernelStrongSwan

PASSWORD = "correct horse battery staple"
COMPUTERS = {"alice": LAN_A, "bob": "10.1.0.11"}
POLICIES = f"""
[[connections]]
name = "peer"
remote_address = "{PEER}"
local_id = "dut.example"
remote_id = "peer.example"
secret = "{SECRET}"
proposals = ["aes128gcm16-prfsha256-ecp256"]

[[policies]]
name = "staff"
group = "staff"
source = "10.1.0.0/24"
destination = "10.2.0.0/24"
action = "protect"
connection = "peer"
esp_proposals = "aes128gcm16"

[users]
"""
# On a user's computer, from its address: https://GATEWAY, WORDS in JSON; prints the session's token.
LOG_IN = """
import http.client, json, ssl, sys
gateway, address, user, password = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
def ask(path, body):
    connection = http.client.HTTPSConnection(gateway, 4510, context=context, source_address=(address, 0), timeout=60)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = json.load(connection.getresponse())
    assert "error" not in answer, answer
    return answer
login = ask("/v1/logins", {"method": "password", "user": user, "uid": 1000})["login"]
print(ask("/v1/logins/" + login, {"answer": {"password": password}})["session"])
"""


class Users(PeerTest):
    card = "software"

    def log_in(self, user):
        return self.lana.run("python3", "-c", LOG_IN, "10.1.0.1", COMPUTERS[user], user, PASSWORD).stdout.strip()

    def answered(self, user, count=5, wait=10):
        """How many pings from the user's computer come back."""
        return self.lana.ping(LAN_B, count=count, wait=wait, source=COMPUTERS[user])

    def children(self, gateway):
        return sorted(sa["target"] for sa in gateway.query("sas")["sas"])

    def test_two_users_have_two_child_sas_with_equal_selectors(self):
        for address in list(COMPUTERS.values())[1:]:
            self.lana.address("eth0", f"{address}/24")
        theirs = swanctl(child_options="rekey_time = 6s\n life_time = 18s\n rand_time = 0s")
        swan = KernelStrongSwan(self.peer, theirs, ADDRESSES, BUILD)
        gateway = self.gateway(POLICIES).start()
        gateway.cli("group", "add", "staff")
        sessions = {}
        for user in COMPUTERS:
            gateway.cli("user", "add", user, "--group", "staff")
            gateway.cli("user", "password", user, input=f"{PASSWORD}\n")
            self.assertEqual(self.answered(user, 1, wait=2), 0, "nobody is logged in")
            sessions[user] = self.log_in(user)
            wait_for(f"the first answer to {user}", lambda user=user: self.answered(user, 1, wait=2) == 1)
        # While one is being rekeyed there are two of it.
        wait_for("an SA of each user", lambda: self.children(gateway) == ["peer/staff@alice", "peer/staff@bob"])
        wait_for("an SA of each user at the peer", lambda: swan.list_sas().count("INSTALLED, TUNNEL") == 2)
        for user in COMPUTERS:
            self.assertEqual(self.answered(user), 5)

        def both_send():
            for user in COMPUTERS:
                self.answered(user, 1)
            return min(sa["packets_out"] for sa in gateway.query("sas")["sas"]) > 0

        wait_for("each user's packets to go by their own SA", both_send)
        # The peer rekeys both.
        before = {sa["spi_in"] for sa in gateway.query("sas")["sas"]}
        lost = 0

        def both_are_rekeyed():
            nonlocal lost
            lost += sum(1 - self.answered(user, 1) for user in COMPUTERS)
            return not before & {sa["spi_in"] for sa in gateway.query("sas")["sas"]}

        wait_for("the peer to rekey both", both_are_rekeyed, seconds=60)
        self.assertLessEqual(lost, 1)
        # One goes, and the other does not notice.
        gateway.cli("session", "end", sessions["bob"])
        self.assertEqual(self.answered("bob", 2, wait=2), 0)
        self.assertGreaterEqual(self.answered("alice", 10), 9)
        wait_for("bob's SA to end", lambda: swan.list_sas().count("INSTALLED, TUNNEL") == 1 and
                 set(self.children(gateway)) == {"peer/staff@alice"})
        self.assertEqual(self.answered("alice"), 5)
        counters = gateway.query("counters")
        self.assertEqual(counters["drops"]["icv_mismatch"], 0)


if __name__ == "__main__":
    main()
