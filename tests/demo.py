# SPDX-License-Identifier: Apache-2.0
"""The demonstration: two gateways, a cycle-accurate card behind stock XRT in each, and what they promise, checked as it goes."""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import demo_users  # noqa: E402
from world.claims import Claims, step  # noqa: E402
from world.gateway import BIN, Gateway  # noqa: E402
from world.network import Capture, Failure, World, named_namespaces, take_down  # noqa: E402
from world.readers import ipsec_of, sort_wire, verify  # noqa: E402
from world.traffic import Probes, send_file  # noqa: E402

FILE_BYTES = 300_000
PROBE_RATE = 20.0  # a second: the simulated cards share one machine with everything else

# What differs between the two gateways.
SIDES = {
    "a": {"lan": "10.1.0.1/24", "wan": "192.0.2.1/24", "peer": "192.0.2.2", "net": "10.1.0.0/24", "far": "10.2.0.0/24",
          "proposals": "aes128gcm16"},
    "b": {"lan": "10.2.0.1/24", "wan": "192.0.2.2/24", "peer": "192.0.2.1", "net": "10.2.0.0/24", "far": "10.1.0.0/24",
          "proposals": "aes256gcm16, aes128gcm16"},
}
CARDS = {"xrt": "behind stock XRT a card simulated cycle by cycle", "verilated": "in its process a card simulated cycle by cycle",
         "software": "the software card"}
LAN_A, LAN_B, PRINTER = "10.1.0.10", "10.2.0.10", "10.2.0.77"


def configuration(side, folder):
    secret = folder / "psk"
    secret.write_text("correct horse battery staple\n")
    secret.chmod(0o600)
    return f"""
[lan]
address = "{side['lan']}"

[wan]
address = "{side['wan']}"
gateway = "{side['peer']}"
mtu = 1600

[[connections]]
name = "other"
remote_address = "{side['peer']}"
secret_file = "{secret}"
proposals = ["aes128gcm16-prfsha256-ecp256"]

[[policies]]
name = "office"
source = "{side['net']}"
destination = "{side['far']}"
action = "protect"
connection = "other"
esp_proposals = "{side['proposals']}"
"""


def build(world, card):
    lana, gwa, gwb, lanb = (world.namespace(n) for n in ("lana", "gwa", "gwb", "lanb"))
    world.wire(lana, "eth0", gwa, "lan0")
    world.wire(gwa, "wan0", gwb, "wan0", mtu=1600)
    world.wire(gwb, "lan0", lanb, "eth0")
    lana.address("eth0", f"{LAN_A}/24")
    lanb.address("eth0", f"{LAN_B}/24")
    lanb.address("eth0", f"{PRINTER}/24")
    lana.route("default", "10.1.0.1")
    lanb.route("default", "10.2.0.1")
    gateways = [Gateway(ns, configuration(SIDES[side], world.folder), card) for ns, side in ((gwa, "a"), (gwb, "b"))]
    return lana, lanb, gateways


def show(world, claims, card):
    lana, lanb, (a, b) = build(world, card)
    step(f"Two gateways start: sallyportd, and {CARDS[card]}")
    b.start()
    a.start()

    step("Traffic crosses, while the WAN is captured: ping, and a file by TCP")
    wan = world.folder / "wan.pcap"
    with Capture(a.namespace, "wan0", wan):
        # The first packet waits at gateway A while IKE makes the SA it needs.
        claims.check(lana.ping(LAN_B, count=1, wait=15) == 1, "the first ping brings the tunnel up by IKEv2 (pre-shared key), and is answered")
        claims.check(a.wait_established()[0]["algorithm"] == "aes128gcm16", "the SA in use is AES-GCM-128")
        claims.check(lana.ping(LAN_B, count=5, wait=5) == 5, "5 of 5 pings from LAN A to LAN B and back")
        payload = world.folder / "payload"
        payload.write_bytes(os.urandom(FILE_BYTES))
        sent, received, seconds = send_file(lana, lanb, LAN_B, payload)
        claims.check(sent == received, f"a file of {FILE_BYTES} bytes by TCP, same SHA-256 on both sides ({seconds:.1f} s of simulation)")
    kinds = sort_wire(wan)
    claims.check(kinds["esp"] > 0 and kinds["ike"] >= 4 and not kinds["other"],
                 f"the WAN held only ESP and IKE: {kinds['esp']} ESP, {kinds['ike']} IKE, {kinds['discovery']} ARP, {len(kinds['other'])} other")
    read = verify(wan, a.keys())
    claims.check(sum(read.values()) == kinds["esp"], f"scapy and tshark decrypt and authenticate every one of the {kinds['esp']} ESP packets")

    step("The status screen of gateway A")
    print(a.cli("status").stdout)

    step("The policy changes live: AES-128 becomes AES-256, while probes cross in both directions")
    there, back = Probes(lana, lanb, LAN_B, PROBE_RATE, port=7001), Probes(lanb, lana, LAN_A, PROBE_RATE, port=7002)
    time.sleep(2)
    print("  $ sallyport policy set office esp_proposals=aes256gcm16")
    print("  " + a.cli("policy", "set", "office", "esp_proposals=aes256gcm16").stdout.strip().replace("\n", "\n  "))
    claims.check(any(sa["algorithm"] == "aes256gcm16" for sa in a.established()), "the SA in use is AES-GCM-256")
    time.sleep(2)
    claims.no_loss("LAN A to LAN B", there.stop())
    claims.no_loss("LAN B to LAN A", back.stop())

    step(f"One destination, {PRINTER}, is to be reached in the clear; everything else stays protected")
    office, printer = Probes(lana, lanb, LAN_B, PROBE_RATE, port=7003), Probes(lana, lanb, PRINTER, PROBE_RATE, port=7004)
    time.sleep(2)
    print("  B $ sallyport policy add printer --source 10.2.0.77 --action bypass --before office")
    b.cli("policy", "add", "printer", "--source", PRINTER, "--action", "bypass", "--before", "office")
    clear = world.folder / "clear.pcap"
    print("  A $ sallyport policy add printer --destination 10.2.0.77 --action bypass --before office")
    a.cli("policy", "add", "printer", "--destination", PRINTER, "--action", "bypass", "--before", "office")
    with Capture(a.namespace, "wan0", clear):
        time.sleep(2)
    claims.no_loss("protected flow", office.stop())
    claims.no_loss("flow that became bypass", printer.stop())
    from scapy.all import IP, rdpcap

    plain = {p[IP].dst for p in rdpcap(str(clear)) if IP in p and ipsec_of(p) is None and p[IP].dst.startswith("10.")}
    claims.check(plain == {PRINTER}, f"after the change only {PRINTER} is seen in the clear on the WAN, the rest is ESP ({sort_wire(clear)['esp']} packets)")

    step("What the cards counted")
    for gateway in (a, b):
        drops = {k: v for k, v in gateway.query("counters")["drops"].items() if v}
        print(f"  {gateway.namespace.name}: drops {drops or 'none'}")


def look_around(world):
    a = world.folder / "gateway-gwa" / "api.sock"
    print(f"""
Left up, as asked. To look around:
  {BIN}/sallyport --socket {a} status          (also sas, policies, counters, card)
  ip netns exec {world.prefix}-lana ping {LAN_B}
  ip netns exec {world.prefix}-gwa tcpdump -n -i wan0
  less {world.folder}/sallyportd-gwa.log
To take it down: tools/demo --stop""")


def stop(prefix):
    """Takes down every world a --keep left."""
    ours = named_namespaces(prefix)
    for name in ours:
        take_down(name)
    for folder in Path("/tmp").glob(f"{prefix}[0-9]*"):
        shutil.rmtree(folder, ignore_errors=True)
    print(f"demo: {len(ours)} namespaces taken down")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="tools/demo")
    parser.add_argument("--keep", action="store_true", help="leave everything up")
    parser.add_argument("--stop", action="store_true", help="take down what --keep left")
    parser.add_argument("--users", action="store_true", help="show security by who sends, instead of the main job")
    parser.add_argument("--card", choices=CARDS, default="xrt", help="which card the gateways have")
    parser.add_argument("--prefix", default="spdemo", help="what the names of its namespaces begin with")
    options = parser.parse_args()
    if options.stop:
        return stop(options.prefix)
    claims = Claims()
    started = time.monotonic()
    try:
        with World(options.prefix, keep=options.keep) as world:
            if options.users:
                demo_users.show(world, claims, options.card)
            else:
                show(world, claims, options.card)
            if options.keep:
                look_around(world)
    except Failure as problem:
        print(f"\ndemo: {problem}", file=sys.stderr)
        claims.bad.append(str(problem).splitlines()[0])
    except KeyboardInterrupt:
        print("\ndemo: interrupted; everything is taken down", file=sys.stderr)
        return 130
    print(f"\n== {len(claims.good)} of {len(claims.good) + len(claims.bad)} claims hold, after {time.monotonic() - started:.0f} s")
    for sentence in claims.bad:
        print(f"  not as claimed: {sentence}")
    return 1 if claims.bad else 0


if __name__ == "__main__":
    sys.exit(main())
