# SPDX-License-Identifier: Apache-2.0
"""People at the computers of a world: Unix users without rights, who run programs and log in at a gateway, at a terminal."""

import json
import os
import pty
import shutil
import subprocess

from .gateway import BIN, BUILD
from .network import Failure, answered_pings, wait_for

# SoftHSM, but for a card that can be pulled.
READER = BUILD / "host" / "login" / "liblogin_test_reader.so"


def install(world):
    """sallyport-login and sallyport-mark as they are installed: for everybody, the latter with its capabilities. Returns their folder."""
    folder = world.folder / "bin"
    if not folder.exists():
        world.folder.chmod(0o711)
        folder.mkdir()
        for program in (BIN / "sallyport-login", BIN / "sallyport-mark", READER):
            if program.exists():
                shutil.copy(program, folder / program.name)
                (folder / program.name).chmod(0o755)
        subprocess.run(["setcap", "cap_net_admin,cap_net_raw=ep", folder / "sallyport-mark"], check=True)
    return folder


class Person:
    """Somebody with the Unix number `uid` at the computer `namespace`. No name, no password: the gateway asks for those."""

    def __init__(self, namespace, uid):
        self.namespace, self.uid = namespace, uid
        self.programs = install(namespace.world)
        self.home = namespace.world.folder / f"home-{namespace.name}-{uid}"
        (self.home / "run").mkdir(parents=True)
        self.environment = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home / "run"), "PATH": os.environ["PATH"]}
        self.own(self.home, self.home / "run")

    def own(self, *files):
        for file in files:
            os.chown(file, self.uid, self.uid)
            file.chmod(0o700 if file.is_dir() else 0o600)

    def argv(self, *command):
        """A command as this person runs it. All that leads there gives way to it: its process is the command's."""
        words = [f"{name}={value}" for name, value in self.environment.items()]
        return self.namespace.argv("setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "env", "-i", *words, *command)

    def run(self, *command, check=True, timeout=120):
        done = subprocess.run(self.argv(*command), text=True, capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise Failure(f"{' '.join(map(str, command))} (as {self.uid} in {self.namespace.name}) failed with {done.returncode}:\n"
                          f"{done.stdout}{done.stderr}")
        return done

    def start(self, name, *command):
        return self.namespace.world.start(name, self.argv(*command))

    def ping(self, address, count=1, wait=10, size=56):
        """How many of `count` pings were answered."""
        return answered_pings(self, address, count, wait, size)

    # ---- at the gateway

    def configure(self, gateway, key, **words):
        """sallyport-login's configuration: the gateway's address, its key's digest, and further words."""
        file = self.home / ".config" / "sallyport" / "login.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{name} = {json.dumps(str(value) if isinstance(value, os.PathLike) else value)}\n"
                                for name, value in {"gateway": gateway, "key": key, **words}.items()))
        self.own(file.parent.parent, file.parent, file)

    def log_in(self, *answers):
        """sallyport-login login at a terminal; each answer is (what is asked, what is typed). Returns (exit status, what was shown)."""
        child, terminal = pty.fork()
        if child == 0:
            command = list(map(str, self.argv(self.programs / "sallyport-login", "login")))
            os.execvp(command[0], command)
        shown = ""
        left = list(answers)
        while True:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # nobody has the terminal open any more
                part = b""
            if not part:
                break
            shown += part.decode(errors="replace")
            if left and left[0][0] in shown:
                os.write(terminal, left.pop(0)[1].encode() + b"\r")
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        return os.waitstatus_to_exitcode(status), shown

    def must_log_in(self, *answers):
        status, shown = self.log_in(*answers)
        if status != 0:
            raise Failure(f"the login of {self.uid} at {self.namespace.name} ends with {status}:\n{shown}")
        return shown

    def log_out(self):
        """Returns when the gateway has let go."""
        return self.run(self.programs / "sallyport-login", "logout").stdout

    def status(self):
        """What sallyport-login says of the session; None without one."""
        done = self.run(self.programs / "sallyport-login", "--json", "status", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def wait_logged_out(self):
        wait_for(f"the session of {self.uid} at {self.namespace.name} to end", lambda: self.status() is None)


class SmartCard:
    """A card of SoftHSM's in a reader of this person's, with a new key. `number` and `public_key` (a file) are what the gateway has to know."""

    def __init__(self, person, label, pin):
        self.folder = person.home / "card"
        (self.folder / "tokens").mkdir(parents=True)
        (self.folder / "softhsm2.conf").write_text(f"directories.tokendir = {self.folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
        person.environment |= {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf"), "SALLYPORT_TEST_PULLED": str(self.folder / "pulled")}
        person.own(self.folder, self.folder / "tokens", self.folder / "softhsm2.conf")
        self.module = person.programs / READER.name
        self.public_key = self.folder / "card.pub"
        secret = self.folder / "card.key"
        for command in (["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", secret],
                        ["openssl", "pkey", "-in", secret, "-pubout", "-out", self.public_key],
                        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "12345678"],
                        ["softhsm2-util", "--import", secret, "--token", label, "--label", "key", "--id", "01", "--pin", pin]):
            person.run(*command)
        secret.unlink()
        slots = person.run("softhsm2-util", "--show-slots").stdout
        self.number = next(line.split(":")[1].strip() for line in slots.splitlines() if "Serial number" in line and line.split(":")[1].strip())

    def pull(self):
        (self.folder / "pulled").touch()

    def put_back(self):
        (self.folder / "pulled").unlink()
