# SPDX-License-Identifier: Apache-2.0
"""Libreswan as a peer: in a guest, over the Linux kernel's ESP and AH. Its package and strongSwan's exclude each other, so it is
unpacked; its libraries are installed."""

import subprocess
from pathlib import Path

from .linux_guest import LinuxGuest, add_libgcc, copy_with_libraries
from .network import Failure, wait_for
from .packages import unpacked

FOLDER = "/libreswan"
PROGRAMS = "/usr/libexec/ipsec"  # pluto looks for its helpers here
# NSS loads them by itself.
NSS_MODULES = ("libsoftokn3.so", "libfreeblpriv3.so")
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")


def configuration(connection, identities):
    """ipsec.conf; `connection`: further words of the only one, "key=value" a line."""
    ours, theirs = identities
    words = "".join(f"    {line.strip()}\n" for line in connection.strip().splitlines())
    return f"""config setup
    uniqueids=no

conn dut
    ikev2=yes
    authby=secret
    leftid=@{ours}
    rightid=@{theirs}
    leftupdown=%disabled
    auto=add
{words}"""


class Libreswan:
    """pluto, with one connection, running until the world ends: a guest in the place of `namespace`, whose shell script `rc` sets its
    addresses."""

    def __init__(self, namespace, connection, identities, secret, rc, cache):
        self.package = unpacked(cache, "libreswan", "libreswan")
        self.configuration = configuration(connection, identities)
        self.secrets = f'@{identities[0]} @{identities[1]} : PSK "{secret}"\n'
        start = f"""{rc}
mkdir -p /run/pluto /tmp
{PROGRAMS}/pluto --config {FOLDER}/ipsec.conf --secretsfile {FOLDER}/ipsec.secrets --nssdir {FOLDER}/nss --rundir /run/pluto \\
    --logfile {FOLDER}/log --nhelpers 0 --no-dnssec --nofork >{FOLDER}/output 2>&1 &
"""
        self.guest = LinuxGuest(namespace, start, cache, add=self._add)
        # It reads its configuration when it is up; adding the connection again tells that it is known.
        add = f"{PROGRAMS}/addconn --config {FOLDER}/ipsec.conf --ctlsocket /run/pluto/pluto.ctl dut"
        wait_for("Libreswan to come up in the guest", lambda: self.run(add)[0] == 0, seconds=60)
        if '"dut": added IKEv2 connection' not in self.log():
            raise Failure(f"Libreswan did not take its connection:\n{self.log()}")

    def _add(self, root):
        folder = root / FOLDER.lstrip("/")
        (folder / "nss").mkdir(parents=True)
        subprocess.run(["certutil", "-N", "-d", f"sql:{folder}/nss", "--empty-password"], check=True)
        (folder / "ipsec.conf").write_text(self.configuration)
        (folder / "ipsec.secrets").write_text(self.secrets)
        for name in ("pluto", "addconn", "whack"):
            copy_with_libraries(self.package / PROGRAMS.lstrip("/") / name, root, f"{PROGRAMS}/{name}")
        for name in NSS_MODULES:
            copy_with_libraries(LIBRARIES / name, root)
        add_libgcc(root)
        (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")

    def run(self, script):
        """(status, output)"""
        return self.guest.run(script, check=False)

    def whack(self, *arguments):
        """What pluto says to an order."""
        return self.run(f"{PROGRAMS}/whack --ctlsocket /run/pluto/pluto.ctl {' '.join(arguments)}")[1]

    def initiate(self):
        return "established Child SA" in self.whack("--name", "dut", "--initiate")

    def log(self):
        return self.run(f"cat {FOLDER}/log {FOLDER}/output")[1]
