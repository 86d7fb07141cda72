# SPDX-License-Identifier: Apache-2.0
"""Network namespaces with everything that runs in them; gone when the `with` block ends, however it ends."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path


ENDING = (signal.SIGINT, signal.SIGTERM)


class Failure(Exception):
    """Something is not as claimed; the text is a sentence for a person."""


def wait_for(what, predicate, seconds=60.0, pause=0.05):
    """Waits until predicate() is true and returns its value; a Failure names what did not happen."""
    end = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {seconds:g} s for {what}")
        time.sleep(pause)


class Process:
    """A background process of a World. Its output goes to a file; it is stopped with the world."""

    def __init__(self, name, argv, log, env=None):
        self.name, self.log = name, Path(log)
        # A process of the same name may have written before.
        self.begins = self.log.stat().st_size if self.log.exists() else 0
        with open(log, "ab") as out:
            # A session of its own: some programs signal their whole process group when they fail.
            self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, start_new_session=True)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def output(self):
        return self.log.read_bytes()[self.begins :].decode(errors="replace")

    def kill(self):
        """kill -9: no goodbye."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, seconds=8.0):
        """SIGTERM, then SIGKILL to the whole group; returns the exit status."""
        if self.running():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.popen.wait()

    def must_run(self):
        if not self.running():
            raise Failure(f"{self.name} ended with status {self.popen.returncode}:\n{self.output()[-3000:]}")


def ignore_endings():
    """Whoever is impatient waits until all is down."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def interrupt(*_):
    ignore_endings()
    raise KeyboardInterrupt


def named_namespaces(prefix):
    """Those of this machine whose names begin so."""
    listed = subprocess.run(["ip", "netns", "list"], text=True, capture_output=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines() if line.startswith(prefix)]


def take_down(full_name):
    """A namespace, with whatever still runs in it."""
    if full_name not in named_namespaces(full_name):
        return
    for pid in subprocess.run(["ip", "netns", "pids", full_name], text=True, capture_output=True, check=True).stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    subprocess.run(["ip", "netns", "del", full_name], check=True)


class Namespace:
    """One network namespace."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.full_name = f"{world.prefix}-{name}"
        world.namespaces[name] = self  # before it exists, so that an interruption leaves none behind
        subprocess.run(["ip", "netns", "add", self.full_name], check=True)
        self.run("ip", "link", "set", "lo", "up")
        self.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                 "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.default.send_redirects=0", "net.ipv4.ping_group_range=0 0")

    def argv(self, *command):
        return ["ip", "netns", "exec", self.full_name, *map(str, command)]

    def run(self, *command, check=True, input=None, timeout=120):
        """Runs a command to its end; its output is text. A failure is a Failure that shows the output."""
        done = subprocess.run(self.argv(*command), input=input, text=True, capture_output=True, timeout=timeout)
        if check and done.returncode != 0:
            raise Failure(f"{' '.join(map(str, command))} (in {self.name}) failed with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(self, name, *command, env=None):
        return self.world.start(name, self.argv(*command), env=env)

    def address(self, interface, address):
        """One of IPv6 switches IPv6 on there, without listening to routers and without waiting for who else may have it."""
        if ":" not in address:
            self.run("ip", "addr", "add", address, "dev", interface)
            return
        for option in ("accept_ra=0", "router_solicitations=0", "dad_transmits=0", "disable_ipv6=0"):
            self.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.{option}")
        self.run("ip", "addr", "add", address, "dev", interface, "nodad")

    def route(self, destination, via):
        family = "-6" if ":" in via else "-4"
        self.run("ip", family, "route", "add", destination, "via", via)

    def forward(self):
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")

    def ping(self, address, count=3, wait=10, size=56, source=None):
        """How many of `count` pings were answered."""
        return answered_pings(self, address, count, wait, size, *([] if source is None else ["-I", source]))


def answered_pings(who, address, count, wait, size, *options):
    """One after the other: once one of several has been answered, ping(8) waits for the others two round trips only, whatever -W says, and on a
    busy machine they come later. Status 1: no answer."""
    answered = 0
    for _ in range(count):
        done = who.run("ping", "-n", "-q", "-c", 1, "-W", wait, "-s", size, *options, address, check=False)
        if done.returncode not in (0, 1):
            raise Failure(f"{' '.join(done.args)} said: {done.stdout}{done.stderr}")
        answered += done.returncode == 0
    return answered


class World:
    """Owns namespaces, processes and a temporary folder. Use as a context manager."""

    def __init__(self, prefix, keep=False):
        self.prefix = f"{prefix}{os.getpid() % 100000}"
        self.keep = keep  # leave everything up at the end
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.prefix}-", dir="/tmp"))
        self.folder.chmod(0o700)
        self.namespaces, self.processes, self.closers = {}, [], []

    def __enter__(self):
        # SIGTERM ends the block as Ctrl-C does, so that nothing stays behind; and a background job would ignore Ctrl-C.
        for number in ENDING:
            signal.signal(number, interrupt)
        return self

    def __exit__(self, kind, *_):
        if not (self.keep and kind is None):
            self.close()

    def on_close(self, closer):
        """Has closer() called when the world ends."""
        self.closers.append(closer)

    def close(self):
        ignore_endings()
        for closer in self.closers:
            closer()
        for process in reversed(self.processes):
            process.stop()
        for namespace in self.namespaces.values():
            take_down(namespace.full_name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def namespace(self, name):
        return Namespace(self, name)

    def start(self, name, argv, env=None):
        process = Process(name, [str(a) for a in argv], self.folder / f"{name}.log", env)
        self.processes.append(process)
        return process

    def wire(self, left, left_interface, right, right_interface, mtu=1500):
        """A veth pair. Offloads are off, so that whoever reads raw frames sees finished checksums and real sizes; IPv6 is
        off, so that what crosses the wire is what the test sent."""
        left.run("ip", "link", "add", left_interface, "mtu", mtu, "type", "veth", "peer", "name", right_interface, "mtu", mtu,
                 "netns", right.full_name)
        for namespace, interface in ((left, left_interface), (right, right_interface)):
            namespace.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=1")
            namespace.run("ethtool", "-K", interface, "tx", "off", "rx", "off", "sg", "off", "gso", "off", "tso", "off", "gro", "off")
            namespace.run("ip", "link", "set", interface, "up")


class Capture:
    """tcpdump on one interface, from enter to exit; every frame that crossed is in the file afterwards."""

    def __init__(self, namespace, interface, path):
        self.namespace, self.interface, self.path = namespace, interface, Path(path)

    def __enter__(self):
        self.process = self.namespace.start(f"tcpdump-{self.path.stem}", "tcpdump", "-n", "-U", "-s", "0", "--immediate-mode", "-i",
                                            self.interface, "-w", self.path, "-Z", "root")
        wait_for("tcpdump to listen", lambda: "listening on" in self.process.output())
        return self

    def __exit__(self, *_):
        # Until nothing more is written: on a busy machine tcpdump comes late. Traffic that goes on is cut.
        size, end = -1, time.monotonic() + 4
        while size != (size := self.path.stat().st_size) and time.monotonic() < end:
            time.sleep(0.7)
        self.process.stop()
