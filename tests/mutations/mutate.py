#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants the bugs of mutations.toml; tools/mutate says how it is called, README.md what it does."""
import argparse
import dataclasses
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
import tomllib

SOURCE = pathlib.Path(__file__).resolve().parents[2]
COPY = SOURCE / "build" / "mutations"
TESTS = COPY / "build" / "release" / "tests"  # where the preset puts them
LOGS = COPY / "build" / "logs"

# A test program that hangs is ended when it has used several times the processor that it needs without a bug or, when it
# only waits, after an hour. Both are far from what a busy machine makes of a test that passes.
MOST_TIMES = 4
LEAST_SECONDS = 60
MOST_SECONDS = 3600

# What a script runs, which is no program of tests itself.
RUN_BY_SCRIPTS = ["sallyportd", "sallyport", "sallyport-login", "sallyport-mark", "login_test_reader"]


@dataclasses.dataclass(frozen=True)
class Bug:
    tests: list[str]  # programs or scripts, one of which must fail; built and run in this order until one does
    name: str  # a sentence
    file: str
    find: str  # occurs once in the file
    replace: str

    def problem(self):
        """Why the bug cannot be planted, or nothing."""
        path = SOURCE / self.file
        if not path.is_file():
            return f"{self.file} is not there"
        count = path.read_text().count(self.find)
        if count != 1:
            return f"its text occurs {count} times in {self.file}"
        if self.find == self.replace:
            return "changes nothing"
        return None


def read_bugs():
    text = (pathlib.Path(__file__).parent / "mutations.toml").read_text()
    return [Bug(group["tests"], **bug) for group in tomllib.loads(text)["group"] for bug in group["bug"]]


def copy_sources():
    """The files as they are now; one that has not changed keeps its age, so that what was built stays built."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=SOURCE,
                            stdout=subprocess.PIPE, text=True, check=True)
    names = {name for name in listed.stdout.split("\0") if name and (SOURCE / name).is_file()}
    for name in names:
        source, copy = SOURCE / name, COPY / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.is_file() or copy.read_bytes() != source.read_bytes():
            shutil.copyfile(source, copy)
        shutil.copymode(source, copy)
    for top in COPY.iterdir():
        for copy in [] if top.name == "build" else [top, *top.rglob("*")]:
            if copy.is_file() and str(copy.relative_to(COPY)) not in names:
                copy.unlink()


def run(log, *command):
    """Whether the command succeeded; what it prints goes to the end of the log."""
    with log.open("a") as output:
        return subprocess.run(command, cwd=COPY, stdout=output, stderr=subprocess.STDOUT).returncode == 0


def build(log, tests):
    targets = [t for t in tests if not is_script(t)] + (RUN_BY_SCRIPTS if any(map(is_script, tests)) else [])
    return run(log, "cmake", "--build", "--preset", "release", "--target", *targets)


def processor_seconds():
    """Of all that was run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def is_script(test):
    return test.endswith(".py")


def run_script(log, script):
    """As run_tests, of a script of unittest's."""
    with log.open("a") as output, subprocess.Popen([COPY / script, "--failfast"], cwd=COPY, text=True, errors="replace", stdout=subprocess.PIPE,
                                                   stderr=subprocess.STDOUT) as process:
        watchdog = threading.Timer(MOST_SECONDS, process.terminate)  # so that it takes down what it has set up
        watchdog.start()
        failed = None
        for line in process.stdout:
            output.write(line)
            if line.startswith(("FAIL: ", "ERROR: ")) and not failed:
                failed = line.split()[1]
        watchdog.cancel()
    return None if process.returncode == 0 else failed or script


def run_tests(log, program, most=resource.RLIM_INFINITY):
    """The first test that failed, or nothing. A test that a crash or its time ended (`most`: processor seconds of a program) failed too."""
    if is_script(program):
        return run_script(log, program)
    command = [TESTS / program, "--gtest_fail_fast"]

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))

    with log.open("a") as output, subprocess.Popen(command, cwd=TESTS, text=True, errors="replace", preexec_fn=limit,
                                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        watchdog = threading.Timer(MOST_SECONDS, process.kill)
        watchdog.start()
        begun = failed = None
        for line in process.stdout:
            output.write(line)
            if line.startswith("[ RUN      ] "):
                begun = line[13:].strip()
            elif line.startswith("[  FAILED  ] ") and not failed:
                failed = begun
        watchdog.cancel()
    if process.returncode == 0:
        return None if begun else f"{program}, which has no test"
    return failed or begun or program


def check_without_bugs(bugs):
    """Everything is built and passes without a bug: otherwise a failure says nothing. How long each may take with one."""
    log = LOGS / "without-bugs.log"
    programs = sorted({program for bug in bugs for program in bug.tests})
    if not run(log, "cmake", "--preset", "release") or not build(log, programs):
        sys.exit(f"mutate: cannot be built without any bug: {log.relative_to(SOURCE)}")
    most = {}
    for program in programs:
        before = processor_seconds()
        failed = run_tests(log, program)
        if failed:
            sys.exit(f"mutate: without any bug {program}: {failed} fails: {log.relative_to(SOURCE)}")
        most[program] = LEAST_SECONDS + MOST_TIMES * int(processor_seconds() - before)
    return most


def plant(bug, log, most):
    """Whether the bug was caught, and by what. One that the compiler refuses proves nothing about the tests."""
    path = COPY / bug.file
    right = path.read_text()
    path.write_text(right.replace(bug.find, bug.replace))
    try:
        for program in bug.tests:
            if not build(log, [program]):
                return False, f"does not build: {log.relative_to(SOURCE)}"
            if failed := run_tests(log, program, most[program]):
                return True, f"by {program}: {failed}"
        return False, f"all tests pass: {log.relative_to(SOURCE)}"
    finally:
        path.write_text(right)


def main():
    parser = argparse.ArgumentParser(prog="mutate", description=__doc__)
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--check", action="store_true", help="only: does every bug still apply")
    parser.add_argument("words", nargs="*", metavar="WORD", help="the bugs whose name or file contains one of these")
    arguments = parser.parse_args()

    bugs = [bug for bug in read_bugs()
            if not arguments.words or any(word in bug.name or word in bug.file for word in arguments.words)]
    if not bugs:
        sys.exit("mutate: no bug has such a name or file; try --list")
    if arguments.list:
        print("\n".join(f"{bug.file}: {bug.name}" for bug in bugs))
        return

    problems = [f"mutate: {bug.name}: {bug.problem()}" for bug in bugs if bug.problem()]
    if problems:
        sys.exit("\n".join(problems))
    if arguments.check:
        print(f"mutate: all {len(bugs)} bugs apply")
        return

    copy_sources()
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    started = time.monotonic()
    most = check_without_bugs(bugs)
    print(f"mutate: everything passes without a bug ({time.monotonic() - started:.0f} s)", flush=True)
    survivors = 0
    for bug in bugs:
        started = time.monotonic()
        log = LOGS / (re.sub(r"[^a-zA-Z0-9]+", "-", bug.name) + ".log")
        caught, how = plant(bug, log, most)
        survivors += not caught
        seconds = time.monotonic() - started
        print(f"{'caught' if caught else 'NOT CAUGHT'} ({seconds:.0f} s): {bug.file}: {bug.name}: {how}", flush=True)
    print(f"mutate: {len(bugs) - survivors} of {len(bugs)} bugs caught")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
