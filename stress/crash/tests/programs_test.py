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
HELP = {
    "CRASH": """
Interrupts an operation of shmfifo at every machine instruction.
--operation TEXT ... only these (see --list); default: all
--queue TEXT ... only these queues, for example ring-reject-many
--position TEXT ... only these positions of the queue
--snapshot judge a copy of every distinct state
--kill send a real SIGKILL at every instruction, with living peers
--stop SIGSTOP at every instruction, let the others continue, SIGCONT
--depth-two also kill the recoverer of every state (copies)
--depth-two-kill the same with real kills
--every UINT:POSITIVE visit every N-th instruction between two changes of the segment
--stop-every UINT:POSITIVE the same for --stop
--at INT:NONNEGATIVE only this instruction (from a replay line)
--messages-after UINT messages that must pass in the end, after each snapshot
--json TEXT write the report to FILE (- for standard output)
--markdown TEXT write the table to FILE
--list name the scenarios and stop
--quiet only the totals and the violations
Exit status: 0 all survived, 1 a violation was found, 2 the call or the set-up is wrong.
""",
    "PLANTED": """
--bug TEXT the planted bug that this core has
""",
    "FAULT": """
Makes every system call of every operation of shmfifo fail, with every errno.
only these operations
--all every occurrence of a call; default: the first three and the last
--sentences TEXT compare the library's text for each failed call with FILE; -: print it
--json TEXT write the report to FILE
--markdown TEXT write the table to FILE
--full-tmpfs fill a real file system instead (needs the right to mount)
""",
    "FAULT_TOOLS": """
Makes every system call of the core fail under each command of the operator's tool.
--tool TEXT:FILE REQUIRED the tool with the wrappers linked in
only these commands
--all every occurrence; default: the first three and the last, and a sample of allocations
--json TEXT write the report to FILE
--markdown TEXT write the table to FILE
"""
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

    def test_help_says_what_each_option_does(self):
        self.maxDiff = None
        for program, told in HELP.items():
            answer = run(os.environ[program], "--help")
            self.assertEqual(answer.returncode, 0)
            for line in told.strip().replace("\n  ", " ").split("\n"):
                self.assertIn(line, " ".join(answer.stdout.split()), program)

    def test_the_list_names_the_scenarios_that_are_chosen(self):
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "operations.txt"), encoding="utf-8") as file:
            known = [line.split(":")[0] for line in file if not line.startswith(" ")]
        for chosen, fits in (([], lambda words: True),
                             (["--operation", "publish", "mark"], lambda words: words[0] in ("publish", "mark")),
                             (["--queue", "log-many"], lambda words: words[1] == "log-many"),
                             (["--position", "full", "--queue", "ring-reject-single"],
                              lambda words: words[1:] == ["ring-reject-single", "full"])):
            answer = run(os.environ["CRASH"], "--list", *chosen)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""))
            self.assertEqual(answer.stdout.splitlines(), [line for line in known if fits(line.split())])

    def explored(self, *words):
        """What was found, and the figures that are not zero, of the operation with the fewest instructions."""
        answer = run(os.environ["CRASH"], "--operation", "mark", "--json", "-", *words)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        report = json.loads(answer.stdout)
        (one,) = report["scenarios"]
        self.assertEqual((one["operation"], one["queue"], one["position"], one["violations"], report["passed"]),
                         ("mark", "ring-reject-many", "full", [], True))
        self.assertGreater(one["seconds"], 0)
        return one, {key for key in ("pictures", "kills", "pauses", "depth_two") if one[key] != 0}

    def test_each_manner_has_its_option(self):
        for words, expected in (([], {"pictures", "kills", "pauses"}), (["--snapshot"], {"pictures"}), (["--kill"], {"kills"}),
                                (["--stop"], {"pauses"}), (["--depth-two"], {"depth_two"}),
                                (["--depth-two-kill", "--snapshot"], {"depth_two", "pictures"})):
            one, figures = self.explored("--every", "25", "--stop-every", "25", *words)
            self.assertEqual(figures, expected, words)
            self.assertEqual((one["states"], one["drifted"]), (2, 0))
            if "pictures" in figures:
                self.assertEqual(one["pictures"], 2 * one["states"])

    def test_the_options_say_which_instructions_are_visited(self):
        whole = {way: self.explored(way)[0] for way in ("--kill", "--stop")}
        for way, every, counted in (("--kill", "--every", "kills"), ("--stop", "--stop-every", "pauses")):
            self.assertEqual(whole[way][counted], whole[way]["instructions"])
            some, _ = self.explored(way, every, "1000")
            self.assertEqual(some[counted], 4, "the first and the last of each state")
            one, _ = self.explored(way, "--at", "0")
            self.assertEqual(one[counted], 1)
        other, _ = self.explored("--kill", "--stop-every", "1000")
        self.assertEqual(other["kills"], other["instructions"])
        other, _ = self.explored("--stop", "--every", "1000")
        self.assertEqual(other["pauses"], other["instructions"])

    def test_the_table_is_printed_and_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "table.md")
            answer = run(os.environ["CRASH"], "--operation", "mark", "--snapshot", "--markdown", path)
            with open(path, encoding="utf-8") as file:
                markdown = file.read().split("\n")
        lines = answer.stdout.split("\n")
        self.assertEqual([line.split()[0] for line in lines if line], ["operation", "mark", "total"])
        self.assertRegex(markdown[0], r"^Build: \S+ [0-9.]+ \w+$")
        self.assertEqual([line[:9] for line in markdown[1:]], ["", "| operati", "|---|---|", "| mark   ".ljust(9), "| total  ", ""])
        quiet = run(os.environ["CRASH"], "--operation", "mark", "--snapshot", "--quiet")
        self.assertEqual(quiet.stdout.split()[:4], lines[2].split()[:4])
        self.assertEqual(quiet.stdout.count("\n"), 1)
        self.assertEqual((answer.returncode, quiet.returncode), (0, 0))

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
        for words, sentence in (([crash, "--operation", "dance"], "no scenario fits: see --list\n"),
                                ([crash, "--operation", "mark", "--snapshot", "--json", "/nowhere/report"],
                                 "shmfifo_crash: cannot write /nowhere/report\n"),
                                ([os.environ["PLANTED"], "--bug", "none_such"],
                                 "shmfifo_crash: there is no planted bug 'none_such'\n"),
                                ([fault, "--operation", "check_name", "--json", "/nowhere/report"],
                                 "shmfifo_fault: cannot write /nowhere/report\n"),
                                (tools + ["/bin/true", "--command", "ls", "--json", "/nowhere/report"],
                                 "shmfifo_fault_tools: cannot write /nowhere/report\n")):
            answer = run(*words)
            self.assertEqual((answer.returncode, answer.stderr), (2, sentence), words)


if __name__ == "__main__":
    unittest.main()
