#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: what shmfifo_crash finds can be understood and reproduced, and the programs refuse nonsense.

Method: a core with a planted bug, whose report must have every part; each line that carries a part is
then removed, and the check must miss it. The replay line is run as it stands.
"""

import ctypes
import errno
import json
import os
import re
import shlex
import struct
import subprocess
import tempfile
import unittest

PARTS = {
    "operation, manner, instruction and sentence": r"^VIOLATION: publish \(ring-reject-many, last_before_wrap\), kill at instruction \d+: \S",
    "disassembled instruction": r"^ +[0-9a-f]+:\s+[a-z]+\s",
    "source line": r"^ +.*\.(hpp|cpp):\d+",
    "difference of the segment": r"^  slot\[\d+\]\.stamp: .* -> .*claimed",
    "replay": r"^  replay: \S+ .*--operation publish .*--kill --at \d+",
}


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=100, check=False, **more)


def forbid_ptrace():
    """Like the seccomp filters of some containers: EPERM for this process and all that it starts."""
    load_number, jump_unless_ptrace, refuse, allow = (0x20, 0, 0, 0), (0x15, 0, 1, 101), (
        0x06, 0, 0, 0x00050000 | errno.EPERM), (0x06, 0, 0, 0x7FFF0000)
    steps = [struct.pack("<HBBI", *step) for step in (load_number, jump_unless_ptrace, refuse, allow)]
    code = ctypes.create_string_buffer(b"".join(steps))
    program = struct.pack("<H6xQ", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program, 0, 0) != 0:  # NO_NEW_PRIVS, SECCOMP
        raise OSError(ctypes.get_errno(), "prctl")


def planted(*words):
    return run(os.environ["PLANTED"], "--bug", "claim_without_intent", "--operation", "publish", "--queue",
               "ring-reject-many", "--position", "last_before_wrap", "--kill", *words)


def missing(report):
    return [name for name, pattern in PARTS.items() if not re.search(pattern, report, re.MULTILINE)]


class crash_programs(unittest.TestCase):
    def test_a_find_is_reported_with_everything_needed_to_understand_it(self):
        found = planted()
        self.assertEqual(found.returncode, 1, found.stderr)
        first = "VIOLATION" + found.stdout.split("VIOLATION")[1]
        self.assertEqual(missing(first), [], first)
        for name, pattern in PARTS.items():
            without = "\n".join(line for line in first.split("\n") if not re.search(pattern, line))
            self.assertIn(name, missing(without))

    def test_a_replay_line_finds_the_same_again(self):
        first = "VIOLATION" + planted().stdout.split("VIOLATION")[1]
        command = re.search(r"^  replay: (.*)$", first, re.MULTILINE).group(1)
        again = run(*shlex.split(command))
        self.assertEqual(again.returncode, 1)
        self.assertTrue(again.stdout.startswith(first.split("\n", maxsplit=1)[0]), again.stdout)

    def test_the_json_says_what_the_text_says(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            found = planted("--json", path)
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
        self.assertFalse(report["passed"])
        (one,) = report["scenarios"]
        self.assertGreater(one["kills"], 100)
        self.assertEqual(len(one["violations"]), found.stdout.count("VIOLATION:"))
        for seen in one["violations"]:
            self.assertIn(f"kill at instruction {seen['instruction']}: {seen['sentence']}", found.stdout)
            self.assertIn(seen["replay"], found.stdout)

    def test_help_is_an_answer_of_every_program(self):
        for program in ("CRASH", "FAULT", "FAULT_TOOLS"):
            answer = run(os.environ[program], "--help")
            self.assertEqual(answer.returncode, 0)
            self.assertIn("--json", answer.stdout)

    def test_refused_ptrace_is_named_with_its_cure(self):
        answer = run(os.environ["CRASH"], "--operation", "mark", "--snapshot", preexec_fn=forbid_ptrace)
        self.assertEqual(answer.returncode, 2, answer.stdout + answer.stderr)
        for part in ("ptrace(TRACEME) failed: Operation not permitted", "seccomp", "--cap-add=SYS_PTRACE"):
            self.assertIn(part, answer.stderr)

    def test_nonsense_is_refused(self):
        crash, fault = os.environ["CRASH"], os.environ["FAULT"]
        tools = [os.environ["FAULT_TOOLS"], "--tool"]
        for words in ([crash, "--operation", "dance"], [crash, "--every", "0"], [crash, "--at", "-3"],
                      [crash, "--operation", "mark", "--kill", "--at", "999999"], [crash, "--every", "x"],
                      [crash, "--operation", "mark", "--snapshot", "--json", "/nowhere/report"], [crash, "more"],
                      [os.environ["PLANTED"], "--bug", "none_such"], [fault, "--operation", "dance"], [fault, "more"],
                      tools + ["/nowhere/tool"], tools + [os.environ["TOOL"], "--command", "dance"], tools[:1]):
            answer = run(*words)
            self.assertEqual(answer.returncode, 2, f"{words}: {answer.stdout}{answer.stderr}")
            self.assertNotEqual(answer.stdout + answer.stderr, "", words)


if __name__ == "__main__":
    unittest.main()
