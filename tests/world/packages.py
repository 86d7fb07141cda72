# SPDX-License-Identifier: Apache-2.0
"""Debian packages that are unpacked into the build tree and never installed: another kernel, or what excludes a peer of ours."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from .network import Failure


def unpacked(cache, name, package, prepare=lambda folder: None):
    """The folder `name` of `cache` with the files of a package, downloaded once; prepare(folder) is called once, too."""
    folder = Path(cache) / name
    with open(Path(cache) / f"{name}.lock", "w") as lock:  # of tests that run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            download = folder / "deb"
            download.mkdir(parents=True)
            done = subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", package], cwd=download, capture_output=True, text=True)
            if done.returncode != 0:
                raise Failure(f"apt-get download {package}: {done.stderr.strip()}; refreshed package lists may help: apt-get update")
            for deb in download.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
            shutil.rmtree(download)
            prepare(folder)
            (folder / "complete").touch()
    return folder
