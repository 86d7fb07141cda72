# SPDX-License-Identifier: Apache-2.0
"""strongSwan as a peer: in a namespace of its own, where ESP is done in userland by its kernel-libipsec plug-in, which speaks ESP
in UDP only, tunnel mode, no ESN; or in a guest, over the Linux kernel's ESP."""

import os
import shutil
from pathlib import Path

from .linux_guest import LinuxGuest, add_libgcc, copy_with_libraries
from .network import Failure, wait_for
from .readers import keys_from_charon

CHARON = "/usr/sbin/charon-systemd"  # keeps no pid file and needs no systemd: several can run side by side
# kernel-libipsec goes before these: kernel-netlink still does addresses, routes and rules.
PLUGINS = """random nonce drbg openssl aes sha1 sha2 hmac kdf gcm ctr curve25519 gmp pem pkcs1 pkcs8 pubkey x509 constraints
 kernel-netlink socket-default vici updown counters"""
SWANCTL_PLUGINS = "random openssl sha1 sha2 pem pkcs1 pkcs8 pubkey x509"
PLUGIN_FOLDER = Path("/usr/lib/ipsec/plugins")
# swanctl complains of each that is missing.
SWANCTL_FOLDERS = "x509 x509ca x509ocsp x509aa x509ac x509crl pubkey private rsa ecdsa bliss pkcs8 pkcs12"


def configuration(folder, plugins, options=""):
    """strongswan.conf of a charon whose files are in `folder`."""
    return f"""
charon-systemd {{
  load = {" ".join(plugins.split())}
  retransmit_timeout = 1.0
  retransmit_base = 1.4
  retransmit_tries = 5
  journal {{
    default = -1
  }}
  filelog {{
    main {{
      path = {folder}/charon.log
      ike_name = yes
      flush_line = yes
      default = 1
    }}
    keys {{
      path = {folder}/keys.log
      time_format = %H:%M:%S
      flush_line = yes
      default = -1
      chd = 4
      enc = 1
    }}
  }}
  plugins {{
    vici {{
      socket = unix://{folder}/vici
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
  load = {SWANCTL_PLUGINS}
}}
"""


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
        (self.folder / "strongswan.conf").write_text(configuration(self.folder, f"kernel-libipsec {PLUGINS}", charon_options))
        for name in ("charon.log", "keys.log"):
            (self.folder / name).touch()
        self.env = dict(os.environ, STRONGSWAN_CONF=str(self.folder / "strongswan.conf"), SWANCTL_DIR=str(self.folder / "swanctl"))
        self.process = namespace.start(f"charon-{namespace.name}", CHARON, env=self.env)
        wait_for("strongSwan to come up", lambda: self.swanctl("--stats", check=False).returncode == 0)
        self.process.must_run()
        loaded = self.swanctl("--load-all", "--noprompt")
        if "failed" in loaded.stdout + loaded.stderr:
            raise Failure(f"swanctl did not load its configuration:\n{loaded.stdout}{loaded.stderr}")

    def swanctl(self, *arguments, check=True):
        command = ("env", f"STRONGSWAN_CONF={self.env['STRONGSWAN_CONF']}", f"SWANCTL_DIR={self.env['SWANCTL_DIR']}", "swanctl",
                   arguments[0], *arguments[1:], "--uri", self.socket)
        return self.namespace.run(*command, check=check)

    def initiate(self, child="net", seconds=60):
        """True when the CHILD_SA came up."""
        return self.swanctl("--initiate", "--child", child, "--timeout", str(seconds), check=False).returncode == 0

    def list_sas(self):
        return self.swanctl("--list-sas").stdout

    def log(self):
        return (self.folder / "charon.log").read_text(errors="replace")

    def keys(self):
        """SaKey of every CHILD_SA so far."""
        return keys_from_charon((self.folder / "keys.log").read_text(errors="replace"))


class KernelStrongSwan:
    """strongSwan over the Linux kernel's ESP: a guest in the place of `namespace`, whose shell script `rc` sets its addresses."""

    FOLDER = "/swan"

    def __init__(self, namespace, swanctl_conf, rc, cache):
        self.environment = f"export STRONGSWAN_CONF={self.FOLDER}/strongswan.conf SWANCTL_DIR={self.FOLDER}/swanctl"
        self.swanctl_conf = swanctl_conf
        start = f"{rc}\n{self.environment}\n{CHARON} >{self.FOLDER}/output 2>&1 &\n"
        self.guest = LinuxGuest(namespace, start, cache, add=self._add)
        wait_for("strongSwan to come up in the guest", lambda: self.swanctl("--stats")[0] == 0, seconds=60)
        status, output = self.swanctl("--load-all", "--noprompt")
        if status != 0 or "failed" in output:
            raise Failure(f"swanctl did not load its configuration:\n{output}")

    def _add(self, root):
        folder = root / self.FOLDER.lstrip("/")
        for name in SWANCTL_FOLDERS.split():
            (folder / "swanctl" / name).mkdir(parents=True)
        (folder / "swanctl" / "swanctl.conf").write_text(self.swanctl_conf)
        (folder / "strongswan.conf").write_text(configuration(self.FOLDER, PLUGINS))
        for program in (CHARON, shutil.which("swanctl")):
            copy_with_libraries(program, root)
        for name in set(f"{PLUGINS} {SWANCTL_PLUGINS}".split()):
            plugin = PLUGIN_FOLDER / f"libstrongswan-{name}.so"
            if plugin.exists():  # some are built in
                copy_with_libraries(str(plugin), root)
        add_libgcc(root)

    def swanctl(self, *arguments):
        """(status, output)"""
        return self.guest.run(f"{self.environment}\nswanctl {' '.join(arguments)} --uri unix://{self.FOLDER}/vici", check=False)

    def initiate(self, child="net", seconds=60):
        return self.swanctl("--initiate", "--child", child, "--timeout", str(seconds))[0] == 0

    def list_sas(self):
        return self.swanctl("--list-sas")[1]

    def log(self):
        return self.guest.run(f"cat {self.FOLDER}/charon.log")[1]
