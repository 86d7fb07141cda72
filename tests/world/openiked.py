# SPDX-License-Identifier: Apache-2.0
"""OpenIKED as a peer: in a guest, over the Linux kernel's ESP, which it reaches by PF_KEY: AES-CBC with HMAC, no AES-GCM, no ESN. Its package,
which would make keys and a user, is unpacked; its libraries are installed."""

import subprocess

from .linux_guest import LinuxGuest, copy_with_libraries
from .network import wait_for
from .packages import unpacked

FOLDERS = "ca certs crls private pubkeys/fqdn pubkeys/ipv4 pubkeys/ipv6 pubkeys/ufqdn"
# It loads its keys before it asks for what, and OpenSSL's old algorithms whether it has a use for them or not.
KEY = "iked/private/local.key"
LEGACY = "/usr/lib/x86_64-linux-gnu/ossl-modules/legacy.so"
LOG = "/iked.log"


class OpenIked:
    """iked, running until the world ends: a guest in the place of `namespace`, whose shell script `rc` sets its addresses. `policy`: the
    words of its only one, which initiates at once if it is "active"."""

    def __init__(self, namespace, policy, rc, cache):
        self.package = unpacked(cache, "openiked", "openiked")
        self.policy = policy
        self.guest = LinuxGuest(namespace, f"{rc}\niked -dvv >{LOG} 2>&1 &\n", cache, add=self._add, modules="af_key")
        # Whatever comes before the last of its settings is forgotten.
        wait_for("iked to come up in the guest", lambda: "config_getstatic: no stickyaddress" in self.log(), seconds=60)

    def _add(self, root):
        etc = root / "etc"
        for name in FOLDERS.split():
            (etc / "iked" / name).mkdir(parents=True)
        (root / "var/lib/openiked/empty").mkdir(parents=True)
        (root / "var/run").symlink_to("/run")
        (etc / "passwd").write_text("root:x:0:0:root:/:/bin/sh\n_iked:x:100:100::/var/lib/openiked/empty:/bin/false\n")
        (etc / "group").write_text("root:x:0:\n_iked:x:100:\n")
        key = ["openssl", "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", etc / KEY]
        subprocess.run(key, check=True, capture_output=True)
        (etc / "iked.conf").write_text(f"ikev2 \"dut\" {' '.join(self.policy.split())}\n")
        for name in (KEY, "iked.conf"):
            (etc / name).chmod(0o600)
        for name in ("iked", "ikectl"):
            copy_with_libraries(self.package / "usr/sbin" / name, root, f"/usr/sbin/{name}")
        copy_with_libraries(LEGACY, root)

    def ikectl(self, *words):
        """What iked says to an order."""
        return self.guest.run(f"ikectl {' '.join(words)}", check=False)[1]

    def log(self):
        return self.guest.run(f"cat {LOG}", check=False)[1]
