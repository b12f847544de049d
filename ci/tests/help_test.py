#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: what the scripts say of themselves is there for each option, and changes only on purpose. Method: the answer to
--help is compared with help/NAME.txt; each option in it must have a text.

usage: help_test.py write    makes help/ anew"""
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MUTATION = "coverage/mutation/mutation.py"
COMMANDS = {
    "all": ["ci/all.py"], "lint": ["ci/lint.py"], "gather": ["ci/evidence/gather.py"], "record": ["ci/evidence/sources.py", "record"],
    "verify": ["ci/evidence/shmfifo_verify.py"], "mcdc": ["coverage/mcdc.py"], "report": ["coverage/report.py"],
    "planted": ["property_tests/planted/run_planted.py"], "mutation": [MUTATION],
    **{f"mutation_{step}": [MUTATION, step] for step in ("prepare", "reach", "run", "changed", "report")}}


def help_of(name):
    script, *words = COMMANDS[name]
    plain = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    done = subprocess.run([sys.executable, "-B", ROOT / script, *words, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env={**plain, "COLUMNS": "120", "PYTHON_COLORS": "0"})
    return done.returncode, done.stdout.replace("optional arguments:", "options:")  # as before Python 3.10


class help_texts(unittest.TestCase):
    maxDiff = None

    def check(self, *names):
        for name in names:
            code, text = help_of(name)
            expected = (HERE / f"help/{name}.txt").read_text(encoding="utf-8")
            self.assertEqual((code, text.split()), (0, expected.split()), name)  # each Python breaks lines in its own way
            without = re.findall(r"(?m)^  ((?!\{)\S+(?: \S+)*)\n(?! {8})", text[text.index("\noptions:"):])
            self.assertEqual(without, [], f"{name}: options without a text")

    def test_of_the_jobs_is_as_it_was(self):
        self.check("all", "lint")

    def test_of_the_evidence_is_as_it_was(self):
        self.check("gather", "record")

    def test_of_the_installed_program_is_as_it_was(self):
        self.check("verify")

    def test_of_the_coverage_is_as_it_was(self):
        self.check("mcdc", "report")

    def test_of_the_planted_bugs_is_as_it_was(self):
        self.check("planted")

    def test_of_the_mutants_is_as_it_was(self):
        self.check(*(name for name in COMMANDS if name.startswith("mutation")))


def write():
    for name in COMMANDS:
        (HERE / f"help/{name}.txt").write_text(help_of(name)[1], encoding="utf-8")


if __name__ == "__main__":
    write() if sys.argv[1:] == ["write"] else unittest.main()
