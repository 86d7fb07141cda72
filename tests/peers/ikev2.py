#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""IKEv2 with a pre-shared key against strongSwan."""

from peer_test import DUT, DUT6, LAN_B, NET_A, NET_A6, NET_B, NET_B6, PEER, PEER6, PeerTest, main, sides
from world.network import wait_for
from world.strongswan import StrongSwan

from scapy.all import UDP, IPv6, rdpcap

SECRET = "a secret shared with the peer"


def swanctl(proposals="aes128gcm16-prfsha256-ecp256", esp="aes128gcm16", secret=SECRET, ike_options="", child_options="", local_ts=NET_B,
            remote_ts=NET_A, ah="", ends=(PEER, DUT)):
    """`ah`: proposals of AH in the place of `esp`."""
    return f"""
connections {{
  dut {{
    version = 2
    proposals = {proposals}
    local_addrs = {ends[0]}
    remote_addrs = {ends[1]}
    {ike_options}
    local {{
      auth = psk
      id = peer.example
    }}
    remote {{
      auth = psk
      id = dut.example
    }}
    children {{
      net {{
        local_ts = {local_ts}
        remote_ts = {remote_ts}
        {f"ah_proposals = {ah}" if ah else f"esp_proposals = {esp}"}
        {child_options}
      }}
    }}
  }}
}}
secrets {{
  ike-dut {{
    id-1 = peer.example
    id-2 = dut.example
    secret = "{secret}"
  }}
}}
"""


def ours(start, proposals="aes128gcm16-prfsha256-ecp256", esp="aes128gcm16", options="", local_ts=NET_A, remote_ts=NET_B, ah="",
         remote_address=PEER, child_options=""):
    """Selectors with commas are lists; without any text they are left out."""
    selectors = "".join(f"{key} = {texts.split(', ')}\n" for key, texts in (("local_ts", local_ts), ("remote_ts", remote_ts)) if texts)
    return f"""
[[connections]]
name = "peer"
remote_address = "{remote_address}"
local_id = "dut.example"
remote_id = "peer.example"
secret = "{SECRET}"
proposals = ["{proposals}"]
{options}
[[connections.children]]
name = "net"
{selectors}{f'ah_proposals = ["{ah}"]' if ah else f'esp_proposals = ["{esp}"]'}
start_action = "{start}"
{child_options}
"""


class Ikev2Test(PeerTest):
    def setUp(self):
        super().setUp()
        self.linux_peer()

    def tunnel(self, initiator, theirs=None, **words):
        """Both gateways, and the tunnel brought up by one of them."""
        swan = StrongSwan(self.peer, theirs or swanctl(**words))
        gateway = self.gateway(ours("start" if initiator else "none", **words)).start()
        if not initiator:
            self.assertTrue(swan.initiate(), swan.log())
        gateway.wait_established()
        return gateway, swan


class Ikev2(Ikev2Test):
    def test_psk_gcm128_as_initiator(self):
        _, swan = self.tunnel(initiator=True)
        self.assertIn("AES_GCM_16-128", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_psk_gcm128_as_responder(self):
        _, swan = self.tunnel(initiator=False)
        self.assertIn("AES_GCM_16-128", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_psk_gcm256_as_initiator(self):
        _, swan = self.tunnel(initiator=True, proposals="aes256gcm16-prfsha384-ecp384", esp="aes256gcm16")
        self.assertIn("AES_GCM_16-256", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_psk_gcm256_as_responder(self):
        _, swan = self.tunnel(initiator=False, proposals="aes256gcm16-prfsha384-ecp384", esp="aes256gcm16")
        self.assertIn("AES_GCM_16-256", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_cbc_and_hmac_protect_ike_itself(self):
        _, swan = self.tunnel(initiator=True, proposals="aes256-sha256-modp2048")
        self.assertIn("AES_CBC-256/HMAC_SHA2_256_128", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def refused(self, gateway, why):
        """We initiate in vain, and say why."""
        done = gateway.cli("initiate", "peer", "net", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(why, done.stderr)
        self.assertEqual(gateway.established(), [])

    def test_the_peer_asks_for_another_group(self):
        _, swan = self.tunnel(initiator=True, theirs=swanctl("aes256-sha256-ecp256"), proposals="aes256-sha256-modp2048-ecp256")
        self.assertIn("N(INVAL_KE)", swan.log())
        self.assertIn("ECP_256", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_we_ask_for_another_group(self):
        _, swan = self.tunnel(initiator=False, theirs=swanctl("aes256-sha256-modp2048-ecp256"), proposals="aes256-sha256-ecp256")
        self.assertIn("N(INVAL_KE)", swan.log())
        self.assertIn("ECP_256", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_the_peer_narrows_what_we_propose(self):
        gateway = self.gateway(ours("none", remote_ts="0.0.0.0/0")).start()
        swan = StrongSwan(self.peer, swanctl())
        gateway.cli("initiate", "peer", "net")
        self.assertEqual(gateway.established()[0]["remote_ts"], NET_B)
        self.assert_traffic_is_protected(swan.keys)

    def test_we_narrow_what_the_peer_proposes(self):
        _, swan = self.tunnel(initiator=False, theirs=swanctl(remote_ts="10.0.0.0/8"))
        self.assertIn(f"remote {NET_A}", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_no_ike_proposal_in_common(self):
        swan = StrongSwan(self.peer, swanctl("aes128-sha256-ecp256"))
        gateway = self.gateway(ours("none", "aes256-sha512-modp2048")).start()
        self.refused(gateway, "NO_PROPOSAL_CHOSEN")
        self.assertFalse(swan.initiate())
        self.assertIn("received NO_PROPOSAL_CHOSEN", swan.log())

    def test_no_esp_proposal_in_common_leaves_the_ike_sa(self):
        swan = StrongSwan(self.peer, swanctl(esp="aes256gcm16"))
        gateway = self.gateway(ours("none")).start()
        self.refused(gateway, "NO_PROPOSAL_CHOSEN")
        self.assertFalse(swan.initiate())
        self.assertIn("ESTABLISHED", swan.list_sas())

    def test_ah_is_not_used_in_udp(self):
        swan = StrongSwan(self.peer, swanctl())
        gateway = self.gateway(ours("none", ah="sha256")).start()
        # strongSwan's userland is in UDP only, which AH is not.
        self.refused(gateway, "is AH, which passes no NAT")
        self.assertFalse(swan.initiate())
        self.assertIn("received NO_PROPOSAL_CHOSEN", swan.log())
        self.assertIn("is AH, which passes no NAT", gateway.log())

    def test_transport_mode_is_not_used_in_udp(self):
        swan = StrongSwan(self.peer, swanctl(local_ts="dynamic", remote_ts="dynamic", child_options="mode = transport"))
        gateway = self.gateway(ours("none", local_ts="", remote_ts="", child_options='mode = "transport"')).start()
        self.assertFalse(swan.initiate())
        self.assertIn("is in transport mode, which is not used across a NAT", gateway.log())
        self.assertEqual(gateway.established(), [])

    def test_traffic_selectors_that_do_not_meet(self):
        swan = StrongSwan(self.peer, swanctl())
        gateway = self.gateway(ours("none", local_ts="10.77.0.0/24")).start()
        self.refused(gateway, "TS_UNACCEPTABLE")
        self.assertFalse(swan.initiate())
        self.assertIn("received TS_UNACCEPTABLE", swan.log())

    def test_rekey_child_by_the_peer_stops_no_traffic(self):
        theirs = swanctl(esp="aes128gcm16-ecp256", child_options="rekey_time = 4s\n life_time = 8s\n rand_time = 0s")
        _, swan = self.tunnel(initiator=True, theirs=theirs, esp="aes128gcm16-ecp256")
        self.assert_traffic_is_protected(swan.keys)
        self.assertLessEqual(self.lost_in(11), 1)
        self.assertGreaterEqual(swan.log().count("CHILD_SA net{"), 3)
        self.assertGreaterEqual(len({k.spi for k in swan.keys()}), 6, "three pairs of SAs, each with SPIs of its own")

    def test_rekey_ike_by_the_peer_stops_no_traffic(self):
        theirs = swanctl(ike_options="rekey_time = 4s\n over_time = 4s\n rand_time = 0s")
        _, swan = self.tunnel(initiator=True, theirs=theirs)
        self.assert_traffic_is_protected(swan.keys)
        self.assertLessEqual(self.lost_in(11), 1)
        self.assertGreaterEqual(swan.log().count("rekeyed between"), 2)

    def test_rekey_by_us_of_both_kinds_stops_no_traffic(self):
        gateway, swan = self.tunnel(initiator=True)
        self.assert_traffic_is_protected(swan.keys)
        before = {sa["spi_in"] for sa in gateway.established()}
        gateway.cli("rekey", "peer", "net")
        wait_for("a new CHILD_SA", lambda: before.isdisjoint({sa["spi_in"] for sa in gateway.established()}))
        gateway.cli("rekey", "peer")
        wait_for("the peer to see the new IKE_SA", lambda: "rekeyed between" in swan.log())
        # strongSwan's log does not tell the key of an SA whose use it puts off; ours does.
        self.assert_traffic_is_protected(gateway.keys)

    def test_dpd_notices_a_dead_peer_and_the_tunnel_comes_back(self):
        gateway, swan = self.tunnel(initiator=True, theirs=swanctl(ike_options="dpd_delay = 2s"))
        self.assert_traffic_is_protected(swan.keys)
        self.peer.run("ip", "link", "set", "wan0", "down")
        wait_for("the peer to drop its SA", lambda: "ESTABLISHED" not in swan.list_sas())
        self.peer.run("ip", "link", "set", "wan0", "up")
        self.assertTrue(wait_for("the peer to set the tunnel up again", swan.initiate, seconds=60))
        self.assert_traffic_is_protected(swan.keys)
        gateway.daemon.must_run()

    def test_bad_psk_is_refused_when_we_initiate(self):
        swan = StrongSwan(self.peer, swanctl(secret="another secret"))
        gateway = self.gateway(ours("none")).start()
        done = gateway.cli("initiate", "peer", "net", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout + done.stderr, "(?i)auth")
        self.assertEqual(gateway.established(), [])
        self.assertNotIn("ESTABLISHED", swan.list_sas())

    def test_bad_psk_is_refused_when_the_peer_initiates(self):
        swan = StrongSwan(self.peer, swanctl(secret="another secret"))
        gateway = self.gateway(ours("none")).start()
        self.assertFalse(swan.initiate())
        self.assertRegex(swan.log(), "AUTH_FAILED|AUTHENTICATION_FAILED")
        self.assertEqual(gateway.established(), [])


TS_A, TS_B = f"{NET_A}, {NET_A6}", f"{NET_B}, {NET_B6}"


class Ikev2OverIpv6(PeerTest):
    """Endpoints of IPv6: kernel.py has bare ESP. strongSwan's userland has ESP in UDP, and receives it by sockets of Linux, which
    take no checksum of 0 there (RFC 8200 8.1)."""

    both = True

    def tunnel(self, initiator):
        self.linux_peer()
        swan = StrongSwan(self.peer, swanctl(ends=(PEER6, DUT6), local_ts=TS_B, remote_ts=TS_A))
        start = "start" if initiator else "none"
        gateway = self.gateway(ours(start, local_ts=TS_A, remote_ts=TS_B, remote_address=PEER6)).start()
        if not initiator:
            self.assertTrue(swan.initiate(), swan.log())
        gateway.wait_established()
        self.assertRegex(swan.list_sas(), rf"remote .* {DUT6}\[4500\]")
        self.assert_traffic_is_protected(swan.keys)
        return gateway

    def assert_checksums(self):
        """Those of UDP, which scapy computes anew."""
        sent = [packet for packet in rdpcap(str(self.wan)) if UDP in packet and packet[IPv6].src == DUT6]
        self.assertGreaterEqual(len(sent), 20)
        for packet in sent:
            again = packet[IPv6].copy()
            del again[UDP].chksum
            self.assertEqual(IPv6(bytes(again))[UDP].chksum, packet[UDP].chksum)

    def test_esp_in_udp_over_ipv6_as_initiator(self):
        self.tunnel(initiator=True)
        self.assert_checksums()

    def test_esp_in_udp_over_ipv6_as_responder(self):
        gateway = self.tunnel(initiator=False)
        self.assert_checksums()
        # Above the MTU of the WAN once it is protected, and of the peer's tunnel device, too.
        self.assertEqual(self.lana.ping(LAN_B, count=5, size=1440), 5)
        counters = gateway.query("counters")["host"]
        self.assertGreaterEqual(counters["udp_over_ipv6"], 25)
        self.assertGreaterEqual(counters["too_big"], 5)


INSIDE, ROUTER_INSIDE, ROUTER = "203.0.113.1", "203.0.113.254", DUT


class Nat(PeerTest):
    """We are 203.0.113.1 behind a router that gives us its own address and other ports."""

    sides = sides(INSIDE, ROUTER_INSIDE)

    def wire_wan(self):
        router = self.world.namespace("router")
        self.world.wire(self.dut, "wan0", router, "in0")
        self.world.wire(router, "out0", self.peer, "wan0")
        router.address("in0", f"{ROUTER_INSIDE}/24")
        router.address("out0", f"{ROUTER}/24")
        router.forward()
        router.run("nft", "-f", "-", input="""table ip nat {
            chain out {
                type nat hook postrouting priority 100
                oifname "out0" ip protocol udp masquerade to :20000-30000 random
            }
        }""")

    def test_encapsulated_traffic_passes_a_nat(self):
        self.linux_peer()
        swan = StrongSwan(self.peer, swanctl())
        gateway = self.gateway(ours("start")).start()
        gateway.wait_established()
        self.assertIn("remote host is behind NAT", swan.log())
        self.assertRegex(swan.list_sas(), rf"remote .* {ROUTER}\[2\d{{4}}\]")
        self.assert_traffic_is_protected(swan.keys)


class Ikev2OfBothVersions(Ikev2Test):
    """IPv4 and IPv6 inside ESP in UDP."""

    both = True

    def psk_gcm128(self, initiator):
        gateway, swan = self.tunnel(initiator, theirs=swanctl(local_ts=TS_B, remote_ts=TS_A), local_ts=TS_A, remote_ts=TS_B)
        self.assertEqual([sa["encap"] for sa in gateway.established()], [True])
        self.assertIn("AES_GCM_16-128", swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_psk_gcm128_as_initiator(self):
        self.psk_gcm128(initiator=True)

    def test_psk_gcm128_as_responder(self):
        self.psk_gcm128(initiator=False)


if __name__ == "__main__":
    main()
