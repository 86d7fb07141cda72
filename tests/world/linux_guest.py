# SPDX-License-Identifier: Apache-2.0
"""A machine with a Linux kernel of its own: Debian's cloud kernel in QEMU. As a peer it has `ip xfrm` on its ESP; as a server it boots
into systemd. The kernel comes from the Debian package, unpacked into the build tree and never installed."""

import base64
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

from .network import Failure, wait_for
from .packages import unpacked

MODULES = """virtio_pci virtio_net virtio_console tun 8021q xfrm_user xfrm_algo esp4 ah4 xfrm4_tunnel tunnel4 esp6 ah6 tunnel6 jitterentropy_rng drbg gcm ctr seqiv
 echainiv authenc ghash-generic hmac sha256_generic aesni-intel ghash-clmulni-intel"""

INIT = r"""#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmpfs /run
for m in $(cat /etc/modules.list); do modprobe $m 2>/dev/null; done
. /etc/functions
for option in disable_ipv6=1 accept_ra=0 router_solicitations=0 dad_transmits=0; do
  for c in all default; do echo ${option#*=} >/proc/sys/net/ipv6/conf/$c/${option%=*}; done
done
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done
n=0; for p in wan0 lan0; do ip link set eth$n name $p && ip link set $p up; n=$((n+1)); done
. /etc/guest.rc
echo GUEST-UP
exec 3<>"$(ls /dev/vport*p1)"
# One base64 line is a script; the answer is its status and its output in base64. Without a reader the port ends at once.
serve() {
  while :; do
    read -r line <&3 || { sleep 0.1; continue; }
    echo "$line" | base64 -d >/run/command
    sh /run/command >/run/out 2>&1 </dev/null 3>&-; status=$?
    printf '%s %s\n' "$status" "$(base64 /run/out | tr -d '\n')" >&3
  done
}
if [ -x SYSTEMD ]; then serve & exec SYSTEMD 3>&-; fi
serve
"""

# no_timer_check: a busy machine delivers its timer so late that Linux would take it for missing, and panic.
# cryptomgr.notests: Linux would test each algorithm at its first use, which takes half a minute where QEMU has to emulate the processor.
COMMAND_LINE = "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on no_timer_check cryptomgr.notests"

SYSTEMD = "/lib/systemd/systemd"
# It would make one, and think that the machine boots for the first time.
MACHINE_ID = "0123456789abcdef0123456789abcdef\n"


def unpack_kernel(cache):
    """The folder with boot/vmlinuz-* and lib/modules of Debian's cloud kernel, downloaded once into `cache`."""
    depends = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], text=True, capture_output=True).stdout
    names = [line.split()[-1] for line in depends.splitlines() if "Depends: linux-image-" in line]
    if not names:
        raise Failure("apt knows no linux-image-cloud-amd64: run apt-get update")
    return unpacked(cache, "guest-kernel", names[0], index_modules)


def index_modules(folder):
    version = next((folder / "lib/modules").iterdir()).name
    subprocess.run(["depmod", "-b", folder, version], check=True, capture_output=True)


def copy_with_libraries(program, root, where=None):
    """A dynamic program and what it loads, into an initial file system; the program to `where`, or as it is here."""
    files = []
    for line in subprocess.run(["ldd", program], text=True, capture_output=True).stdout.splitlines():
        files += [word for word in line.split() if word.startswith("/")]
    for path, to in [(program, where or program), *((file, file) for file in files)]:
        target = root / str(to).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(path), target)


def add_libgcc(root):
    """glibc loads it by itself at the first pthread_cancel, so ldd does not show it."""
    listed = subprocess.run(["ldconfig", "-p"], text=True, capture_output=True, check=True).stdout
    copy_with_libraries(next(line.split()[-1] for line in listed.splitlines() if "libgcc_s.so.1" in line and "x86-64" in line), root)


def add_systemd(root):
    """systemd as the first process: with its targets, and of its services none."""
    for program in (SYSTEMD, "/usr/bin/systemctl"):
        copy_with_libraries(program, root)
    units = root / "lib/systemd/system"
    units.mkdir()
    for target in Path("/lib/systemd/system").glob("*.target"):
        shutil.copy(target, units, follow_symlinks=False)
    (units / "default.target").unlink()
    (units / "default.target").symlink_to("multi-user.target")
    (root / "etc/machine-id").write_text(MACHINE_ID)
    (root / "etc/os-release").write_text("ID=debian\n")


def build_initrd(kernel, rc, folder, programs, files, systemd, add, more_modules):
    """An initial file system: busybox, ip, the modules, and what is the guest's own."""
    root = folder / "root"
    for name in ("bin", "sbin", "etc", "proc", "sys", "dev", "run", "usr/bin", "usr/sbin"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    for applet in subprocess.run(["/bin/busybox", "--list"], text=True, capture_output=True, check=True).stdout.split():
        link = root / "bin" / applet
        if not link.exists():
            link.symlink_to("/bin/busybox")
    (root / "sbin/modprobe").symlink_to("/bin/busybox")  # the kernel calls this path
    # busybox's shell takes its own small `ip` for the name, even before a file on PATH.
    copy_with_libraries(shutil.which("ip"), root)
    (root / "etc/functions").write_text(f'ip() {{ {shutil.which("ip")} "$@"; }}\n')
    version = next((kernel / "lib/modules").iterdir()).name
    modules = root / "lib/modules" / version
    modules.mkdir(parents=True)
    for index in (kernel / "lib/modules" / version).glob("modules.*"):
        shutil.copy(index, modules)
    needed = set()
    names = f"{MODULES} {more_modules}".split()
    for module in names:
        shown = subprocess.run(["modprobe", "-d", kernel, "-S", version, "--show-depends", module], text=True, capture_output=True)
        needed |= {line.split()[1] for line in shown.stdout.splitlines() if line.startswith("insmod")}
    # The crypto modules as a whole: the kernel loads those it wants by itself.
    for tree in ("kernel/crypto", "kernel/lib/crypto", "kernel/arch/x86/crypto"):
        needed |= {str(p) for p in (kernel / "lib/modules" / version / tree).rglob("*.ko*")}
    for path in needed:
        relative = os.path.relpath(os.path.realpath(path), os.path.realpath(kernel))
        (root / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / relative)
    (root / "etc/modules.list").write_text(" ".join(names))
    (root / "etc/guest.rc").write_text(rc)
    if systemd:
        add_systemd(root)
    for where, program in programs.items():
        copy_with_libraries(program, root, where)
    for where, text in files.items():
        path = root / where.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "init").write_text(INIT.replace("SYSTEMD", SYSTEMD))
    (root / "init").chmod(0o755)
    if add:
        add(root)
    initrd = folder / "initrd"
    names = subprocess.run(["find", ".", "-print0"], cwd=root, capture_output=True, check=True).stdout
    with open(initrd, "wb") as out:
        subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, stdout=out, check=True)
    shutil.rmtree(root)
    return initrd


def add_python(root):
    """/usr/bin/python3, and of its library what `import socket` asks for."""
    python = "/usr/bin/python3"
    copy_with_libraries(python, root)
    names = "import socket, sys; print(*{m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)}, sep='\\n')"
    for module in subprocess.run([python, "-ISc", names], text=True, capture_output=True, check=True).stdout.split():
        target = root / module.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(module, target)


class LinuxGuest:
    """The gateway of a namespace becomes a guest: the namespace's wan0 and lan0 are bridged to it. `rc` is a shell script that
    runs at its start (addresses, routes, xfrm states and policies on wan0 and lan0). `programs` and `files` are put into it, by their
    path there: programs of this machine, and texts. With `systemd` that is its first process. add(root) may put
    more into the folder that becomes its file system; `modules` are kernel modules beside the usual ones."""

    def __init__(self, namespace, rc, cache, programs=(), files=(), systemd=False, add=None, modules=""):
        self.folder = namespace.world.folder / f"guest-{namespace.name}"
        self.folder.mkdir()
        kernel = unpack_kernel(cache)
        initrd = build_initrd(kernel, rc, self.folder, dict(programs), dict(files), systemd, add, modules)
        for side in ("wan", "lan"):
            namespace.run("ip", "link", "add", f"br-{side}", "type", "bridge")
            namespace.run("sysctl", "-qw", f"net.ipv6.conf.br-{side}.disable_ipv6=1")
            namespace.run("ip", "tuntap", "add", f"tap-{side}", "mode", "tap")
            namespace.run("sysctl", "-qw", f"net.ipv6.conf.tap-{side}.disable_ipv6=1")
            for interface in (f"{side}0", f"tap-{side}"):
                namespace.run("ip", "link", "set", interface, "master", f"br-{side}")
                namespace.run("ip", "link", "set", interface, "up")
            namespace.run("ip", "link", "set", f"br-{side}", "up")
        flags = Path("/proc/cpuinfo").read_text()
        kvm = os.access("/dev/kvm", os.W_OK) and (" vmx " in flags or " svm " in flags)
        command_socket = self.folder / "command"
        self.console = self.folder / "console"
        network = []
        for number, side in enumerate(("wan", "lan"), 1):
            network += ["-netdev", f"tap,id={side},ifname=tap-{side},script=no,downscript=no", "-device",
                        f"virtio-net-pci,netdev={side},mac=52:54:00:00:02:{number:02x},romfile="]
        self.process = namespace.start(
            f"guest-{namespace.name}", "qemu-system-x86_64", "-accel", "kvm" if kvm else "tcg", "-cpu", "host" if kvm else "max", "-M", "q35",
            "-m", "384", "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-kernel",
            next((kernel / "boot").glob("vmlinuz-*")), "-initrd", initrd, "-append", COMMAND_LINE, "-serial", f"file:{self.console}",
            *network, "-device", "virtio-serial-pci", "-chardev", f"socket,id=c,path={command_socket},server=on,wait=off", "-device",
            "virtserialport,chardev=c,name=command")
        self._booted()
        self.channel = socket.socket(socket.AF_UNIX)
        namespace.world.on_close(self.channel.close)
        self.channel.settimeout(300)
        self.channel.connect(str(command_socket))
        self.lock = threading.Lock()

    def _booted(self):
        def up():
            self.process.must_run()
            return self.console.exists() and "GUEST-UP" in self.console.read_text(errors="replace")

        try:
            wait_for("the guest to boot", up, seconds=300)
        except Failure as problem:
            console = self.console.read_text(errors="replace") if self.console.exists() else ""
            raise Failure(f"{problem}\n{console[-2000:]}") from problem

    def ping(self, address, count=3, wait=10):
        """How many of `count` pings were answered, as Namespace's."""
        return self.run(f"for i in $(seq {count}); do ping -c 1 -W {wait} {address}; done", check=False)[1].count("bytes from")

    def run(self, script, check=True):
        """Runs a shell script in the guest; returns (status, output)."""
        with self.lock:
            self.channel.sendall(base64.b64encode(f". /etc/functions\n{script}".encode()) + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                part = self.channel.recv(65536)
                if not part:
                    raise Failure("the guest closed its command channel")
                answer += part
        status, _, output = answer.decode().strip().partition(" ")
        text = base64.b64decode(output).decode(errors="replace")
        if check and status != "0":
            raise Failure(f"in the guest: {script}\n{text}")
        return int(status), text
