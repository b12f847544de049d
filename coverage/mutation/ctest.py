# SPDX-License-Identifier: MIT
"""The tests of a build as CTest lists them, each run as a process of its own."""
import json
import os
import re
import select
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

MUTANT, REACH = "SHMFIFO_MUTANT", "SHMFIFO_MUTANT_REACH"
TOKEN = "SHMFIFO_MUTATION_TEST"  # in the environment of all processes of one execution: by it they are found
OUTPUT_MAX = 1 << 20  # kept for the regular expressions of a test
SHARED_MEMORY = "2g"  # of a test's own /dev/shm


class Test(NamedTuple):
    name: str
    command: list
    environment: dict
    folder: str
    labels: frozenset
    timeout: float
    processors: int
    serial: bool
    locks: frozenset
    will_fail: bool
    passes: list  # regular expressions of its output
    fails: list
    skips: list
    skip_code: int


class Execution(NamedTuple):
    outcome: str  # passed, failed, skipped, or stuck: not over within the limit
    seconds: float
    processor_seconds: float


def properties_of(listed):
    return {one["name"]: one["value"] for one in listed.get("properties", ())}


def test_of(listed):
    found = properties_of(listed)
    listing = lambda name: [found[name]] if isinstance(found.get(name), str) else found.get(name, [])
    return Test(listed["name"], listed["command"], dict(one.split("=", 1) for one in listing("ENVIRONMENT")),
                found.get("WORKING_DIRECTORY", "."), frozenset(listing("LABELS")), float(found.get("TIMEOUT", 1500)),
                int(found.get("PROCESSORS", 1)), bool(found.get("RUN_SERIAL")), frozenset(listing("RESOURCE_LOCK")),
                bool(found.get("WILL_FAIL")), listing("PASS_REGULAR_EXPRESSION"), listing("FAIL_REGULAR_EXPRESSION"),
                listing("SKIP_REGULAR_EXPRESSION"), int(found.get("SKIP_RETURN_CODE", -1)))


def tests_of(build):
    """(the tests that can be run, the names of those whose program was not built)"""
    listed = json.loads(subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"], check=True,
                                       capture_output=True, text=True).stdout)["tests"]
    there = [one for one in listed if "command" in one and not properties_of(one).get("DISABLED")]
    names = {one["name"] for one in there}
    return [test_of(one) for one in there], [one["name"] for one in listed if one["name"] not in names]


def judge(test, code, output):
    """The outcome as CTest derives it."""
    text = output.decode(errors="replace")
    if code == test.skip_code or any(re.search(one, text) for one in test.skips):
        return "skipped"
    if any(re.search(one, text) for one in test.fails):
        return "failed"
    passed = any(re.search(one, text) for one in test.passes) if test.passes else code == 0
    return "passed" if passed != test.will_fail else "failed"


class Slots:
    """Lets tests run side by side as CTest does: in turn, each when its processors and locks are free."""

    def __init__(self, count):
        self.count, self.used, self.locks = count, 0, set()
        self.queue, self.changed = [], threading.Condition()

    def need(self, test):
        return self.count if test.serial else min(test.processors, self.count)

    def acquire(self, test):
        ticket = object()
        with self.changed:
            self.queue.append(ticket)
            self.changed.wait_for(lambda: self.queue[0] is ticket and self.used + self.need(test) <= self.count
                                  and not self.locks & test.locks)
            self.queue.pop(0)
            self.used += self.need(test)
            self.locks |= test.locks
            self.changed.notify_all()

    def release(self, test):
        with self.changed:
            self.used -= self.need(test)
            self.locks -= test.locks
            self.changed.notify_all()


def may_mount():
    """Can this process give each test a /dev/shm and a /proc of its own?"""
    try:
        return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


def kill_all(token):
    """Kills the processes of an execution that have left its process group, also those they start meanwhile, and waits
    for their end."""
    wanted, found = f"{TOKEN}={token}".encode(), True
    while found:
        found = False
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                if wanted in Path(f"/proc/{entry}/environ").read_bytes().split(b"\0"):
                    kill(int(entry))
                    found = True
            except OSError:
                pass  # over already, or somebody else's


def kill(pid):
    process = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        select.select([process], [], [])
    finally:
        os.close(process)


class Executor:
    """Runs tests, at most `jobs` processors' worth at a time. `folder` is for their temporary files."""

    def __init__(self, folder, jobs):
        self.folder = Path(folder)
        self.slots = Slots(jobs)
        self.stopped = threading.Event()
        self.prefix = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        if may_mount():
            # A mutant may change the mode of what it should not have opened: /proc, say, for all processes.
            mount = f'mount -t tmpfs -o size={SHARED_MEMORY} tmpfs /dev/shm && mount -t proc proc /proc && exec "$@"'
            self.prefix += ["unshare", "--mount", "sh", "-c", mount, "sh"]
        self.folder.mkdir(parents=True, exist_ok=True)

    def run(self, test, limit, variables):
        self.slots.acquire(test)
        try:
            with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as place:
                environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **test.environment, "TMPDIR": place}
                environment = {name: value for name, value in environment.items() if name not in (MUTANT, REACH)}
                return self.execute(test, limit, {**environment, **variables, TOKEN: Path(place).name})
        finally:
            self.slots.release(test)

    def execute(self, test, limit, environment):
        begin = time.monotonic()
        child = subprocess.Popen([*self.prefix, *test.command], cwd=test.folder, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output, over = self.watch(child, begin + limit)
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)  # not waited for yet, so that its number is still its own
            except ProcessLookupError:
                pass
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            child.stdout.close()
            kill_all(environment[TOKEN])
        outcome = judge(test, child.returncode, output) if over else "stuck"
        return Execution(outcome, time.monotonic() - begin, usage.ru_utime + usage.ru_stime)

    def watch(self, child, deadline):
        """(what it printed, whether it was over in time)"""
        output, open_end = b"", os.pidfd_open(child.pid)
        os.set_blocking(child.stdout.fileno(), False)
        with selectors.DefaultSelector() as events:
            events.register(open_end, selectors.EVENT_READ)
            events.register(child.stdout, selectors.EVENT_READ)
            try:
                while (left := deadline - time.monotonic()) > 0 and not self.stopped.is_set():
                    ready = {key.fileobj for key, _ in events.select(min(left, 0.2))}
                    if child.stdout in ready or open_end in ready:
                        while piece := read(child.stdout):
                            output = (output + piece)[:OUTPUT_MAX]
                        if piece == b"" and child.stdout in ready:
                            events.unregister(child.stdout)
                    if open_end in ready:
                        return output, True
                return output, False
            finally:
                os.close(open_end)


def read(pipe):
    """The next bytes; b"" at the end, None if there are none yet."""
    try:
        return os.read(pipe.fileno(), 1 << 16)
    except BlockingIOError:
        return None
