# SPDX-License-Identifier: MIT
"""What the end-to-end tests of the programs share: running them, names of segments, and the layout.

Nothing outlives a test: children die with it (PR_SET_PDEATHSIG), and a reaper, a process of its own
that notices the end of the test however it ends, removes the test's names from /dev/shm, by the scheme of
harness/include/shmfifo/harness/support/names.hpp.
"""
import contextlib
import ctypes
import fcntl
import glob
import json
import os
import secrets
import signal
import struct
import subprocess
import sys
import time
import unittest

programs = os.environ["SHMFIFO_PROGRAMS"]
deadline_seconds = 50  # below the test's TIMEOUT, so that a hang is reported and not only killed
libc = ctypes.CDLL(None, use_errno=True)

# The segment's layout, version 1.
control_offset = 256
floor_offset = control_offset + 128
participants_offset = 768
line_size = 64
cursor_name_offset = participants_offset + 28  # of the first line
text_content = b"hola" * 32 + b"adios"
# Clears the screen, begins a row, rings; then as UTF-8: an escape of eight bits, text backwards.
harmful = b"\x1b[2J\nforged\r\x07\x7f\xc2\x9b\xe2\x80\xae\\"


def stamp(number, state, owner=0):
    return number << 11 | owner << 3 | state


class run_names:
    """The beginning of this test's names, and the lock that says whether any process of it lives."""

    def __init__(self):
        while True:
            self.beginning = f"shmfifo-test-{secrets.token_hex(8)}-"
            self.lock_path = f"/dev/shm/{self.beginning}lock"
            self.lock = os.open(self.lock_path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            fcntl.flock(self.lock, fcntl.LOCK_SH)
            if os.fstat(self.lock).st_nlink == 1:  # no cleaner came in between
                break
            os.close(self.lock)
        self.start_reaper()

    def start_reaper(self):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                self.reap()
            os._exit(0)
        os.wait()

    def reap(self):
        own = os.open(self.lock_path, os.O_RDONLY)
        os.close(self.lock)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):  # whoever reads the test's output must see its end
            os.dup2(null, number)
        fcntl.flock(own, fcntl.LOCK_EX)  # ends with the test and its children
        self.end()
        os._exit(0)

    def end(self):
        self.remove()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.lock_path)

    def remove(self):
        for path in glob.glob(f"/dev/shm/{self.beginning}*"):
            if path != self.lock_path:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)


def tie_to_test():
    """What Popen needs for a program that makes names: it dies with the test, and has its lock until then."""
    return {"preexec_fn": die_with_parent, "pass_fds": [names.lock]}


def command_line(program, *words):
    return [os.path.join(programs, program),
            *(word if isinstance(word, bytes) else str(word) for word in words)]


def start(program, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options):
    return subprocess.Popen(
        command_line(program, *words), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, text=True,
        **tie_to_test(), **options)


class answer:
    def __init__(self, process):
        self.out, self.err = process.communicate(timeout=deadline_seconds)
        self.code = process.returncode

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def run(program, *words):
    return answer(start(program, *words))


def tool(*words):
    return run("shmfifo", *words)


class segment_file:
    """The bytes of a segment, read and changed behind everybody's back."""

    def __init__(self, name):
        self.path = f"/dev/shm/{name}"
        with open(self.path, "rb") as file:
            header = file.read(256)
        self.participants, = struct.unpack_from("<I", header, 52)
        self.content_size, self.slots, self.stride, _, self.slots_offset = struct.unpack_from(
            "<5Q", header, 56)

    def slot(self, index):
        return self.slots_offset + index * self.stride

    def read(self, offset):
        with open(self.path, "rb") as file:
            file.seek(offset)
            return struct.unpack("<Q", file.read(8))[0]

    def write(self, offset, value):
        data = value if isinstance(value, bytes) else struct.pack("<Q", value)
        with open(self.path, "r+b") as file:
            file.seek(offset)
            file.write(data)


class case(unittest.TestCase):
    """A test with a segment name of its own, and patience for what other processes do."""

    def setUp(self):
        self.name = names.beginning + self._testMethodName[:40]
        self.children = []

    def tearDown(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            if child.stdout and not child.stdout.closed:
                child.communicate()
        names.remove()

    def spawn(self, program, *words):
        child = start(program, *words)
        self.children.append(child)
        return child

    def fill(self, count=10, *words):
        self.assert_ok(run("message_producer", "--name", self.name, "--messages", count, *words))
        return segment_file(self.name)

    def wait_until(self, ready, what):
        end = time.monotonic() + deadline_seconds
        while not ready():
            self.assertLess(time.monotonic(), end, "waited too long for " + what)
            time.sleep(0.01)

    def stat(self):
        return tool("stat", self.name, "--json").json

    def participants(self, kind):
        if not os.path.exists(f"/dev/shm/{self.name}"):
            return []
        return [one for one in self.stat()["participants"] if one["kind"] == kind]

    def kill(self, child):
        child.kill()
        child.communicate()

    def assert_ok(self, result):
        self.assertEqual(result.code, 0, result.out + result.err)
        return result

    def assert_failed(self, result, *words):
        self.assertEqual(result.code, 1, result.out + result.err)
        for word in words:
            self.assertIn(word, result.err)
        return result

    def assert_usage(self, result, *words):
        self.assertEqual(result.code, 2, result.out + result.err)
        for word in words:
            self.assertIn(word, result.err)
        return result


class comparing:
    """Of a case: all that the tool prints is compared."""

    def check(self, words, out, err="", code=0):
        result = tool(*words)
        self.assertEqual((result.out, result.err, result.code), (out, err, code), words)

    def check_json(self, words, *expected, err="", code=0):
        """Standard output has these lines, with the keys in this order."""
        result = tool(*words, "--json")
        self.assertEqual((result.err, result.code), (err, code), words)
        self.assertEqual(result.out, "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in expected), words)


def main():
    global names
    names = run_names()
    try:
        unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
    finally:
        names.end()
