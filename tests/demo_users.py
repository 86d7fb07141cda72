# SPDX-License-Identifier: Apache-2.0
"""Security by who sends: Alice and Bob at one computer, Carol at another, one server, and three ways to it. Checked as it goes, and
at the end packet by packet in the capture of the WAN."""

import time

from world.claims import step
from world.gateway import Gateway
from world.network import Capture, wait_for
from world.people import Person, SmartCard
from world.readers import IP, UDP, ipsec_of, rdpcap, read_with_scapy
from world.traffic import Probes

DESK, LAPTOP, SERVER = "10.1.0.10", "10.1.0.11", "10.2.0.10"
RATE = 10.0  # probes a second of each: the simulated cards share one machine with everything else
PORTS = {"alice": 7001, "bob": 7002, "carol": 7003}
PIN, PASSWORD = "2468", "correct horse battery staple"
TAG = 0x9E  # the IP option that says who sends

GATEWAY_A = """
[lan]
address = "10.1.0.1/24"

[wan]
address = "192.0.2.1/24"
gateway = "192.0.2.2"
mtu = 1600

[users]
methods = ["password", "smart_card"]

[[connections]]
name = "other"
remote_address = "192.0.2.2"
secret_file = "{secret}"
proposals = ["aes128gcm16-prfsha256-ecp256"]

[[policies]]
name = "finance"
user = "alice"
destination = "10.2.0.0/24"
action = "protect"
connection = "other"
esp_proposals = "aes256gcm16"

[[policies]]
name = "staff"
group = "staff"
destination = "10.2.0.0/24"
action = "protect"
connection = "other"
esp_proposals = "aes128-sha256"

[[policies]]
name = "others"
destination = "10.2.0.0/24"
action = "ask"
"""

# The other side knows computers alone: the desk's packets come protected, the laptop's may come in the clear.
GATEWAY_B = """
[lan]
address = "10.2.0.1/24"

[wan]
address = "192.0.2.2/24"
gateway = "192.0.2.1"
mtu = 1600

[[connections]]
name = "other"
remote_address = "192.0.2.1"
secret_file = "{secret}"
proposals = ["aes128gcm16-prfsha256-ecp256"]

[[policies]]
name = "laptop"
source = "10.2.0.0/24"
destination = "10.1.0.11"
action = "bypass"

[[policies]]
name = "desk"
source = "10.2.0.0/24"
destination = "10.1.0.0/24"
action = "protect"
connection = "other"
esp_proposals = "aes256gcm16, aes128-sha256"
"""


def build(world, card):
    desk, laptop, switch, gwa, gwb, server = (world.namespace(n) for n in ("desk", "laptop", "switch", "gwa", "gwb", "server"))
    switch.run("ip", "link", "add", "lan", "type", "bridge")
    switch.run("ip", "link", "set", "lan", "up")
    for port, (namespace, interface) in enumerate(((desk, "eth0"), (laptop, "eth0"), (gwa, "lan0"))):
        world.wire(namespace, interface, switch, f"port{port}")
        switch.run("ip", "link", "set", f"port{port}", "master", "lan")
    world.wire(gwa, "wan0", gwb, "wan0", mtu=1600)
    world.wire(gwb, "lan0", server, "eth0")
    for namespace, address, via in ((desk, DESK, "10.1.0.1"), (laptop, LAPTOP, "10.1.0.1"), (server, SERVER, "10.2.0.1")):
        namespace.address("eth0", f"{address}/24")
        namespace.route("default", via)
    secret = world.folder / "psk"
    secret.write_text("correct horse battery staple\n")
    secret.chmod(0o600)
    gateways = [Gateway(ns, text.format(secret=secret), card) for ns, text in ((gwa, GATEWAY_A), (gwb, GATEWAY_B))]
    return desk, laptop, server, gateways


def enrol(gateway, alice):
    """The administrator's part. Returns Alice's card."""
    def sallyport(*words, typed=None):
        print(f"  $ sallyport {' '.join(map(str, words))}")
        gateway.namespace.run(*gateway.command(*words), input=typed)

    sallyport("group", "add", "staff")
    for user, groups in (("alice", []), ("bob", ["--group", "staff"]), ("carol", [])):
        sallyport("user", "add", user, *groups)
        sallyport("user", "password", user, typed=PASSWORD + "\n")
    card = SmartCard(alice, "alice", PIN)
    sallyport("user", "card", "alice", "--number", card.number, "--key", card.public_key)
    return card


def show(world, claims, card_kind):
    desk, laptop, server, (a, b) = build(world, card_kind)
    alice, bob, carol = Person(desk, 2001), Person(desk, 2002), Person(laptop, 2003)
    step("Two gateways start; at gateway A an administrator enters three users, one with a smart card")
    b.start()
    a.start()
    card = enrol(a, alice)

    step("Alice (smart card and PIN) and Bob (password) log in at one computer, Carol (password) at another")
    key = a.query("session", "list")["key"]
    alice.configure("10.1.0.1", key, method="smart_card", module=card.module, marking="tag")
    bob.configure("10.1.0.1", key, method="password", user="bob", marking="tag")
    carol.configure("10.1.0.1", key, method="password", user="carol")
    alice.must_log_in(("PIN", PIN))
    bob.must_log_in(("assword", PASSWORD))
    carol.must_log_in(("assword", PASSWORD))
    print("  " + a.cli("session", "list").stdout.strip().replace("\n", "\n  "))
    claims.check({s["user"] for s in a.query("session", "list")["sessions"]} == set(PORTS), "the three are logged in")

    step(f"Each of them sends to the same server, {SERVER}, while the WAN is captured")
    wan = world.folder / "wan.pcap"
    with Capture(a.namespace, "wan0", wan):
        probes = {name: Probes(person.namespace, server, SERVER, RATE, port=PORTS[name], person=person)
                  for name, person in (("alice", alice), ("bob", bob), ("carol", carol))}
        question = wait_for("Carol to be asked", lambda: (carol.status() or {}).get("questions"))[0]
        print(f"  Carol is asked: {question}")
        claims.check("clear" in question["choices"], "no policy is meant for Carol: she is asked, and her packets wait")
        print(f"  $ sallyport-login answer {question['id']} clear --remember session")
        carol.run(carol.programs / "sallyport-login", "answer", question["id"], "clear", "--remember", "session")
        a.wait_established(2)
        time.sleep(3)

        step("An administrator raises Bob's level while he sends: AES-128-CBC with HMAC-SHA2-256 becomes AES-256-GCM")
        print("  $ sallyport policy set staff esp_proposals=aes256gcm16")
        changed = a.cli("policy", "set", "staff", "esp_proposals=aes256gcm16").stdout
        print("  " + changed.strip().replace("\n", "\n  "))
        claims.check("aes256gcm16" in changed, "the change is confirmed: IKE has connected the new SA")
        time.sleep(3)

        step("Alice pulls her smart card while she sends")
        card.pull()
        alice.wait_logged_out()
        gone = time.time()
        claims.check({s["user"] for s in a.query("session", "list")["sessions"]} == {"bob", "carol"}, "her session is over, and hers alone")
        time.sleep(3)
        reports = {name: p.stop() for name, p in probes.items()}
    for name in ("bob", "carol"):
        claims.no_loss(f"{name.capitalize()}'s transfer", reports[name])
    arrived = reports["alice"]["received"]
    claims.check(0 < arrived < reports["alice"]["sent"] and reports["alice"]["lost"] == list(range(arrived, reports["alice"]["sent"])),
                 f"Alice's transfer stopped with her card: {arrived} of {reports['alice']['sent']} probes arrived, all of them before")

    step("What the WAN saw")
    prove(claims, wan, a.keys(), gone)
    for gateway in (a, b):
        drops = {k: v for k, v in gateway.query("counters")["drops"].items() if v}
        print(f"  {gateway.namespace.name}: drops {drops or 'none'}")


def prove(claims, wan, keys, gone):
    """Who was seen under which protection; keys decrypt it."""
    algorithms = {k.spi: k.algorithm for k in keys}
    seen = {name: [] for name in PORTS}  # algorithms, in their order
    names = {port: name for name, port in PORTS.items()}

    def note(packet, algorithm):
        if UDP in packet and packet[IP].dst == SERVER and packet[UDP].dport in names:
            seen[names[packet[UDP].dport]].append(algorithm)

    for spi, packets in read_with_scapy(wan, keys).items():
        for packet in packets:
            note(packet, algorithms[spi])
    clear = [p for p in rdpcap(str(wan)) if IP in p and ipsec_of(p) is None and p[IP].src.startswith("10.1.")]
    for packet in clear:
        note(packet, "clear")
    tagged = [p for p in clear if bytes(p[IP])[20 : 4 * p[IP].ihl][:1] == bytes([TAG])]
    late = [p for p in rdpcap(str(wan)) if IP in p and float(p.time) > gone and p[IP].src == DESK]
    for name, found in seen.items():
        print(f"  {name}: " + ", ".join(f"{found.count(kind)} packets {kind}" for kind in dict.fromkeys(found)))
    claims.check(set(seen["alice"]) == {"aes256gcm16"}, "every packet of Alice's was under AES-256-GCM")
    claims.check(set(seen["bob"]) == {"aes128-sha256", "aes256gcm16"},
                 "Bob's were under AES-128-CBC with HMAC-SHA2-256, and then under AES-256-GCM")
    claims.check(set(seen["carol"]) == {"clear"} and {p[IP].src for p in clear} == {LAPTOP}, "Carol's, and hers alone, were in the clear, as she had said")
    of_one = {spi: {names[p[UDP].dport] for p in packets if UDP in p and p[UDP].dport in names}
              for spi, packets in read_with_scapy(wan, keys).items()}
    claims.check(all(len(people) <= 1 for people in of_one.values()), "no SA carried the packets of two people")
    claims.check(not tagged and not late, "no packet on the WAN said who sends, and none of the desk's was in the clear")
