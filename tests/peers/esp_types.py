#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Security types against strongSwan's userland ESP: each type that it knows, in either role."""

from ikev2 import ours, swanctl
from peer_test import PeerTest, main
from world.strongswan import StrongSwan


class EspTypes(PeerTest):
    def setUp(self):
        super().setUp()
        self.linux_peer()

    def type_works(self, esp, listed, initiator, proposals="aes256-sha256-modp2048", legacy=False):
        swan = StrongSwan(self.peer, swanctl(proposals=proposals, esp=esp))
        options = "legacy = true" if legacy else ""
        gateway = self.gateway(ours("start" if initiator else "none", proposals=proposals, esp=esp, options=options)).start()
        if not initiator:
            self.assertTrue(swan.initiate(), swan.log())
        sa = gateway.wait_established()[0]
        self.assertEqual(sa["algorithm"], esp)
        self.assertIn(listed, swan.list_sas())
        self.assert_traffic_is_protected(swan.keys)

    def test_cbc128_sha1(self):
        self.type_works("aes128-sha1", "AES_CBC-128/HMAC_SHA1_96", initiator=True)

    def test_cbc256_sha256(self):
        self.type_works("aes256-sha256", "AES_CBC-256/HMAC_SHA2_256_128", initiator=False)

    def test_cbc192_sha384(self):
        self.type_works("aes192-sha384", "AES_CBC-192/HMAC_SHA2_384_192", initiator=True)

    def test_cbc256_sha512(self):
        self.type_works("aes256-sha512", "AES_CBC-256/HMAC_SHA2_512_256", initiator=False, proposals="aes256-sha512-ecp521")

    def test_ctr256_sha256(self):
        self.type_works("aes256ctr-sha256", "AES_CTR-256/HMAC_SHA2_256_128", initiator=True)

    def test_null_sha256(self):
        self.type_works("null-sha256", "NULL/HMAC_SHA2_256_128", initiator=False)

    def test_3des_sha1(self):
        self.type_works("3des-sha1", "3DES_CBC/HMAC_SHA1_96", initiator=True, proposals="3des-sha1-modp1024", legacy=True)

    def test_what_is_refused_is_named_to_the_administrator(self):
        swan = StrongSwan(self.peer, swanctl(esp="aes256-sha512"))
        gateway = self.gateway(ours("none", esp="aes256gcm16, aes128-sha256")).start()
        self.assertFalse(swan.initiate())
        self.assertIn("NO_PROPOSAL_CHOSEN", swan.log())
        self.assertIn("refused: encryption aes256, integrity sha512", gateway.log())

    def is_refused_by_name(self, esp, name):
        """The peer proposes it alone: IKE comes up, the SA does not, and each side says why."""
        swan = StrongSwan(self.peer, swanctl(esp=esp))
        gateway = self.gateway(ours("none", esp="aes128gcm16, aes128-sha256")).start()
        self.assertFalse(swan.initiate())
        self.assertIn("received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", swan.log())
        self.assertIn("ESTABLISHED", swan.list_sas())
        self.assertIn(f"; refused: {name}", gateway.log())
        self.assertEqual(gateway.established(), [])

    def test_gcm8_is_refused_by_name(self):
        self.is_refused_by_name("aes128gcm8", "encryption aesgcm8/128")

    def test_ccm128_is_refused_by_name(self):
        self.is_refused_by_name("aes128ccm16", "encryption aesccm16/128")

    def test_chacha20poly1305_is_refused_by_name(self):
        self.is_refused_by_name("chacha20poly1305", "encryption chacha20poly1305")

    def test_xcbc_is_refused_by_name(self):
        self.is_refused_by_name("aes128-aesxcbc", "integrity aesxcbc")

    def is_refused_by_name_for_ike_itself(self, proposals, name):
        swan = StrongSwan(self.peer, swanctl(proposals=proposals))
        gateway = self.gateway(ours("none", proposals="aes128-sha256-modp2048-x25519")).start()
        self.assertFalse(swan.initiate())
        self.assertIn("received NO_PROPOSAL_CHOSEN notify error", swan.log())
        self.assertIn(f"; refused: {name}", gateway.log())

    def test_chacha20poly1305_is_refused_by_name_for_ike_itself(self):
        self.is_refused_by_name_for_ike_itself("chacha20poly1305-prfsha256-x25519", "encryption chacha20poly1305")

    def test_xcbc_is_refused_by_name_for_ike_itself(self):
        self.is_refused_by_name_for_ike_itself("aes128-aesxcbc-modp2048", "PRF prfaesxcbc, integrity aesxcbc")

    def test_a_broken_cipher_wants_the_word_legacy(self):
        gateway = self.gateway(ours("none", esp="3des-sha1"))
        done = gateway.check()
        self.assertEqual(done.returncode, 2)
        self.assertIn("has 3des, which is broken", done.stderr)


if __name__ == "__main__":
    main()
