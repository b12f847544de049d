#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: report.py asks gcovr for the right files, prints its numbers, and fails below the floors, with bad marks, and when
nothing was counted. Method: a script in the place of gcovr, which notes how it is called and writes what each case says."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPORT = Path(__file__).resolve().parent.parent / "report.py"
GCOVR = """#!{python}
import json, os, sys
words = sys.argv[1:]
given = json.load(open("given"))
open("calls", "a").write(json.dumps(words) + "\\n")
out = words[words.index("--json") + 1]
part = given["parts"][out.split("/")[-2]]
open(out, "w").write(json.dumps({{"files": part["files"]}}))
if "--json-summary" in words:
    open(words[words.index("--json-summary") + 1], "w").write(json.dumps(part["summary"]))
if given["fails"] in words:
    print("some words")
    sys.exit("gcovr's reason")
"""
COMMON = ["--exclude-throw-branches", "--exclude-unreachable-branches", "--gcov-ignore-parse-errors", "--decisions"]
FILES = [{"file": "a", "functions": [{"lineno": 5, "execution_count": 0}],  # one that never ran, and a template that did once
          "lines": [{}, {"gcovr/decision": {"type": "conditional", "count_true": 3, "count_false": 0}}]},
         {"file": "b", "functions": [{"lineno": 5, "execution_count": runs} for runs in (0, 2, 0)] + [
             {"lineno": 6, "execution_count": 1}], "lines": [{"gcovr/decision": {"type": "switch", "count": 2}}, {"gcovr/decision": {"type": "uncheckable"}}]}]


def summary(lines, branches):
    return {f"{figure}_{key}": value for figure, pair in (("line", lines), ("branch", branches))
            for key, value in zip(("covered", "total"), pair)}


class report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        for name in ("bin", "coverage", "core/src", "apps+x", "build/gcc-coverage"):
            (self.root / name).mkdir(parents=True)
        (self.root / "bin/gcovr").write_text(GCOVR.format(python=sys.executable))
        (self.root / "bin/gcovr").chmod(0o755)
        (self.root / "core/src/a.cpp").write_text("x;  // GCOVR_EXCL_LINE: never here\n")
        (self.root / "core/src/a.txt").write_text("// GCOVR_EXCL_LINE: not a source\n")
        (self.root / "apps+x/b.hpp").write_text("y;\n")
        self.parts = {"core": {"files": FILES, "summary": summary((3, 4), (1, 8))},
                      "apps": {"files": [{**FILES[0], "functions": [{"lineno": 1, "execution_count": 3}]}], "summary": summary((5, 5), (0, 0))}}
        self.floors = {"core": {"folders": ["core/src/", "core/c/"], "objects": "core", "line": 75, "branch": 12.5,
                                "function": 66.6, "excluded_lines_max": 1},
                       "apps": {"folders": ["apps+x/"], "line": 99, "branch": 0, "function": 0, "excluded_lines_max": 0}}

    def run_report(self, *words, fails=""):
        """(exit code, lines printed)"""
        (self.root / "given").write_text(json.dumps({"parts": self.parts, "fails": fails}))
        (self.root / "coverage/floors.json").write_text(json.dumps(self.floors))
        done = subprocess.run([sys.executable, "-B", REPORT, "--root", self.root, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}"})
        return done.returncode, done.stdout.splitlines()

    def calls(self):
        return [json.loads(line) for line in (self.root / "calls").read_text().splitlines()]

    def test_the_figures_of_each_part_are_printed(self):
        build = f"{self.root}/build/gcc-coverage"
        self.assertEqual(self.run_report(), (0, [
            "core       line           3 of      4   75.00 %", "core       branch         1 of      8   12.50 %",
            "core       function       2 of      3   66.67 %", "core       decision       2 of      3   66.67 %",
            "core       excluded       1 lines:", "             core/src/a.cpp:1: never here",
            f"           {build}/report/core/index.html",
            "apps       line           5 of      5  100.00 %", "apps       branch         0 of      0    none",
            "apps       function       1 of      1  100.00 %", "apps       decision       1 of      2   50.00 %",
            "apps       excluded       0 lines", f"           {build}/report/apps/index.html",
            "coverage: 2 parts, 0 failures"]))
        self.assertEqual((self.root / "build/gcc-coverage/report/core/exclusions.txt").read_text(),
                         "core/src/a.cpp:1: never here\n")

    def test_gcovr_reads_the_objects_and_keeps_the_files_of_a_part(self):
        self.run_report()
        build = f"{self.root}/build/gcc-coverage"
        out = f"{build}/report/core"
        begin = ["--root", str(self.root), *COMMON]
        only = ["--filter", f"{self.root}/core/src/", "--filter", f"{self.root}/core/c/"]
        first, second, apps = self.calls()[:3]
        unescaped = [[word.replace("\\", "") for word in call] for call in (first, second, apps)]
        self.assertEqual(unescaped[0], [*begin, "--object-directory", build, *only, "--json", f"{out}/counters.json", f"{build}/core"])
        self.assertEqual(unescaped[1], [*begin, "--add-tracefile", f"{out}/counters.json", *only, "--html-details",
                                        f"{out}/index.html", "--html-title", "shmfifo core", "--xml", f"{out}/cobertura.xml",
                                        "--txt", f"{out}/coverage.txt", "--json", f"{out}/coverage.json",
                                        "--json-summary", f"{out}/summary.json"])
        self.assertIn("apps\\+x/", apps[apps.index("--filter") + 1])  # a filter is a regular expression
        self.assertEqual(apps[-1], build)  # a part without a folder of objects has all of them

    def test_folders_and_parts_can_be_chosen(self):
        other = self.root / "other"
        other.mkdir()
        code, lines = self.run_report("--build", other, "--out", other / "out", "--part", "apps")
        self.assertEqual((code, lines[-1]), (0, "coverage: 1 parts, 0 failures"))
        self.assertEqual(self.calls()[0][-1], str(other))
        self.assertTrue((other / "out/apps/summary.json").is_file())
        self.assertFalse((other / "out/core").exists())
        floors = {"apps": {**self.floors["apps"], "line": 100.1}}
        (self.root / "more.json").write_text(json.dumps(floors))
        self.assertEqual(self.run_report("--floors", self.root / "more.json")[1][-2:],
                         ["coverage: apps: line coverage is 100.00 %, the floor 100.1 %", "coverage: 1 parts, 1 failures"])

    def test_what_is_below_a_floor_or_badly_marked_fails(self):
        self.floors["core"].update(line=75.1, branch=12.6, function=66.7, excluded_lines_max=0)
        (self.root / "apps+x/b.hpp").write_text("// GCOVR_EXCL_START: all\n")
        code, lines = self.run_report()
        self.assertEqual((code, lines[-7:]), (1, [
            "coverage: core: line coverage is 75.00 %, the floor 75.1 %",
            "coverage: core: branch coverage is 12.50 %, the floor 12.6 %",
            "coverage: core: function coverage is 66.67 %, the floor 66.7 %", "coverage: core: 1 excluded lines, at most 0",
            "coverage: apps+x/b.hpp:1: EXCL_START: only single lines may be excluded",
            "coverage: apps: 1 excluded lines, at most 0", "coverage: 2 parts, 6 failures"]))

    def test_floors_are_raised_only_on_request_and_never_lowered(self):
        self.floors["core"].update(line=70, branch=50, excluded_lines_max=4)
        before = json.dumps(self.floors)
        self.run_report()
        self.assertEqual((self.root / "coverage/floors.json").read_text(), before)
        self.assertEqual(self.run_report("--raise-floors")[0], 1)
        self.floors["core"].update(line=75.0, excluded_lines_max=1)
        self.floors["apps"].update(line=100.0, branch=100.0, function=100.0)
        self.assertEqual((self.root / "coverage/floors.json").read_text(), json.dumps(self.floors, indent=2) + "\n")

    def test_a_part_of_which_nothing_was_counted_is_an_error(self):
        good = self.parts["apps"]
        for bad in ({**good, "files": []}, {**good, "summary": summary((0, 5), (0, 0))}):
            self.parts["apps"] = bad
            code, lines = self.run_report()
            self.assertEqual((code, lines[-1]),
                             (1, f"apps: no line was counted; were the tests run in {self.root}/build/gcc-coverage?"))

    def test_gcovr_that_fails_is_an_error_with_its_words(self):
        for word in ("--object-directory", "--add-tracefile"):
            self.assertEqual(self.run_report(fails=word), (1, ["gcovr failed:", "some words", "gcovr's reason", ""]))


if __name__ == "__main__":
    unittest.main()
