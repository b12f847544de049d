#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: shmfifo_fault tries what it was asked to, and says whole what it found.

Method: operations that make few calls, with all that is printed and written compared; the library's texts with
differences; a file system that may not be mounted.
"""

import json
import os
import subprocess
import tempfile
import unittest

OPERATIONS = ("create create_touched attach attach_read_only producer consumer named_consumer observer publish_and_wake wait "
              "recover forget stat check_name list remove").split()
LSTAT = "EACCES EBADF EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EOVERFLOW"
SENTENCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sentences.txt")


def run(*words, **more):
    return subprocess.run([os.environ["FAULT"], *words], capture_output=True, text=True, timeout=100, check=False, **more)


def of_check_name():
    """What the library says of the calls that check_name makes, and which they are."""
    with open(SENTENCES, encoding="utf-8") as file:
        return [line for line in file if line.startswith(("lstat ", "check_name makes"))]


class fault_programs(unittest.TestCase):
    maxDiff = None

    def test_G10_what_is_found_is_printed_and_written(self):
        with tempfile.TemporaryDirectory() as folder:
            table, report = (os.path.join(folder, name) for name in ("table", "report"))
            answer = run("--operation", "check_name", "--sentences", "-", "--json", report, "--markdown", table)
            with open(report, encoding="utf-8") as file:
                rows = json.load(file)
            with open(table, encoding="utf-8") as file:
                lines = file.read().splitlines()
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        allocations = rows[1]["made"]
        self.assertGreaterEqual(allocations, 1)
        self.assertEqual(rows, [
            {"operation": "check_name", "call": "lstat", "made": 1, "cases": 20, "refused": 18, "tolerated": 2, "wrong": 0,
             "errnos": LSTAT},
            {"operation": "check_name", "call": "allocation", "made": allocations, "cases": 2 * allocations,
             "refused": rows[1]["refused"], "tolerated": 2 * allocations - rows[1]["refused"], "wrong": 0, "errnos": "ENOMEM"}])
        self.assertEqual(lines[0], "| operation | call | made | cases | refused | tolerated | wrong | each with |")
        self.assertEqual(lines[2:4], ["| " + " | ".join(map(str, row.values())) + " |" for row in rows])
        printed = answer.stdout.splitlines(keepends=True)
        self.assertEqual([line.split()[:2] for line in printed[:2]], [["check_name", "lstat"], ["check_name", "allocation"]])
        self.assertEqual(printed[2:-1], sorted(of_check_name()))
        self.assertTrue(printed[-1].startswith(f"total: {20 + 2 * allocations} cases, "), printed[-1])

    def test_G10_every_operation_can_be_chosen_and_is_tried_in_turn(self):
        answer = run("--help")
        self.assertIn("{" + ",".join(OPERATIONS) + "}", "".join(answer.stdout.split()))
        answer = run("--operation", "check_name", "stat", "--sentences", "-")
        self.assertEqual([line.split()[0] for line in answer.stdout.splitlines() if " makes " in line], ["check_name", "stat"])

    def test_G10_a_text_that_differs_from_the_table_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sentences")
            for change, code, told in ((lambda lines: lines, 0, ""),
                                       (lambda lines: lines[1:], 1, f"VIOLATION: not in {path}: {of_check_name()[0]}"),
                                       (lambda lines: ["a\n"] + lines, 1, "VIOLATION: no error says: a\n")):
                with open(path, "w", encoding="utf-8") as file:
                    file.writelines(change(of_check_name()))
                answer = run("--operation", "check_name", "--sentences", path)
                self.assertEqual(answer.returncode, code, answer.stdout)
                self.assertEqual("".join(line for line in answer.stdout.splitlines(keepends=True) if "VIOLATION" in line), told)

    def test_G10_all_occurrences_are_tried_if_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report")
            cases = {}
            for words in ((), ("--all",)):
                run("--operation", "list", "--json", path, *words)
                with open(path, encoding="utf-8") as file:
                    cases[words] = {row["call"]: (row["made"], row["cases"], len(row["errnos"].split())) for row in json.load(file)}
        for words, rows in cases.items():
            for call, (made, tried, codes) in rows.items():
                some = made if words or call == "allocation" else min(made, 4)
                self.assertEqual(tried, 2 * some * codes, f"{call} {words}")
        self.assertTrue(any(made > 4 for made, _, _ in cases[()].values()), cases)

    def test_G10_a_full_file_system_is_tried_or_said_to_be_forbidden(self):
        answer = run("--full-tmpfs")
        self.assertEqual((answer.returncode, answer.stdout),
                         (0, "full tmpfs: create refused, the running segment goes on\n"))
        without = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /dev && exec "$0" --full-tmpfs', os.environ["FAULT"]]
        answer = subprocess.run(without, capture_output=True, text=True, timeout=100, check=False)
        self.assertEqual((answer.returncode, answer.stdout),
                         (2, "VIOLATION: no private tmpfs could be mounted: No such file or directory\n"))


if __name__ == "__main__":
    unittest.main()
