# SPDX-License-Identifier: Apache-2.0
"""What a demonstration says as it goes: steps, and sentences that it checks."""


class Claims:
    """Sentences that were checked."""

    def __init__(self):
        self.good, self.bad = [], []

    def check(self, holds, sentence):
        (self.good if holds else self.bad).append(sentence)
        print(f"  {'ok  ' if holds else 'FAIL'} {sentence}", flush=True)

    def no_loss(self, what, report):
        self.check(not report["lost"] and report["sent"] > 0,
                   f"{what}: {report['sent']} probes sent, {report['received']} received, {len(report['lost'])} lost")


def step(text):
    print(f"\n== {text}", flush=True)
