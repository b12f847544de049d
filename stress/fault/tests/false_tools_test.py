#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: whatever a tool does wrong under a failing call is found and named.

Method: false tools, scripts that do as the operator's tool does until a call is to fail, and then one thing wrong.
"""

import json
import os
import struct
import subprocess
import tempfile
import unittest

SCRIPT = """#!/bin/sh
real={tool}
case "$SHMFIFO_FAULT" in none*) "$real" "$@" >"$0.answer"; cat "$0.answer"; exit ;; esac
{wrong}
"""
# A tool that does nothing, and reports these calls.
REPORTING = """#!/bin/sh
echo "$SHMFIFO_FAULT" >>"$0.faults"
cat "$0.report" >"/proc/self/fd/$SHMFIFO_FAULT_REPORT"
case "$SHMFIFO_FAULT" in "{refused}") echo "{why}" >&2; exit 1 ;; esac
"""
CALLS = ("open fchmod ftruncate fallocate mmap linkat unlink fstat lstat pread read fcntl madvise opendir readdir syscall "
         "nanosleep getrandom close munmap allocation").split()
READDIR = {"EBADF": 9, "EFAULT": 14, "EINVAL": 22, "EIO": 5, "ENOENT": 2, "ENOTDIR": 20}
# In a wrong tool: the command without any fault, and what it prints then.
SOUND = 'SHMFIFO_FAULT="none 1 0 0" "$real" "$@"'
ANSWER = 'cat "$0.answer"'


class false_tools(unittest.TestCase):
    def found(self, command, wrong):
        """The first complaint about a tool that does this when a call is to fail."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tool")
            with open(path, "w", encoding="utf-8") as file:
                file.write(SCRIPT.format(tool=os.environ["TOOL"], wrong=wrong))
            os.chmod(path, 0o755)
            run = subprocess.run([os.environ["FAULT_TOOLS"], "--tool", path, "--command", command],
                                 capture_output=True, text=True, timeout=50, check=False)
        complaints = [line for line in run.stdout.split("\n") if line.startswith("VIOLATION: ")]
        self.assertEqual(run.returncode, 1 if complaints else 0, run.stdout + run.stderr)
        return complaints[0].split(": ", 2)[2] if complaints else ""

    def test_G10_a_sound_tool_passes(self):
        self.assertEqual(self.found("rm", 'exec "$real" "$@"'), "")

    def test_G10_a_crash_and_a_hang_are_found(self):
        self.assertEqual(self.found("rm", "kill -SEGV $$"), "signal 11")
        self.assertEqual(self.found("rm", "kill -ALRM $$"), "does not end")

    def test_G10_a_failure_without_a_word_or_without_a_cause_is_found(self):
        self.assertEqual(self.found("rm", "exit 1"), "fails without a word")
        self.assertEqual(self.found("rm", "echo it failed >&2; exit 1"), "does not say why: it failed")

    def test_G10_a_success_with_another_answer_is_found(self):
        self.assertEqual(self.found("stat", "echo all is well"), "ends well with another answer: all is well")

    def test_G10_a_success_that_did_nothing_is_found(self):
        undone = "ends well and did not do it"
        self.assertEqual(self.found("forget", ANSWER), undone)
        self.assertEqual(self.found("recover", SOUND + '; SHMFIFO_FAULT= "$real" forget "$2" old >/dev/null'), undone)
        self.assertEqual(self.found("rm", ANSWER), "exit 0, and the name is there")
        self.assertEqual(self.found("create", ANSWER), "exit 0, and the name is gone")

    def test_G10_a_failure_that_did_it_is_found(self):
        for command, there in (("rm", "gone"), ("create", "there")):
            self.assertEqual(self.found(command, SOUND + ">/dev/null; echo no >&2; exit 1"),
                             f"exit 1, and the name is {there}", command)

    def test_G10_a_name_that_is_left_behind_is_found(self):
        self.assertEqual(self.found("stat", SOUND + '; : >"/dev/shm/$2-more"'), "leaves another name behind")

    def reported(self, refused, why, *words, made):
        """(run, JSON, table, faults in the order of trials) of a tool that does as REPORTING says, as the command ls."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tool")
            with open(path, "w", encoding="utf-8") as file:
                file.write(REPORTING.format(refused=refused, why=why))
            os.chmod(path, 0o755)
            with open(path + ".report", "wb") as file:
                file.write(struct.pack(f"{len(CALLS) + 1}I", *(made.get(call, 0) for call in CALLS), 1))
            run = subprocess.run([os.environ["FAULT_TOOLS"], "--tool", path, "--command", "ls", *words, "--json", path + ".json",
                                  "--markdown", path + ".md"], capture_output=True, text=True, timeout=50, check=False)
            texts = []
            for ending in (".json", ".md", ".faults"):
                with open(path + ending, encoding="utf-8") as file:
                    texts.append(file.read())
        return run, json.loads(texts[0]), texts[1], texts[2].splitlines()

    def test_G10_each_call_fails_where_it_should_with_each_code_once_and_for_ever(self):
        def faults(call, numbers, codes):
            return [f"{call} {nth} {forever} {code}" for code in codes for nth in numbers for forever in (0, 1)]

        made = {"readdir": 6, "allocation": 130}
        run, report, table, tried = self.reported("readdir 6 1 5", "Input/output error", made=made)
        sample = [1, 2, 3, *range(3, 130, 3), 130]
        allocations = sorted(set(sample))
        self.assertEqual(tried, ["none 1 0 0"] + faults("readdir", (1, 2, 3, 6), READDIR.values()) +
                         faults("allocation", allocations, [12]))
        figures = [{"command": "ls", "call": "readdir", "made": 6, "cases": 48, "failed_clearly": 1, "unimpressed": 47,
                    "wrong": 0, "errnos": " ".join(READDIR)},
                   {"command": "ls", "call": "allocation", "made": 130, "cases": 2 * len(allocations), "failed_clearly": 0,
                    "unimpressed": 2 * len(allocations), "wrong": 0, "errnos": "ENOMEM"}]
        self.assertEqual(report, figures)
        self.assertEqual(table.splitlines()[0], "| command | call | made | cases | failed_clearly | unimpressed | wrong | each with |")
        self.assertEqual(table.splitlines()[2:-1], ["| " + " | ".join(map(str, one.values())) + " |" for one in figures])
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertEqual(run.stdout.splitlines()[-1],
                         f"total: {48 + 2 * len(allocations)} cases, 1 failed_clearly, {47 + 2 * len(allocations)} unimpressed, "
                         "0 wrong")
        run, _, _, tried = self.reported("", "", "--all", made={"readdir": 6})
        self.assertEqual(tried, ["none 1 0 0"] + faults("readdir", range(1, 7), READDIR.values()))

    def test_G10_a_wrong_case_is_told_with_the_call_and_the_code(self):
        for refused, told in (("readdir 2 0 20", "#2 ENOTDIR once"), ("readdir 1 1 9", "#1 EBADF for ever")):
            run, report, _, _ = self.reported(refused, "no", made={"readdir": 2})
            self.assertEqual(run.returncode, 1)
            self.assertIn(f"VIOLATION: ls readdir {told}: does not say why: no\n", run.stdout)
            self.assertEqual((report[0]["wrong"], report[0]["failed_clearly"], report[0]["unimpressed"]), (1, 1, 23))
        run, _, _, _ = self.reported("none 1 0 0", "no", made={})
        self.assertEqual(run.returncode, 1)
        self.assertIn("VIOLATION: ls without any fault:  no\n", run.stdout)

    def test_G10_what_is_said_of_memory_explains_a_want_of_it(self):
        for call, why, wrong in (("allocation 1 0 12", "no memory left", 0), ("allocation 1 0 12", "Cannot allocate memory", 0),
                                 ("allocation 1 0 12", "it failed", 1), ("readdir 1 0 5", "no memory left", 1)):
            run, report, _, _ = self.reported(call, why, made={"readdir": 1, "allocation": 1})
            self.assertEqual(sum(row["wrong"] for row in report), wrong, call + why)
            self.assertEqual(run.returncode, wrong)

    def test_G10_some_failures_have_texts_of_their_own(self):
        for call, why, wrong in (("fcntl 1 0 22", "the lock is held", 0), ("linkat 1 0 17", "the name is taken", 0),
                                 ("linkat 1 0 28", "the name is taken", 1), ("open 1 0 28", "no", 1)):
            run, report, _, _ = self.reported(call, why, made={"fcntl": 1, "linkat": 1, "open": 1})
            self.assertEqual(sum(row["wrong"] for row in report), wrong, call + why)


if __name__ == "__main__":
    unittest.main()
