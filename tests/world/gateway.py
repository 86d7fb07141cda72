# SPDX-License-Identifier: Apache-2.0
"""One of our gateways in a namespace: sallyportd and its card, at one of the three heights of docs/architecture.md.

The namespace has the wires lan0 and wan0, which are the card's Ethernet ports; Linux there sees the card as sp-lan and sp-wan."""

import json
import os
from pathlib import Path

from .network import Failure, wait_for
from .readers import keys_from_keylog

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SALLYPORT_BUILD", ROOT / "build" / "release"))
BIN = BUILD / "bin"
XCLBIN = BUILD / "share" / "sallyport" / "sallyport.xclbin"
SHORT_SLEEP = BUILD / "tests" / "libsallyport_short_sleep.so"  # XRT's shim would wait ten seconds for nothing

# The daemon of each height: the software card, the Verilated card in the daemon's process, and the same behind stock XRT.
DAEMON = {"software": BIN / "sallyportd", "verilated": BUILD / "tests" / "sallyportd-verilated", "xrt": BIN / "sallyportd"}


class Gateway:
    """`configuration` is the part of the TOML file behind [card] and [gateway]: sides, connections, policies; `card_options` are further
    lines of [card]."""

    def __init__(self, namespace, configuration, card="xrt", card_options=""):
        self.namespace, self.card_kind = namespace, card
        self.folder = namespace.world.folder / f"gateway-{namespace.name}"
        (self.folder / "state").mkdir(parents=True)
        self.socket = self.folder / "api.sock"
        self.keylog = self.folder / "esp.keys"
        # XRT's emulation has its sockets in /tmp/$USER, where they outlive both ends; this user's folder goes with the world.
        self.emulation = {"user": namespace.world.folder.name, "socket": namespace.name}
        self.file = self.folder / "gateway.toml"
        card_section = (f'[card]\nbackend = "xrt"\nxclbin = "{XCLBIN}"\n' if card == "xrt" else
                        '[card]\nbackend = "software"\nlan_interface = "lan0"\nwan_interface = "wan0"\n')
        self.file.write_text(f'{card_section}{card_options}\n[gateway]\nsocket = "{self.socket}"\nstate_directory = "{self.folder}/state"\n'
                             f'keylog = "{self.keylog}"\n\n{configuration}')
        self.file.chmod(0o600)
        self.card = self.daemon = None

    def start(self):
        """Card and daemon; returns when the daemon answers."""
        if self.card_kind == "xrt":
            self.card = self.namespace.start(f"card-{self.namespace.name}", BIN / "sallyport-card", "--lan", "lan0", "--wan", "wan0", "--user",
                                             self.emulation["user"], "--socket", self.emulation["socket"])
        self.start_daemon()
        return self

    def start_daemon(self):
        daemon = [DAEMON[self.card_kind], "--config", self.file]
        if self.card_kind == "xrt":
            daemon = ["env", f"LD_PRELOAD={SHORT_SLEEP}", f"USER={self.emulation['user']}", BIN / "sallyport-emulated", self.emulation["socket"],
                      *daemon]
        self.daemon = self.namespace.start(f"sallyportd-{self.namespace.name}", *daemon)

        def answers():
            self.daemon.must_run()
            if self.card:
                self.card.must_run()
            return self.cli("status", check=False).returncode == 0

        wait_for(f"the gateway {self.namespace.name} to answer", answers, seconds=240)

    def check(self):
        """The configuration file alone, as `sallyportd --check` reads it."""
        return self.namespace.run(DAEMON[self.card_kind], "--check", "--config", self.file, check=False)

    def cli(self, *arguments, check=True, input=None):
        """The command line, as an operator uses it."""
        return self.namespace.run(*self.command(*arguments), check=check, input=input)

    def command(self, *arguments):
        return [BIN / "sallyport", "--socket", self.socket, *arguments]

    def query(self, *arguments):
        """The same with --json."""
        return json.loads(self.cli(*arguments, "--json").stdout)

    def keys(self):
        """SaKey of every SA this gateway has had."""
        return keys_from_keylog(self.keylog.read_text()) if self.keylog.exists() else []

    def log(self):
        return self.daemon.output()

    def established(self):
        """The CHILD SAs as the gateway lists them."""
        return [sa for sa in self.query("sas")["sas"] if sa.get("state", "installed") == "installed"]

    def wait_established(self, count=1, seconds=60):
        try:
            return wait_for(f"{count} SA pair(s) at {self.namespace.name}", lambda: len(self.established()) >= count and self.established(), seconds)
        except Failure as problem:
            raise Failure(f"{problem}\n{self.log()[-3000:]}") from problem
