#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: mutation.py tries what its options choose, prints all that it found, and ends with it. Method: a build that is
written by hand, of tests that are one line of shell each; all lines, files and exit codes are compared."""
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent)]
import results  # noqa: E402
import tree  # noqa: E402

ENGINE = HERE.parent / "mutation.py"
TEXTS = {"a.py": "one = 1\n  two = 2\nthree = 3\n", "b.py": "four = 4\n", ".gitignore": "build/\n"}
FLOORS = {"first": {"files": ["a.py"], "targets": [], "killed": 50.0, "equivalent_percent_max": 20},
          "second": {"files": ["b.py"], "targets": ["x"], "killed": 10, "equivalent_percent_max": 0}}
MUTANTS = [{"id": number, "key": f"k{number}", "file": file, "line": line, "function": "", "operator": f"op {number}",
            "original": "x", "mutant": mutant, "scope": scope} for number, file, line, mutant, scope in (
                (1, "a.py", 1, "y", "first"), (2, "a.py", 2, "y", "first"), (3, "a.py", 2, "", "first"), (4, "a.py", 3, "y", "first"),
                (5, "a.py", 3, "z", "first"), (6, "b.py", 1, "y", "second"), (7, "b.py", 1, "", "second"))]
# (name, label, which mutants it comes by, what it does)
TESTS = [("t.kills", "unit", "\\1\\1\\1\\1", 'test "$SHMFIFO_MUTANT" != 1'), ("t.more", "unit", "\\0\\0\\1\\0\\1\\1", 'test "${SHMFIFO_MUTANT:-0}" -ne 3'),
         ("t.slow", "slow", "\\1\\1\\1\\1\\1\\1", "false"), ("t.fails", "unit", "\\1\\1", "false"), ("t.waits", "stress", "\\0\\0\\0\\0\\0\\1", 'test "$SHMFIFO_MUTANT" != 6 || exec sleep 60')]
LEFT = """a.py:2: survived: op 2: x -> y
    two = 2
a.py:3: survived: op 5: x -> z
    three = 3
b.py:1: stuck: op 6: x -> y
    four = 4
b.py:1: unreached: op 7: x -> nothing
    four = 4
"""
TABLES = """        mutants     killed      stuck   survived  unreached equivalent unfinished    untried   killed %
a.py          5          2          0          2          0          1          0          0      50.00
b.py          2          0          1          0          1          0          0          0       0.00

          mutants     killed      stuck   survived  unreached equivalent unfinished    untried   killed %
first           5          2          0          2          0          1          0          0      50.00
second          2          0          1          0          1          0          0          0       0.00
SECONDS
"""
BELOW = "second: 0.00 % of the mutants killed, the floor 10 %"
COUNTS = [{"survived": 2, "equivalent": 1, "killed": 2, "mutants": 5}, {"stuck": 1, "unreached": 1, "mutants": 2}]
FOUND = {"scopes": dict(zip(("first", "second"), COUNTS)), "files": dict(zip(("a.py", "b.py"), COUNTS)),
         "survivors": [{**MUTANTS[number - 1], "outcome": outcome} for number, outcome in (
             (2, "survived"), (5, "survived"), (6, "stuck"), (7, "unreached"))],
         "processor_seconds": {"run": 12, "reach": 3}, "matrix": {"k1": "t.kills", "k3": "t.more"}}


class program(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="shmfifo-mutation-")
        self.addCleanup(place.cleanup)
        self.root = Path(place.name).resolve()
        self.folder, self.lists = self.root / "build/mutation", self.root / "build/lists"
        for name in ("build/mutation/build", "build/mutation/source", "build/mutation/original", "build/lists"):
            (self.root / name).mkdir(parents=True)
        for name, text in TEXTS.items():
            (self.root / name).write_text(text)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        self.write("lists/floors.json", FLOORS)
        self.write("lists/equivalent.json", {"k4": "because"})
        self.write("mutation/mutants.json", {"mutants": MUTANTS})
        self.write("mutation/prepared.json", {"tree": tree.Tree(self.root, self.folder, FLOORS).digest(), "files": ["a.py", "b.py"], "targets": None})
        listed = ""
        for name, label, reached, does in TESTS:
            script = self.folder / f"build/{name}.sh"
            script.write_text(f'[ -z "$SHMFIFO_MUTANT_REACH" ] || printf "\\0{reached}" > "$SHMFIFO_MUTANT_REACH"\n{does}\n')
            listed += f'add_test({name} "{shutil.which("sh")}" "{script}")\nset_tests_properties({name} PROPERTIES LABELS "{label}")\n'
        (self.folder / "build/CTestTestfile.cmake").write_text(listed + "add_test(t.gone gone)\n")

    def write(self, name, value):
        (self.root / "build" / name).write_text(json.dumps(value))

    def call(self, *words, code=0):
        """What it prints, without seconds."""
        done = subprocess.run([sys.executable, "-B", ENGINE, "--root", self.root, "--lists", self.lists, "--jobs", "1", *words],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.progress = re.sub(r"; \d+ s\n", "; T s\n", done.stderr)
        return re.sub(r"(?m)^processor-seconds: \d+ for all trials, \d+ for reach$", "SECONDS", done.stdout)

    def trials(self):
        return [(one["key"], one["outcome"], sorted(one["tried"])) for one in results.lines_of(self.folder / "results.jsonl")]

    def test_reach_says_which_tests_are_used(self):
        self.assertEqual(self.call("reach"), "not used, failed with the switch off: t.fails\nnot used, not built: t.gone\n3 of 6 tests are used\n")
        self.assertEqual(self.progress, "reach: 4 of 4: 1 failed, 3 passed; T s\n")
        self.assertEqual({one["test"]: one["reached"] for one in results.lines_of(self.folder / "reach.jsonl")},
                         {"t.kills": "1-4", "t.more": "3 5-6", "t.fails": "1-2", "t.waits": "6"})
        (self.folder / "reach.jsonl").unlink()
        self.assertEqual(self.call("reach", "--tests", "l.s$"), "not used, not built: t.gone\n1 of 6 tests are used\n")

    def tried(self):
        self.call("reach")
        return self.call("run", "--limit-seconds", "100")

    def test_run_tries_what_its_options_choose(self):
        self.call("run", code=1)
        self.assertEqual(self.progress, f"no test reaches a mutant: run mutation.py reach; {self.folder}/reach.jsonl\n")
        self.call("reach")
        self.assertEqual(self.call("run", "--only", "k2", "--only", "k5"), "2 mutants: 2 survived\n")
        self.assertEqual(self.progress, "run, cheap tests: 2 of 2: 2 survived; T s\nrun, other tests: 0 of 0: nothing; T s\n")
        self.assertEqual(self.trials(), [("k2", "survived", ["t.kills"]), ("k5", "survived", ["t.more"])])
        for words, expected in ((("--file", "a.py", "--shard", "2/3"), "1 mutants: 1 killed\n"),
                                (("--file", "b.py", "--file", "x", "--shard", "2/2"), "1 mutants: 1 unreached\n"),
                                (("--scope", "second", "--only", "k7"), "1 mutants: 1 unreached\n"),
                                (("--scope", "first", "--only", "k7"), "0 mutants: \n"), (("--only", "k4"), "0 mutants: \n")):
            self.assertEqual(self.call("run", *words), expected, words)
        self.assertEqual(self.trials()[2:], [("k1", "killed", ["t.kills"])])
        for wrong in ("0/3", "4/3", "1", "1/x", "x/1", "1/0"):
            self.call("run", "--shard", wrong, code=2)

    def test_what_was_found_is_reported_and_compared_with_the_floors(self):
        self.call("reach")
        self.assertEqual(self.call("run"), "6 mutants: 2 killed, 1 stuck, 2 survived, 1 unreached\n")
        self.assertEqual(self.call("report", code=1), f"{TABLES}{BELOW}\n")
        self.assertEqual(self.call("report", "--survivors", "--output", self.root / "build/out", code=1), f"{LEFT}{TABLES}{BELOW}\n")
        for path, text in ((self.folder / "results.jsonl", "processor_seconds"), (self.folder / "reach.jsonl", "processor_seconds")):
            seconds = 2.4 if path.name == "results.jsonl" else 0.75  # for each of five, and of four
            path.write_text(re.sub(rf'"{text}": [\d.]+', f'"{text}": {seconds}', path.read_text()))
        with open(self.folder / "results.jsonl", "a") as file:
            file.write(json.dumps({"key": "of an earlier tree", "processor_seconds": 99, "tried": {}, "original": "", "mutant": "", "outcome": "killed"}) + "\n")
        self.assertEqual(json.loads(self.call("report", "--json", "--output", self.root / "build/out", code=1)), {**FOUND, "problems": [BELOW]})
        self.assertEqual(json.loads((self.root / "build/out").read_text()), {**FOUND, "problems": [BELOW]})
        self.assertEqual(json.loads((self.folder / "matrix.json").read_text()), FOUND)

    def test_floors_and_equivalents_that_fit_are_no_problem(self):
        self.call("reach")
        self.call("run")
        self.write("lists/floors.json", {**FLOORS, "first": {**FLOORS["first"], "killed": 12.5}, "second": {**FLOORS["second"], "killed": 0}})
        self.assertEqual(self.call("report", "--raise-floors"), TABLES)
        self.assertEqual((self.lists / "floors.json").read_text(),
                         '{\n  "first": { "files": ["a.py"], "targets": [], "killed": 50.0, "equivalent_percent_max": 20 },\n'
                         '  "second": { "files": ["b.py"], "targets": ["x"], "killed": 0, "equivalent_percent_max": 0 }\n}\n')
        self.assertEqual(json.loads(self.call("report", "--json"))["problems"], [])
        self.write("lists/equivalent.json", {"k1": "because", "k4": "because"})
        (self.root / "a.py").write_text("one = 1\n\nthree = 3\n")
        self.assertEqual(self.call("report", code=1), TABLES + "equivalent, but a test kills it: k1\n"
                         "the sources have changed since the mutants were made: run mutation.py prepare\n")

    def test_what_has_not_been_made_is_named(self):
        (self.folder / "prepared.json").unlink()
        self.call("report", code=1)
        self.assertEqual(self.progress, f"{self.folder} has no finished build: run mutation.py prepare\n")
        (self.folder / "mutants.json").unlink()
        self.call("report", code=1)
        self.assertEqual(self.progress, f"{self.folder}/mutants.json is missing: run mutation.py prepare\n")


if __name__ == "__main__":
    unittest.main()
