#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: mcdc.py asks LLVM's tools for each program, joins their answers, and prints and keeps all of it. Method: scripts in
the place of the tools, which note how they are called and answer what each program saw; everything made is compared."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

COVERAGE = Path(__file__).resolve().parent.parent
BUILD = "build/clang19-mcdc"
TOOL = """#!{python} -IS
import json, os, sys
open("calls", "a").write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
if os.path.exists("fails"):
    print("some words")
    sys.exit("the tool's reason")
if sys.argv[1] == "export":
    print(json.dumps({{"data": [{{"functions": json.load(open("seen"))[os.path.basename(sys.argv[2])]}}, 5]}}))
"""
TEXT = "int f(bool a, bool b) {\n  if (a && g(b || a)) return 1;\n  return a  // why\n    && b;\n}\n"
SOURCE, HEADER, OTHERS = "core/src/f.cpp", "core/include/shmfifo/h.hpp", "core/source/other.cpp"
FOLDERS = ("core/include", "core/src", "core/c/src")
PROGRAMS = ("core/tests/t", "core/c/tests/c", "core/apps/a", "core/examples/e")
NAMES = [SOURCE, HEADER, OTHERS]
FULL = {"function": 100.0, "region": 100.0, "branch": 100.0, "mcdc": 100.0}
NO_MCDC, MCDC = 4, 6  # a branch outside and inside of a counted decision


def function(count, regions=(), branches=(), decisions=()):
    return {"filenames": NAMES, "count": count, "regions": list(regions), "branches": list(branches), "mcdc_records": list(decisions)}


def region(file, line, count, kind=0):
    return [line, 1, line + 1, 9, count, file, 0, kind]


def branch(file, place, true, false, kind=MCDC):
    return [*place, true, false, file, 0, kind]


def decision(file, place, conditions):
    return [*place, file, 0, conditions]


A, B, C = (2, 7, 2, 8), (2, 14, 2, 15), (3, 10, 3, 11)  # followed by &&, by || and, after a comment, by &&
LAST = (2, 19, 2, 20)
SEEN = {
    "t": [function(3, [region(0, 1, 3), region(0, 2, 0), region(0, 9, 0, kind=2)],
                   [branch(0, A, 1, 0), branch(0, LAST, 2, 0, NO_MCDC)], [decision(0, A, [False, True])]),
          function(0, [region(1, 5, 0)])],
    "c": [function(0, [region(0, 1, 0), region(0, 2, 1)], [branch(0, A, 0, 7)], [decision(0, A, [True, True])]), function(1)],
    "a": [function(0, [region(1, 5, 0), region(2, 1, 0)], [branch(2, A, 0, 0, NO_MCDC)]), function(9, [region(2, 7, 0)])],
    "e": [function(0, [region(1, 6, 4)], [branch(1, (6, 1, 6, 2), 0, 2)], [decision(1, (6, 1, 6, 9), [True, False])])],
}
TABLE = ["core       function       1 of      3   33.33 %", "core       region         3 of      4   75.00 %",
         "core       branch         4 of      6   66.67 %", "core       mcdc           3 of      4   75.00 %"]
COUNTS = {"function": (1, 3), "region": (3, 4), "branch": (4, 6), "mcdc": (3, 4)}
MISSED = [f"{HEADER}:5:1: function never run", f"{HEADER}:6:1: function never run", f"{HEADER}:5:1: region never run",
          f"{HEADER}:6:1: branch never true", f"{SOURCE}:2:19: branch never false", f"{HEADER}:6:1: mcdc condition 2"]


class mcdc(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        for name in (*FOLDERS, "core/source", "bin", "coverage", f"{BUILD}/profiles", *(f"{BUILD}/{Path(one).parent}" for one in PROGRAMS)):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for name in (SOURCE, HEADER, OTHERS):
            self.write(name, TEXT)
        for name in ("mcdc.py", "floors.py"):
            shutil.copy(COVERAGE / name, self.root / "coverage")
        for name in ("llvm-profdata-19", "llvm-cov-19"):
            self.write(f"bin/{name}", TOOL.format(python=sys.executable))
            (self.root / "bin" / name).chmod(0o755)
        for name in PROGRAMS:
            self.write(f"{BUILD}/{name}", "\x7fELF, and more")
        self.write(f"{BUILD}/core/tests/script", "#!/bin/sh")
        self.write(f"{BUILD}/core/tests/lib.so", "\x7fELF")
        (self.root / BUILD / "core/tests/folder").mkdir()
        for name in ("b", "a"):
            self.write(f"{BUILD}/profiles/{name}.profraw", "")
        self.write(f"{BUILD}/profiles/c.other", "")
        self.floors({"function": 33, "region": 75, "branch": 66.6, "mcdc": 75})

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def floors(self, figures):
        self.write("coverage/floors_clang.json", json.dumps({"core": figures}, indent=2) + "\n")

    def run_mcdc(self, *words, seen=None):
        """(exit code, lines printed)"""
        names = [f"{self.root}/{name}" for name in NAMES]
        text = json.dumps({program: [{**one, "filenames": names} for one in functions]
                           for program, functions in {**SEEN, **(seen or {})}.items()})
        self.write("seen", text)
        done = subprocess.run([sys.executable, "-B", "coverage/mcdc.py", *words], cwd=self.root, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}"})
        return done.returncode, done.stdout.replace(f"{self.root}/", "").splitlines()

    def text(self, name):
        return (self.root / name).read_text().replace(f"{self.root}/", "")

    def test_what_the_tools_say_is_joined_printed_and_kept(self):
        self.assertEqual(self.run_mcdc(), (0, [*TABLE, f"           {BUILD}/report/missed.txt"]))
        self.assertEqual(self.text(f"{BUILD}/report/missed.txt"), "".join(f"{line}\n" for line in MISSED))
        self.assertEqual(self.text(f"{BUILD}/report/summary.json"), json.dumps(
            {figure: {"covered": covered, "total": total} for figure, (covered, total) in COUNTS.items()}, indent=2) + "\n")
        profile = f"{BUILD}/report/core.profdata"
        self.assertEqual([json.loads(line) for line in self.text("calls").splitlines()], [
            ["llvm-profdata-19", "merge", "-sparse", f"{BUILD}/profiles/a.profraw", f"{BUILD}/profiles/b.profraw", "-o", profile],
            *(["llvm-cov-19", "export", f"{BUILD}/{name}", f"-instr-profile={profile}", *FOLDERS] for name in PROGRAMS)])
        self.assertEqual(self.run_mcdc()[0], 0)  # the folder of the report is there already

    def test_each_figure_below_its_floor_is_a_line_and_floors_are_raised_on_request(self):
        self.floors(FULL)
        before = self.text("coverage/floors_clang.json")
        failures = [f"coverage: core by clang: {figure} coverage is {share} %, the floor 100.0 %"
                    for figure, share in (("function", "33.33"), ("region", "75.00"), ("branch", "66.67"), ("mcdc", "75.00"))]
        self.assertEqual(self.run_mcdc(), (1, [*TABLE, f"           {BUILD}/report/missed.txt", *failures]))
        self.assertEqual(self.text("coverage/floors_clang.json"), before)
        self.floors({"function": 90, "region": 10, "branch": 66.67, "mcdc": 75})
        self.assertEqual(self.run_mcdc("--raise-floors")[0], 1)
        self.assertEqual(self.text("coverage/floors_clang.json"), json.dumps(
            {"core": {"function": 90, "region": 75.0, "branch": 66.67, "mcdc": 75}}, indent=2) + "\n")

    def test_a_condition_that_clang_left_out_is_a_line(self):
        places = [branch(0, place, 1, 1, NO_MCDC) for place in (B, C, A, LAST)]
        self.assertEqual(self.run_mcdc(seen={"a": [function(1, [region(0, 1, 1)], places)]}), (1, [
            "core       function       1 of      3   33.33 %", "core       region         3 of      4   75.00 %",
            "core       branch         9 of     10   90.00 %", "core       mcdc           3 of      4   75.00 %",
            f"           {BUILD}/report/missed.txt",
            *(f"coverage: {SOURCE}:{line}:{column}: clang leaves this condition out of MC/DC: split the decision"
              for line, column in ((2, 7), (2, 14), (3, 10)))]))

    def test_what_is_missing_or_fails_is_an_error_with_its_reason(self):
        none = dict.fromkeys(SEEN, [])
        for seen, figure in ((none, "function"), ({**none, "t": [function(1, [region(0, 1, 1)])]}, "branch")):
            self.assertEqual(self.run_mcdc(seen=seen), (1, [
                *([] if figure == "function" else TABLE_OF_ONE), f"no {figure} was counted; were the tests run in {BUILD}?"]))
        for name in PROGRAMS:
            (self.root / BUILD / name).unlink()
        self.assertEqual(self.run_mcdc(), (1, [f"no programs in {BUILD}; run ci/run.sh mcdc"]))
        for name in PROGRAMS:
            folder = (self.root / BUILD / name).parent
            folder.rename(self.root / "aside")
            self.assertEqual(self.run_mcdc(), (1, [
                f"{folder.relative_to(self.root)} is missing: its programs would be left out of the count; run ci/run.sh mcdc"]))
            (self.root / "aside").rename(folder)
        self.write("fails", "")
        self.assertEqual(self.run_mcdc(), (1, ["llvm-profdata-19 failed:", "the tool's reason", ""]))


TABLE_OF_ONE = [f"core       {figure:9}      1 of      1  100.00 %" for figure in ("function", "region")]

if __name__ == "__main__":
    unittest.main()
