# SPDX-License-Identifier: Apache-2.0
"""TCP connections between two hosts of a world that go on and on."""

import json
import time

from . import traffic
from .network import wait_for


def answer_conversations(host):
    """Has somebody there who answers, until the world ends."""
    answering = host.start("answering", "/usr/bin/python3", traffic.__file__, "answer", "--port", traffic.TALK_PORT)
    wait_for("somebody who answers", lambda: "listening" in answering.output())


class Conversation:
    """One connection, on which its side says number after number and the other says each again, until stop()."""

    def __init__(self, host, address, rate):
        self.report = host.world.folder / f"conversation-{time.monotonic_ns()}.json"
        self.talker = host.start(self.report.stem, "/usr/bin/python3", traffic.__file__, "talk", "--to", address, "--port", traffic.TALK_PORT,
                                 "--rate", rate, "--report", self.report)
        wait_for("a connection", self.report.exists, seconds=60)
        self.port = self.state()["port"]

    def state(self):
        """{"port": of its own end, "said": n, "answered": n}, after the last answer."""
        return json.loads(self.report.read_text())

    def wait_for_answers(self, count=10):
        before = self.state()["answered"]
        wait_for("answers", lambda: self.state()["answered"] >= before + count, seconds=60)

    def stop(self):
        self.talker.stop()
        return self.state()
