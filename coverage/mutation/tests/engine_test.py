#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the engine says of each mutant what is true of it. Method: the project of tests/tiny, in which it is known."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent)]
import results  # noqa: E402

ENGINE = [sys.executable, "-B", str(HERE.parent / "mutation.py")]
FLOORS = {"tiny": {"files": ["tiny.py"], "targets": [], "killed": 0, "equivalent_percent_max": 10}}
EQUIVALENT = "tiny.py:largest:comparison exchanged:one > other -> one >= other"
STUCK = "loops.py:countdown:statement deleted:number -= 1 -> "


class engine(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="shmfifo-mutation-"))
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copytree(HERE / "tiny", self.root, dirs_exist_ok=True)
        (self.root / ".gitignore").write_text("build/\n")
        self.lists = self.root / "build/lists"  # ignored by git
        self.lists.mkdir(parents=True)
        self.write("floors", FLOORS)
        self.git("init", "-q")
        self.commit()

    def git(self, *words):
        subprocess.run(["git", "-C", str(self.root), *words], check=True, capture_output=True)

    def commit(self):
        self.git("add", "-A")
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a")

    def write(self, name, value):
        (self.lists / f"{name}.json").write_text(json.dumps(value))

    def call(self, *words, code=0):
        done = subprocess.run([*ENGINE, "--root", self.root, "--lists", self.lists, *words], capture_output=True, text=True,
                              env={**os.environ, "TINY_PYTHON": sys.executable})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def edit(self, old, new, name="tiny.py"):
        path = self.root / name
        text = path.read_text()
        self.assertEqual(text.count(old), 1, old)
        path.write_text(text.replace(old, new))

    def trials(self):
        return list(results.lines_of(self.root / "build/mutation/results.jsonl"))

    def outcomes(self, **more):
        found = json.loads(self.call("report", "--json", **more))
        return found, {one["key"]: one["outcome"] for one in found["survivors"]}

    def tried(self):
        self.call("prepare")
        self.call("reach")
        return self.call("run")

    def test_each_mutant_has_the_outcome_that_is_known_of_it(self):
        self.write("equivalent", {EQUIVALENT: "of two equal numbers either is the largest"})
        self.write("floors", {**FLOORS, "loops": {"files": ["loops.py"], "targets": [], "killed": 0, "equivalent_percent_max": 0}})
        self.tried()
        found, left = self.outcomes()
        self.assertEqual(found["matrix"]["tiny.py:total:statement deleted:found += value -> "], "tiny.sums")
        self.assertEqual(left["tiny.py:largest:condition false:one > other -> False"], "survived")
        self.assertEqual(left["tiny.py:never_called:return value replaced:number -> 0"], "unreached")
        self.assertEqual(left[STUCK], "stuck")
        self.assertEqual(found["matrix"]["loops.py:endless:statement deleted:number -= 1 -> "], "tiny.ends")
        self.assertNotIn(EQUIVALENT, {*left, *found["matrix"]})
        self.assertEqual(found["scopes"]["tiny"]["equivalent"], 1)
        self.assertEqual(sum(one["killed"] for one in found["scopes"].values()), len(found["matrix"]))
        self.assertEqual(sum(one["mutants"] for one in found["scopes"].values()), len(found["matrix"]) + len(left) + 1)

    def test_tests_that_are_slow_or_fail_with_the_switch_off_are_not_used(self):
        self.call("prepare")
        said = self.call("reach")
        self.assertIn("not used, failed with the switch off: tiny.broken", said)
        self.assertIn("not used, skipped with the switch off: tiny.skipped", said)
        self.call("run")
        names = {name for line in self.trials() for name in line["tried"]}
        self.assertEqual(names, {"tiny.sums"})

    def test_what_is_known_is_not_tried_again(self):
        self.tried()
        before = len(self.trials())
        self.call("prepare")
        self.call("reach")
        self.call("run")
        self.assertEqual(len(self.trials()), before)

    def test_a_survivor_is_tried_with_a_test_that_changed_and_a_kill_stays(self):
        self.tried()
        before = len(self.trials())
        self.edit("tiny.largest(2, 1) in (1, 2)", "tiny.largest(2, 1) == 2", "tiny_check.py")
        self.tried()
        again = self.trials()[before:]
        killed = {one["key"] for one in self.trials()[:before] if one["outcome"] == "killed"}
        self.assertFalse(killed & {one["key"] for one in again})
        self.assertEqual({one["outcome"] for one in again if one["key"].endswith("condition false:one > other -> False")},
                         {"killed"})

    def test_a_kill_of_another_text_does_not_count(self):
        self.tried()
        self.edit("found += value", "found += value + 0")
        self.call("prepare")
        self.call("reach")
        key = "tiny.py:total:statement deleted:found += value"
        found, left = self.outcomes()
        self.assertNotIn(key + " + 0 -> ", {*found["matrix"], *left})
        self.assertGreater(found["scopes"]["tiny"]["untried"], 0)

    def test_a_survivor_of_some_tests_is_unfinished_until_all_were_tried(self):
        self.edit('"unit;slow"', '"unit"', "CMakeLists.txt")  # a second test reaches all
        self.call("prepare")
        self.call("reach")
        self.call("run", "--limit-seconds", "0.001")
        self.assertEqual({len(one["tried"]) for one in self.trials()}, {1})
        found, left = self.outcomes()
        self.assertEqual(set(left.values()), {"unfinished", "unreached"})
        self.call("run")
        found, left = self.outcomes()
        self.assertEqual(set(left.values()), {"survived", "unreached"})

    def test_an_interrupted_run_goes_on_with_what_is_left(self):
        self.call("prepare")
        self.call("reach")
        child = subprocess.Popen([*ENGINE, "--root", self.root, "--lists", self.lists, "run"], stderr=subprocess.DEVNULL)
        file = self.root / "build/mutation/results.jsonl"
        while not file.exists() and child.poll() is None:
            time.sleep(0.01)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(), 130)
        with open(file, "a") as cut_off:
            cut_off.write('{"key": "tiny')
        before = {one["key"] for one in self.trials()}
        self.call("run")
        after = [one["key"] for one in self.trials()]
        self.assertEqual(len(after), len(set(after)))
        self.assertTrue(before < set(after))

    def test_shards_and_selections_are_those_asked_for(self):
        self.call("prepare")
        self.call("reach")
        self.call("run", "--only", EQUIVALENT)
        self.assertEqual([one["key"] for one in self.trials()], [EQUIVALENT])
        self.call("run", "--scope", "other")
        self.call("run", "--file", "other.py")
        self.assertEqual(len(self.trials()), 1)
        mutants = json.loads((self.root / "build/mutation/mutants.json").read_text())["mutants"]
        self.call("run", "--shard", "1/3", "--file", "tiny.py")
        first = {one["key"] for one in mutants if one["id"] % 3 == 0}
        self.assertTrue({one["key"] for one in self.trials()} <= first | {EQUIVALENT})
        self.call("run", "--shard", "0/3", code=2)
        self.call("run", "--shard", "4/3", code=2)

    def test_a_wrong_list_of_equivalents_fails(self):
        self.tried()
        killed = "tiny.py:total:statement deleted:found += value -> "
        for key, reason, why in (("no such key", "because", "there is no such mutant"), (killed, "because", "a test kills it"),
                                 (EQUIVALENT, " ", "without a reason")):
            self.write("equivalent", {key: reason})
            found, _ = self.outcomes(code=1)
            self.assertEqual(len(found["problems"]), 1)
            self.assertIn(why, found["problems"][0])

    def test_floors_are_compared_and_only_rise(self):
        self.tried()
        self.write("floors", {"tiny": {**FLOORS["tiny"], "killed": 99.9}})
        self.assertIn("the floor 99.9 %", self.call("report", code=1))
        self.call("report", "--raise-floors", code=1)
        self.assertEqual(json.loads((self.lists / "floors.json").read_text())["tiny"]["killed"], 99.9)
        self.write("floors", FLOORS)
        self.call("report", "--raise-floors")
        new = json.loads((self.lists / "floors.json").read_text())["tiny"]
        self.assertEqual({**new, "killed": 0}, FLOORS["tiny"])
        self.assertEqual(new["killed"], 55.5)
        self.write("equivalent", {EQUIVALENT: "of two equal numbers either is the largest"})
        self.write("floors", {"tiny": {**FLOORS["tiny"], "equivalent_percent_max": 5.5}})
        self.assertIn("1 of 18 mutants are listed as equivalent, at most 5.5 % may be", self.call("report", code=1))
        self.write("floors", {"tiny": {**FLOORS["tiny"], "equivalent_percent_max": 5.6}})
        self.call("report")

    def test_a_report_for_other_sources_fails(self):
        self.tried()
        self.edit("found = 0", "found = 2 - 2")
        self.assertIn("the sources have changed", self.call("report", code=1))

    def test_only_mutants_of_changed_lines_are_tried(self):
        self.edit("found += value", "found += 1 * value")
        self.assertIn("killed", self.call("changed", "HEAD"))
        found = json.loads(self.call("changed", "HEAD", "--json"))
        self.assertEqual(set(found["files"]["tiny.py"]), {"killed", "mutants"})
        self.edit("one > other", "one > other + 0")
        self.assertIn("tiny.py:12: survived: constant off by one: 0 -> 1", self.call("changed", "HEAD", code=1))
        self.commit()
        self.assertIn("no file that has mutants", self.call("changed", "HEAD"))

    def test_changed_says_what_it_had_no_time_for(self):
        self.edit("found += value", "found += 1 * value")
        said = self.call("changed", "HEAD", "--minutes", "0")
        self.assertIn("not tried: 5 tests", said)


if __name__ == "__main__":
    unittest.main()
