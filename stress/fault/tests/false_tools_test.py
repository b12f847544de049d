#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: whatever a tool does wrong under a failing call is found and named.

Method: false tools, scripts that do as the operator's tool does until a call is to fail, and then one thing wrong.
"""

import os
import subprocess
import tempfile
import unittest

SCRIPT = """#!/bin/sh
real={tool}
case "$SHMFIFO_FAULT" in none*) "$real" "$@" >"$0.answer"; cat "$0.answer"; exit ;; esac
{wrong}
"""
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
                                 capture_output=True, text=True, timeout=100, check=False)
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


if __name__ == "__main__":
    unittest.main()
