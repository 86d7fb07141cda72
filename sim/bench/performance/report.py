#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the performance page and its pictures of the figures that tools/performance measured.

usage: report.py performance.json FOLDER

FOLDER gets performance.md and pictures/performance-*.svg.
"""
import json
import pathlib
import sys

CLOCK_HZ = 322_265_625
IMIX = [(64, 7), (570, 4), (1518, 1)]  # bytes with FCS, and how many of 12
OUT, IN = "out", "in"
UPDATES = [(1, 20), (64, 10_000), (1024, 20)]  # rules and commits


# ---- pictures --------------------------------------------------------------------------------------------------------------

COLOURS = ["#2f6f9f", "#e0913a"]


def bars(title, unit, rows, series, top, line=None):
    """An SVG of groups of horizontal bars: rows are (label, [value of each series])."""
    bar, gap, left, width = 11, 9, 170, 420
    height = 58 + len(rows) * (bar * len(series) + gap)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 70} {height}" font-family="sans-serif" font-size="11">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="8" y="16" font-size="13" font-weight="bold">{title}</text>']
    for i, name in enumerate(series):
        out.append(f'<rect x="{left + 130 * i}" y="26" width="10" height="10" fill="{COLOURS[i]}"/>'
                   f'<text x="{left + 14 + 130 * i}" y="35">{name}</text>')
    y = 48
    for label, values in rows:
        out.append(f'<text x="{left - 8}" y="{y + bar * len(series) / 2 + 4}" text-anchor="end">{label}</text>')
        for i, value in enumerate(values):
            out.append(f'<rect x="{left}" y="{y + i * bar}" width="{width * value / top:.1f}" height="{bar - 1}" fill="{COLOURS[i]}"/>'
                       f'<text x="{left + width * value / top + 4:.1f}" y="{y + i * bar + 9}" font-size="9">{value:{unit}}</text>')
        y += bar * len(series) + gap
    if line is not None:
        x = left + width * line / top
        out.append(f'<line x1="{x:.1f}" y1="42" x2="{x:.1f}" y2="{y}" stroke="#b03030" stroke-dasharray="4 3"/>')
    return "\n".join([*out, "</svg>", ""])


# ---- figures ---------------------------------------------------------------------------------------------------------------

def streams(row):
    return {s["direction"]: s for s in row["streams"]}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def printed_by(*commands):
    return "\n".join(["Printed by:", "", *(f"    sallyport-bench {c} --json" for c in commands)])


class Figures:
    def __init__(self, path):
        self.all = json.loads(path.read_text())

    def find(self, what, **options):
        """The one measurement with these options, and its command."""
        wanted = [f"--{name} {value}" for name, value in options.items()]
        found = [c for c in self.all if c.split()[0] == what and all(f" {w} " in f" {c} " for w in wanted)]
        if len(found) != 1:
            sys.exit(f"report: {len(found)} measurements are {what} {wanted}")
        return found[0], self.all[found[0]]


# Blocks that a frame's packet takes one clock each of: all of its ciphertext, and outbound its IV.
def cipher_blocks(name, frame, outbound):
    des = name.startswith(("des", "3des"))
    block = 8 if des else 16
    padded = 4 if name.startswith("null") or "ctr" in name else block
    ciphertext = -(-(frame - 18 + 2) // padded) * padded
    iv = outbound and not name.startswith("null")
    return (-(-ciphertext // block) + iv) * (3 if name.startswith("3des") else 1)


def imix_blocks(name, outbound):
    return sum(n * cipher_blocks(name, frame, outbound) for frame, n in IMIX) / 12


# ---- the page --------------------------------------------------------------------------------------------------------------

def wire_section(f, pictures):
    commands, measured = [], {}
    for name in ("aes128gcm16", "aes256gcm16"):
        for sas in (1, 1024):
            command, figures = f.find("rfc2544", sas=sas, algorithm=name, frames="64,128,256,512,1024,1280,1518,9018,imix,esp-min")
            commands.append(command)
            measured[name, sas] = {row["frames"]: streams(row) for row in figures["results"]}
    rows = []
    for frames, one in measured["aes128gcm16", 1].items():
        ratios = [f"{s[frames][OUT]['ratio']:.4f} / {s[frames][IN]['ratio']:.4f}" for s in measured.values()]
        rows.append([frames, f"{one[OUT]['ceiling_mpps']:.2f}", *ratios, f"{one[OUT]['lan_gbps']:.1f}", f"{one[OUT]['clocks_per_packet']:.2f}"])
    picture = [(frames, [s[OUT]["ratio"], s[IN]["ratio"]]) for frames, s in measured["aes256gcm16", 1024].items()]
    pictures["ratio"] = bars("AES-256-GCM, 1024 SAs: share of a full 100 Gb/s WAN (simulated)", ".4f", picture, ["out", "in"], 1)
    return f"""## AES-GCM fills the wire (simulated)

The highest rate without a lost frame, both directions at once, as a share of what a full 100 Gb/s WAN carries: each IPv4 packet with
padding, trailer, ESP header, IV, ICV, outer header and the line's own 38 bytes. Of 1024 SAs each is chosen by an SPD rule of its own, and each
packet takes one at random.

![Share of a full WAN by size of frame](pictures/performance-ratio.svg)

{table(["frame, bytes with FCS", "ceiling, Mpps each way", "ratio out / in, AES-128-GCM, 1 SA", "1024 SAs", "AES-256-GCM, 1 SA", "1024 SAs", "LAN Gb/s each way", "clocks a packet"], rows)}

`imix` is 64, 570 and 1518 bytes, 7:4:1, in a fixed order; `esp-min` the shortest ESP packet there is, 94 bytes of frame.

{printed_by(*commands)}
"""


def types_section(f, pictures):
    commands = [c for c in f.all if c.startswith("rfc2544 --frames imix --direction both --algorithm")]
    rows, picture = [], []
    for command in commands:
        if not command.endswith("--sas 1"):
            continue
        figures = f.all[command]
        one = streams(figures["results"][0])
        many_row = f.all[command + "024"]["results"][0]
        many = streams(many_row)
        name = figures["algorithm"]
        above = figures["results"][0].get("above")
        limit = "the wire" if above is None else f"the cipher loop: {imix_blocks(name, True):.2f} blocks"
        rows.append([f"`{name}`", f"{one[OUT]['lan_gbps']:.1f} / {one[IN]['lan_gbps']:.1f}",
                     f"{many[OUT]['lan_gbps']:.1f} / {many[IN]['lan_gbps']:.1f}", f"{one[OUT]['ratio']:.3f}",
                     f"{one[OUT]['clocks_per_packet']:.2f}", limit])
        picture.append((name, [one[OUT]["lan_gbps"], one[IN]["lan_gbps"]]))
    pictures["types"] = bars("IMIX, both directions at once: Gb/s of LAN frames each way (simulated; line: 40 Gb/s)", ".1f", picture,
                             ["out", "in"], 100, 40)
    apart = []
    for command, figures in f.all.items():
        words = command.split()
        if words[0] != "rfc2544" or "," in words[2]:
            continue
        row, name = figures["results"][0], figures["algorithm"]
        for way, s in streams(row).items():
            if row["frames"] == "imix" and "both" in words:
                continue
            apart.append([row["frames"], f"`{name}`", "both at once, " + way if "both" in words else way + " alone", f"{s['lan_gbps']:.1f}",
                          f"{s['wan_line_gbps']:.1f}", f"{s['clocks_per_packet']:.2f}"])
    return f"""## Every type on IMIX (simulated)

Gb/s of LAN frames (with FCS) out / in, both directions at once and at the same share of a full WAN, at the highest rate without a loss.

![IMIX by type](pictures/performance-types.svg)

{table(["type", "Gb/s, 1 SA", "Gb/s, 1024 SAs", "share of a full WAN", "clocks a packet, out", "limited by"], rows)}

And other sizes, and one direction alone:

{table(["frames", "type", "direction", "LAN Gb/s", "WAN Gb/s on the line", "clocks a packet"], apart)}

{printed_by("rfc2544 --frames imix --direction both --algorithm TYPE --sas N", "rfc2544 --frames FRAMES --direction WAY --algorithm TYPE")}

with each TYPE of the tables, N 1 and 1024, WAY `both`, `out` or `in`.
"""


def clocks_section(f):
    rows = []
    for name in ("aes256-sha256", "des-md5", "3des-sha1"):
        for way in (OUT, IN):
            _, figures = f.find("rfc2544", direction=way, algorithm=name)
            measured = streams(figures["results"][0])[way]["clocks_per_packet"]
            rows.append([f"`{name}`", way, f"{imix_blocks(name, way == OUT):.2f}", f"{measured:.2f}"])
    return f"""## Where the clocks go (simulated)

The chain engine's cipher loop of each direction takes one block a clock, of 16 bytes for AES and 8 for DES, three times for 3DES, and
outbound one more for the IV. On IMIX that is all the time there is: one direction alone measures

{table(["type", "direction", "blocks a packet", "clocks a packet"], rows)}

The hash does not limit: SHA-256 takes {sum(n * (-(-(cipher_blocks("aes256-sha256", frame, True) * 16 + 8 + 9) // 64) + 1) for frame, n in IMIX) / 12:.1f} blocks a packet in each direction and its pipeline one a clock. Nor does the number of packets inside (64
that are not hashed yet and 128 in all, in each direction): a longest packet of IMIX takes about 6 us through both chains, in which some 90 others arrive. NULL and AES-CTR go round the same
loop, and so are no faster than its 16 bytes a clock. Faster types would need a second cipher pipeline in each direction.
"""


def latency_section(f, pictures):
    rows, picture, commands = [], [], []
    for name in ("aes256gcm16", "aes256gmac"):
        command, figures = f.find("latency", algorithm=name)
        commands.append(command)
        for row in figures["results"]:
            s = streams(row)
            cell = lambda way: " / ".join(f"{s[way]['latency_ns'][k]:.0f}" for k in ("min", "p50", "p99", "max"))
            rows.append([f"`{name}`", row["frames"], cell(OUT), cell(IN)])
            if name == "aes256gcm16":
                picture.append((row["frames"], [s[OUT]["latency_ns"]["max"], s[IN]["latency_ns"]["max"]]))
    pictures["latency"] = bars("AES-256-GCM at 99 % load, 1024 SAs: longest latency, ns (simulated; line: 1 us)", ".0f", picture, ["out", "in"],
                               1100, 1000)
    slow = []
    for load in (0.02, 0.25):
        command, figures = f.find("latency", algorithm="aes256-sha256", load=load)
        commands.append(command)
        for row in figures["results"]:
            s = streams(row)
            cell = lambda way: f"{s[way]['latency_ns']['p50'] / 1000:.2f} / {s[way]['latency_ns']['max'] / 1000:.2f}"
            slow.append([load, row["frames"], cell(OUT), cell(IN)])
    return f"""## Latency (simulated)

In the card: from the last bit in to the first bit out (RFC 1242 3.8), at 99 % of a full WAN in both directions, 1024 SAs. Up to 1518 bytes no packet takes longer
than a microsecond (`Latency.IsAtMostAMicrosecondUpTo1518BytesAt99PercentLoad` in `bench_test` holds that, in a shorter run).

![Longest latency by size of frame](pictures/performance-latency.svg)

{table(["type", "frame", "out: min / p50 / p99 / max, ns", "in: min / p50 / p99 / max, ns"], rows)}

Through the chain engine a packet takes its cipher's and its hash's own time, block behind block: `aes256-sha256`,

{table(["share of a full WAN", "frame", "out: p50 / max, us", "in: p50 / max, us"], slow)}

{printed_by(*commands)}
"""


def update_section(f):
    rows, commands = [], []
    for rules, commits in UPDATES:
        command, u = f.find("update", rules=rules, commits=commits)
        commands.append(command)
        rows.append([rules, f"{commits:,}", f"{u['rows_written_per_commit']:.0f}", f"{u['clocks_per_commit']:,.0f}", f"{u['commits_per_second_simulated']:,.0f}",
                     f"{u['packets_offered']:,} / {u['inbound_packets_offered']:,}", f"{u['packets_lost']} / {u['inbound_packets_lost']}",
                     f"{u['unaffected_packets_lost']} of {u['unaffected_packets_offered']:,}", u["packets_of_no_allowed_type"],
                     u["packets_that_saw_two_generations"], f"{u['entry_blocked_clocks']:.0f}"])
    return f"""## Live change of policy (simulated)

Under a full WAN of 512-byte frames both ways, each commit moves every other flow to an SA of another type (AES-GCM with 128 and with 256 bits), and every rule to another place; the flows
between keep their SAs. The bench opens every packet: one that opens under neither of the two SAs that its flow may use would be of no allowed type.

{table(["rules", "commits", "rows a commit", "clocks a commit", "commits a second", "packets out / in", "lost out / in", "lost of flows that keep their SA", "of no allowed type", "saw two generations", "clocks without admission"], rows)}

{printed_by(*commands)}
"""


def simulator_section(f):
    _, speed = f.find("speed")
    rows = [[r["load"], f"{r['clocks']:,}", f"{r['clocks_evaluated']:,}", f"{r['clocks_per_cpu_second'] / 1000:,.0f}"] for r in speed["results"]]
    s = f.all["simulators"]
    compared = [[r["load"], f"{r['clocks_compared']:,}", f"{r['icarus_clocks_per_cpu_second']:,.0f}", f"{r['verilator_clocks_per_cpu_second']:,.0f}",
                 f"{r['verilator_clocks_per_cpu_second'] / r['icarus_clocks_per_cpu_second']:,.0f}"] for r in s["loads"]]
    return f"""## The simulation's own speed

Clocks a second of processor time, one thread, with the benchmark's own work (making and opening frames); what the machine is decides, so trust ratios. Clocks in
which nothing moves are skipped, which is what an idle card costs: nothing.

{table(["load", "simulated clocks", "of these evaluated", "thousand evaluated clocks a second"], rows)}

The same RTL under another simulator: {s["icarus"]} does not read the card's SystemVerilog, but it reads the elaborated card written as plain Verilog
([`bitstreams`](../bitstreams/README.md)). `sim/bench/performance/replay.py` gives it clock by clock what the Verilated card was given, from power on, and stops
where it has sent anything else: it has not. {s["icarus"]} begins with every register unknown, {s["verilator"]} with random values. Clocks a second of
processor time under load:

{table(["load", "clocks compared", s["icarus"], s["verilator"], "times"], compared)}

Printed by:

    sallyport-bench speed --json
    tools/performance --only simulators
"""


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    f, folder, pictures = Figures(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2]), {}
    page = "\n".join([
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# Performance\n",
        f"""Every figure is *simulated*: the whole card, Verilated from its RTL and run clock by clock at {CLOCK_HZ / 1e6} MHz between two 100 Gb/s ports.
Nothing was placed, and no card was used. `tools/performance` measures everything again and writes this page; the figures as they were printed are in
[`performance.json`](performance.json). How a rate is found is in [`sim/bench`](../sim/bench/README.md).
""",
        wire_section(f, pictures), types_section(f, pictures), clocks_section(f), latency_section(f, pictures), update_section(f),
        simulator_section(f)])
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    (folder / "performance.md").write_text(page)
    for name, svg in pictures.items():
        (folder / "pictures" / f"performance-{name}.svg").write_text(svg)


if __name__ == "__main__":
    main()
