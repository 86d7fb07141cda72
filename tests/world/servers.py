# SPDX-License-Identifier: Apache-2.0
"""Whoever else may decide who somebody is: servers of a world's own, and a machine's PAM."""

import shutil
import subprocess
import time
from pathlib import Path

from .network import Failure, wait_for


class FreeRadius:
    """FreeRADIUS in a namespace, with `users` as its file of that name. It demands and sends a Message-Authenticator. radclient, of the same
    package, orders sessions to end."""

    SECRET = "a-secret-of-the-test"

    def __init__(self, namespace, address, users):
        self.namespace, self.folder = namespace, namespace.world.folder / "radius"
        (self.folder / "log").mkdir(parents=True)
        (self.folder / "users").write_text(users)
        # From 3.2.5 on it sends Message-Authenticators by itself.
        (self.folder / "radiusd.conf").write_text(f"""
raddbdir = {self.folder}
logdir = {self.folder}/log
run_dir = {self.folder}
libdir = /usr/lib/freeradius
security {{
  reject_delay = 0
}}
client everybody {{
  ipaddr = 0.0.0.0/0
  secret = {self.SECRET}
  require_message_authenticator = yes
}}
modules {{
  pap {{
  }}
  files {{
    filename = {self.folder}/users
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = {address}
    port = 1812
  }}
  authorize {{
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
  }}
  post-auth {{
    update reply {{
      Message-Authenticator := 0x00
    }}
    Post-Auth-Type REJECT {{
      update reply {{
        Message-Authenticator := 0x00
      }}
    }}
  }}
}}
""")
        process = namespace.start("freeradius", "freeradius", "-f", "-X", "-n", "radiusd", "-d", self.folder)

        def ready():
            process.must_run()
            return "Ready to process requests" in process.output()

        wait_for("FreeRADIUS to start", ready, seconds=60)

    def order(self, gateway, attributes, port=3799):
        """A Disconnect-Request; returns what radclient said when it had an answer."""
        words = "".join(f'{name} = "{value}"\n' for name, value in attributes.items())
        return self.namespace.run("radclient", "-x", "-r", 1, "-t", 30, f"{gateway}:{port}", "disconnect", self.SECRET, check=False,
                                  input=f"{words}Event-Timestamp = '{int(time.time())}'\nMessage-Authenticator = 0x00\n").stdout


class Postgresql:
    """A server on a socket in the world's folder, with one empty database. It refuses root, so it is the user's that Debian's package makes."""

    PROGRAMS = Path("/usr/lib/postgresql/15/bin")

    def __init__(self, world):
        world.folder.chmod(0o711)
        self.folder = world.folder / "postgresql"
        self.folder.mkdir()
        shutil.chown(self.folder, "postgres", "postgres")
        self.run("initdb", "-D", self.folder / "data", "-A", "trust", "-N")
        world.on_close(lambda: self.run("pg_ctl", "-w", "-m", "immediate", "-D", self.folder / "data", "stop"))
        self.run("pg_ctl", "-w", "-t", 600, "-D", self.folder / "data", "-l", self.folder / "log",
                 "-o", f"-c fsync=off -c listen_addresses='' -c unix_socket_directories={self.folder}", "start")
        self.run("createdb", "-h", self.folder, "users_of_the_test")
        self.connection = f"host={self.folder} dbname=users_of_the_test user=postgres"

    def run(self, program, *words):
        command = ["runuser", "-u", "postgres", "--", self.PROGRAMS / program, *map(str, words)]
        done = subprocess.run(command, cwd="/", text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=600)
        if done.returncode != 0:
            raise Failure(f"{' '.join(map(str, command))} failed with {done.returncode}:\n{done.stdout}")
        return done.stdout.strip()

    def query(self, statement):
        return self.run("psql", "-q", "-t", "-A", "-c", statement, self.connection)


def pam_service(namespace, service, user, password):
    """The one PAM service of what runs in `namespace` from now on, where `user` has `password`: ip-netns(8) mounts the folder at /etc/pam.d."""
    folder = Path("/etc/netns") / namespace.full_name
    (folder / "pam.d").mkdir(parents=True)
    namespace.world.on_close(lambda: shutil.rmtree(folder))
    passwords = namespace.world.folder / "passwords"
    digest = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password, text=True, capture_output=True, check=True).stdout.strip()
    passwords.write_text(f"{user}:{digest}\n")
    (folder / "pam.d" / service).write_text(f"auth required pam_pwdfile.so pwdfile={passwords}\naccount required pam_permit.so\n")
