#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: run_planted.py counts a bug as found only if its property failed by it. Method: a copy of it with three bugs, and a
script in the place of the properties that holds, fails, crashes, hangs or is not there, as each case asks."""
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUGS = """
    Bug("less", "a sum is too small", {"property": "sum.adds"}, []),
    Bug("more", "a sum is too large", {"property": "stateful.core_agrees_with_reference"}, []),
    Bug("other", "no property's bug", {"crash": "stress.crash.other"}, []),
]
"""
README = """| P01 | A sum | `sum.G1_adds` |
| P02 | A program | `stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference` |
"""
# A program that lists its tests as GoogleTest does. Of a bug it does what the table says: [output, exit code or "hangs"].
PROGRAM = """#!{python} -IS
import json, os, sys, time
if "--gtest_list_tests" in sys.argv:
    print("Running main()\\nsum.\\n  G1_adds  # GetParam() = 3\\nstateful.\\n"
          "  G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference\\n  rare_corners_are_told\\n  kept_counterexamples_agree\\n"
          "  a_program_survives_its_text\\nparallel.\\n  an_order_is_found_only_if_there_is_one\\n"
          "  an_order_is_not_missed_for_one_that_led_elsewhere")
    sys.exit()
test = next(word for word in sys.argv if word.startswith("--gtest_filter="))[15:]
bug = os.environ["SHMFIFO_PLANTED"]
shrinks = "" if "SHMFIFO_NO_SHRINK" in os.environ else " shrinks"
replays = " replays " + os.environ["SHMFIFO_REPLAY"] if "SHMFIFO_REPLAY" in os.environ else ""
print("seed", os.environ["SHMFIFO_SEED"], file=open("seeds", "a"))
output, code = json.load(open("table")).get(bug + shrinks + replays + " " + test, ["[  PASSED  ] 1 test.", 0])
print(output, flush=True)
if code == "hangs":
    time.sleep(100)
sys.exit(code)
"""
# run_planted.py with a shorter time for what hangs; it is longer than any start of the program above takes.
LIMITED = "import sys\nimport run_planted\nrun_planted.SECONDS_MAX = 5\nsys.exit(1 if run_planted.main() else 0)\n"
AGREES = "stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference"
FAILS, CRASHES, HANGS = ["it fails", 1], ["it crashes", 139], ["it hangs", "hangs"]
SHRUNK = ("lost_off_by_one", "gate_one_too_wide", "resume_off_by_one")


def counterexample(operations, replay="SHMFIFO_REPLAY='abc'"):
    return "its operations:\n" + "".join(f"op {i}\n" for i in range(operations)) + f"\n{replay}\n"


class run_planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "planted").mkdir()
        (self.root / "README.md").write_text(README)
        bugs = (HERE / "bugs.py").read_text()
        (self.root / "planted/bugs.py").write_text(bugs[:bugs.index("BUGS = [")] + "BUGS = [" + BUGS)
        shutil.copy(HERE / "run_planted.py", self.root / "planted")
        (self.root / "planted/limited.py").write_text(LIMITED)
        self.program = self.root / "properties"
        self.program.write_text(PROGRAM.format(python=sys.executable))
        self.program.chmod(0o755)

    def run_action(self, action, table):
        """(exit code, lines) of an action; the table says what the program does of a bug and a test."""
        (self.root / "table").write_text(json.dumps(table))
        script = "limited" if HANGS in table.values() else "run_planted"
        done = subprocess.run([sys.executable, "-B", f"planted/{script}.py", action, self.program], cwd=self.root,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout.splitlines()

    def sample(self, less, more=FAILS, sound=("[  PASSED  ] 4 tests.", 0)):
        return self.run_action("sample", {" *": sound, "less sum.G1_adds": less, f"more {AGREES}": more})

    def test_a_bug_whose_property_fails_crashes_or_hangs_is_found(self):
        second = "found  more (a sum is too large) by stateful.core_agrees_with_reference: fails"
        for verdict, does in (("fails", FAILS), ("crashes", CRASHES), ("hangs", HANGS)):
            self.assertEqual(self.sample(does), (0, [f"found  less (a sum is too small) by sum.adds: {verdict}", second]))
        self.assertEqual({*(self.root / "seeds").read_text().splitlines()}, {"seed 1"})

    def test_a_bug_whose_property_holds_or_is_missing_is_missed(self):
        second = "found  more (a sum is too large) by stateful.core_agrees_with_reference: fails"
        self.assertEqual(self.sample(["[  PASSED  ] 1 test.", 0]),
                         (1, ["MISSED less (a sum is too small) by sum.adds: holds", second]))
        self.assertEqual(self.sample(["[  PASSED  ] 0 tests.", 0]),
                         (1, ["MISSED less (a sum is too small) by sum.adds: missing", "[  PASSED  ] 0 tests.", "", second]))

    def test_without_a_bug_everything_must_hold(self):
        code, lines = self.sample(FAILS, FAILS, FAILS)
        self.assertEqual((code, lines[:2], len(lines)), (1, ["it fails", ""], 4))
        self.assertEqual(self.run_action("matrix", {" *": CRASHES, "less sum.G1_adds": FAILS, f"more {AGREES}": FAILS,
                                                    "more stateful.kept_counterexamples_agree": FAILS})[0], 1)

    def test_the_matrix_shows_which_properties_find_each_bug(self):
        table = {"less sum.G1_adds": FAILS, f"less {AGREES}": HANGS, f"more {AGREES}": CRASHES,
                 "more stateful.kept_counterexamples_agree": FAILS}
        rows = ["| `less` | a sum is too small | P01 | P01 P02 |", "| `more` | a sum is too large | P02 | P02 kept |", ""]
        self.assertEqual(self.run_action("matrix", table),
                         (0, [*rows, "Bugs found by each property: P01 1, P02 2, kept 1."]))
        del table["more stateful.kept_counterexamples_agree"]
        code, lines = self.run_action("matrix", table)  # a property that finds nothing
        self.assertEqual((code, lines[-1]), (1, "Bugs found by each property: P01 1, P02 2, kept 0."))

    def test_a_bug_that_only_others_find_fails_the_matrix(self):
        table = {"less sum.G1_adds": FAILS, f"less {AGREES}": FAILS, "more sum.G1_adds": FAILS,
                 "less stateful.kept_counterexamples_agree": FAILS}
        code, lines = self.run_action("matrix", table)
        self.assertEqual((code, lines[0]), (1, "more is not found by stateful.core_agrees_with_reference"))

    def test_a_property_without_a_row_stops_the_matrix(self):
        (self.root / "README.md").write_text(README.replace("sum.G1_adds", "sum.subtracts"))
        self.assertEqual(self.run_action("matrix", {}), (1, [f"{self.root.resolve()}/README.md has no row for sum.adds"]))

    def shrink(self, operations=5, replay="SHMFIFO_REPLAY='abc'", code=1, again=None):
        found = counterexample(operations, replay)
        table = {f"{bug} shrinks {AGREES}": [found, code] for bug in SHRUNK}
        table.update({f"{bug} shrinks replays abc {AGREES}": again or [found, code] for bug in SHRUNK})
        return self.run_action("shrink", table)

    def test_a_counterexample_is_short_and_fails_again_by_its_replay_line(self):
        listed = [f"op {i}" for i in range(5)]
        self.assertEqual(self.shrink(), (0, [line for bug in SHRUNK for line in (f"{bug}: fails, 5 operations", *listed)]))

    def test_a_counterexample_that_is_long_or_cannot_be_replayed_is_a_failure(self):
        self.assertEqual(self.shrink(operations=6)[0], 1)
        self.assertEqual(self.shrink(replay="")[0], 1)
        self.assertEqual(self.shrink(code=139)[0], 1)
        self.assertEqual(self.shrink(code=0)[0], 1)
        for again in ([counterexample(5), 0], [counterexample(5), 139], [counterexample(4), 1]):
            code, lines = self.shrink(again=again)
            self.assertEqual(code, 1)
            self.assertIn("lost_off_by_one: the replay line does not replay it:", lines)
        # One of the three is enough.
        found = [counterexample(5), 1]
        for bad in SHRUNK:
            table = {f"{bug} shrinks {how}{AGREES}": found for bug in SHRUNK if bug != bad for how in ("", "replays abc ")}
            code, lines = self.run_action("shrink", table)
            self.assertEqual(code, 1)
            self.assertIn(f"{bad}: holds, None operations", lines)

    def test_a_program_that_is_not_there_is_refused(self):
        self.program.chmod(0o644)
        code, lines = self.run_action("sample", {})
        self.assertEqual(code, 2)
        self.assertIn(f"{self.program} is no program: build property_tests_planted", lines[-1])
        self.assertEqual(self.run_action("no_such_action", {})[0], 2)


if __name__ == "__main__":
    unittest.main()
