# SPDX-License-Identifier: Apache-2.0
"""strongSwan as a peer, in a namespace of its own. ESP is done in userland by its kernel-libipsec plug-in, which speaks
ESP in UDP only, tunnel mode, no ESN."""

import os

from .network import Failure, wait_for
from .readers import keys_from_charon

CHARON = "/usr/sbin/charon-systemd"  # keeps no pid file and needs no systemd: several can run side by side
# kernel-libipsec stands before kernel-netlink, which still does addresses, routes and rules.
PLUGINS = """random nonce drbg openssl aes sha1 sha2 hmac kdf gcm ctr curve25519 gmp pem pkcs1 pkcs8 pubkey x509 constraints
 kernel-libipsec kernel-netlink socket-default vici updown counters"""
# swanctl complains of each that is missing.
SWANCTL_FOLDERS = "x509 x509ca x509ocsp x509aa x509ac x509crl pubkey private rsa ecdsa bliss pkcs8 pkcs12"


class StrongSwan:
    """charon with a swanctl.conf, running until the world ends."""

    def __init__(self, namespace, swanctl_conf, charon_options=""):
        self.namespace = namespace
        self.folder = namespace.world.folder / f"swan-{namespace.name}"
        for name in SWANCTL_FOLDERS.split():
            (self.folder / "swanctl" / name).mkdir(parents=True)
        self.socket = f"unix://{self.folder}/vici"
        if len(self.socket) > 113:
            raise Failure(f"{self.socket}: too long for the path of a UNIX socket")
        (self.folder / "swanctl" / "swanctl.conf").write_text(swanctl_conf)
        (self.folder / "strongswan.conf").write_text(self._configuration(charon_options))
        for name in ("charon.log", "keys.log"):
            (self.folder / name).touch()
        self.env = dict(os.environ, STRONGSWAN_CONF=str(self.folder / "strongswan.conf"), SWANCTL_DIR=str(self.folder / "swanctl"))
        self.process = namespace.start(f"charon-{namespace.name}", CHARON, env=self.env)
        wait_for("strongSwan to come up", lambda: self.swanctl("--stats", check=False).returncode == 0)
        self.process.must_run()
        loaded = self.swanctl("--load-all", "--noprompt")
        if "failed" in loaded.stdout + loaded.stderr:
            raise Failure(f"swanctl did not load its configuration:\n{loaded.stdout}{loaded.stderr}")

    def _configuration(self, options):
        return f"""
charon-systemd {{
  load = {" ".join(PLUGINS.split())}
  retransmit_timeout = 1.0
  retransmit_base = 1.4
  retransmit_tries = 5
  journal {{
    default = -1
  }}
  filelog {{
    main {{
      path = {self.folder}/charon.log
      ike_name = yes
      flush_line = yes
      default = 1
    }}
    keys {{
      path = {self.folder}/keys.log
      time_format = %H:%M:%S
      flush_line = yes
      default = -1
      chd = 4
      enc = 1
    }}
  }}
  plugins {{
    vici {{
      socket = {self.socket}
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
    kernel-netlink {{
      fwmark = !0x42
    }}
    socket-default {{
      fwmark = 0x42
    }}
  }}
  {options}
}}
swanctl {{
  load = random openssl sha1 sha2 pem pkcs1 pkcs8 pubkey x509
}}
"""

    def swanctl(self, *arguments, check=True):
        command = ("env", f"STRONGSWAN_CONF={self.env['STRONGSWAN_CONF']}", f"SWANCTL_DIR={self.env['SWANCTL_DIR']}", "swanctl",
                   arguments[0], *arguments[1:], "--uri", self.socket)
        return self.namespace.run(*command, check=check)

    def initiate(self, child="net", seconds=20):
        """True when the CHILD_SA came up."""
        return self.swanctl("--initiate", "--child", child, "--timeout", str(seconds), check=False).returncode == 0

    def list_sas(self):
        return self.swanctl("--list-sas").stdout

    def log(self):
        return (self.folder / "charon.log").read_text(errors="replace")

    def keys(self):
        """EspKey of every CHILD_SA so far."""
        return keys_from_charon((self.folder / "keys.log").read_text(errors="replace"))
