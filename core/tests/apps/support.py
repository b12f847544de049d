# SPDX-License-Identifier: MIT
"""What the end-to-end tests of the programs share: running them, names of segments, and the layout.

Nothing outlives a test: children die with it (PR_SET_PDEATHSIG), and a reaper, a process of its own
that notices the end of the test however it ends, removes the test's names from /dev/shm.
"""
import ctypes
import glob
import json
import os
import signal
import struct
import subprocess
import sys
import time
import unittest

programs = os.environ["SHMFIFO_PROGRAMS"]
prefix = f"shmfifo-test-{os.getpid()}-"
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


def start_reaper():
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        os.close(write_end)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.read(read_end, 1)  # ends with the test
        time.sleep(0.2)  # its children, killed with it, may be creating a name right now
        remove_names()
        os._exit(0)
    os.close(read_end)
    os.wait()


def remove_names():
    for path in glob.glob(f"/dev/shm/{prefix}*"):
        os.unlink(path)


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)


def command_line(program, *words):
    return [os.path.join(programs, program),
            *(word if isinstance(word, bytes) else str(word) for word in words)]


def start(program, *words, **options):
    return subprocess.Popen(
        command_line(program, *words), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent,
        **options)


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
        self.name = prefix + self._testMethodName[:40]
        self.children = []

    def tearDown(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            if child.stdout and not child.stdout.closed:
                child.communicate()
        remove_names()

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


def main():
    start_reaper()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
