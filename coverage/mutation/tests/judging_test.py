#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: what is written down of a mutant is what its tests did, and what is counted is what was written down. Method: an
executor that answers as each case says, and notes what it was asked to run; all lines and calls are compared."""
import json
import sys
import tempfile
import threading
import types
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent)]
import ctest  # noqa: E402
import results  # noqa: E402
import runner  # noqa: E402

MUTANTS = [{"id": number, "key": f"m{number}", "original": "a", "mutant": "b", "file": "f.py", "function": "f" if number < 8 else "g"}
           for number in range(1, 10)]
FIRST = MUTANTS[0]
ONE = {"test": "t", "tree": "now", "identity": "i", "outcome": "passed", "seconds": 0.5, "processor_seconds": 0.1, "reached": "1-9"}


def a_test(name, *labels):
    return ctest.test_of({"name": name, "command": ["true"], "properties": [{"name": "LABELS", "value": list(labels or ("unit",))}]})


class Script:
    """What each test does with each mutant, run after run; the last answer stays. 0: no mutant is on."""

    def __init__(self, folder, answers):
        self.folder, self.answers, self.calls = folder, {key: list(value) for key, value in answers.items()}, []
        self.stopped, self.slots, self.maps = threading.Event(), types.SimpleNamespace(count=1), []

    def run(self, test, limit, variables):
        number = int(variables.get(ctest.MUTANT, 0))
        self.calls.append((test.name, number, limit))
        if file := variables.get(ctest.REACH):
            self.maps.append(Path(file).read_bytes())
            Path(file).write_bytes(b"\0\1\1\0\1")
        answers = self.answers.get((test.name, number), ["passed"])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer == "interrupt":
            self.stopped.set()
        return ctest.Execution(answer, 0.12378, 0.25678)


class judging(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="shmfifo-mutation-")
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)
        self.said = []

    def reach(self, *lines):
        path = self.folder / "reach.jsonl"
        path.write_text("".join(json.dumps({**ONE, **line}) + "\n" for line in lines))
        return runner.Reach(path, {"tree": "now"})

    def trial(self, answers, *tests, lines=({},), known=None, limit=0, deadline=float("inf")):
        """(a runner, its executor)"""
        reach = self.reach(*lines)
        known = known or results.Results(self.folder / "results.jsonl", MUTANTS, reach.identities())
        executor = Script(self.folder, answers)
        more = {"limit_seconds": limit} if limit else {}  # all tests by default
        return runner.Runner(reach.of_mutants(tests), reach, known, executor, deadline=deadline, **more), executor

    def written(self):
        return list(results.lines_of(self.folder / "results.jsonl"))

    def test_a_verdict_needs_the_same_twice_and_a_test_that_passes_without(self):
        on, off = ("t", 1, 5), ("t", 0, 5)
        for labels, answers, without, expected, how, calls in (
                ("unit", ["passed"], ["passed"], "survived", "", [on]),
                ("unit", ["skipped"], ["passed"], "survived", "", [on]),
                ("unit", ["failed"], ["passed"], "killed", "failed", [on, on, off]),
                ("stress", ["failed"], ["passed"], "killed", "failed", [on, on, off]),
                ("unit", ["failed", "passed"], ["passed"], "survived", "", [on, on]),
                ("unit", ["failed", "skipped"], ["passed"], "survived", "", [on, on]),
                ("unit", ["stuck", "passed"], ["passed"], "survived", "", [on, on]),
                ("unit", ["failed"], ["failed"], "survived", "", [on, on, off]),
                ("unit", ["failed"], ["stuck"], "survived", "", [on, on, off]),
                ("stress", ["stuck", "failed"], ["passed"], "killed", "failed", [on, on, off]),
                ("stress", ["failed", "stuck"], ["passed"], "killed", "failed", [on, on, off]),
                ("unit", ["stuck"], ["passed", "failed"], "survived", "", [on, on, off, off]),
                ("stress", ["stuck"], ["passed", "stuck"], "survived", "", [on, on, off, off]),
                ("stress", ["stuck"], ["passed"], "stuck", "", [on, on, off, off]),
                *((label, ["stuck"], ["passed"], "killed", "stuck", [on, on, off, off])
                  for label in ("unit", "property", "model", "crash", "canary", "fuzz"))):
            with self.subTest(labels=labels, answers=answers, without=without):
                (self.folder / "results.jsonl").unlink(missing_ok=True)
                trial, executor = self.trial({("t", 1): answers, ("t", 0): without}, a_test("t", labels))
                self.assertEqual(trial.try_mutant(FIRST, 9), expected)
                self.assertEqual(executor.calls, calls)
                again, _ = self.trial({("t", 1): answers, ("t", 0): without}, a_test("t", labels))
                self.assertEqual(again.verdict(a_test("t", labels), FIRST, []), (expected, "stuck" if expected == "stuck" else how))
                self.assertEqual(self.written(), [{
                    "key": "m1", "original": "a", "mutant": "b", "outcome": expected, "how": how,
                    "test": None if expected == "survived" else "t", "tried": {"t": "i"}, "processor_seconds": round(0.25678 * len(calls), 3)}])

    def test_a_test_is_asked_once_whether_it_passes_and_a_kill_ends_the_trial(self):
        trial, executor = self.trial({("t", 1): ["failed"], ("t", 2): ["failed"]}, a_test("t"), a_test("u"),
                                     lines=({}, {"test": "u", "seconds": 0.6, "identity": "j"}))
        for mutant in MUTANTS[:3]:
            trial.try_mutant(mutant, 9)
        self.assertEqual([(name, number) for name, number, _ in executor.calls],
                         [("t", 1), ("t", 1), ("t", 0), ("t", 2), ("t", 2), ("t", 3), ("u", 3)])
        self.assertEqual([(one["outcome"], one["test"], one["tried"]) for one in self.written()], [
            ("killed", "t", {"t": "i"}), ("killed", "t", {"t": "i"}), ("survived", None, {"t": "i", "u": "j"})])

    def test_after_a_stuck_test_the_others_are_tried(self):
        lines = ({}, {"test": "u", "seconds": 0.6}, {"test": "v", "seconds": 0.7})
        for last, expected in (("passed", ("stuck", "t", ["t", "u", "v"])), ("failed", ("killed", "v", ["t", "u", "v"]))):
            (self.folder / "results.jsonl").unlink(missing_ok=True)
            trial, _ = self.trial({("t", 1): ["stuck"], ("v", 1): [last]}, *(a_test(name, "stress") for name in "tuv"), lines=lines)
            self.assertEqual(trial.try_mutant(FIRST, 9), expected[0])
            self.assertEqual([(one["outcome"], one["test"], list(one["tried"])) for one in self.written()], [expected])

    def test_what_an_interrupt_or_the_deadline_cuts_off_is_not_written_down(self):
        tests, lines = [a_test("t"), a_test("u")], ({}, {"test": "u", "seconds": 0.6})
        trial, executor = self.trial({("u", 1): ["interrupt"]}, *tests, lines=lines)
        self.assertEqual(trial.try_mutant(FIRST, 9), "unfinished")
        self.assertEqual([list(one["tried"]) for one in self.written()], [["t"]])
        calls = len(executor.calls)
        self.assertEqual(trial.try_mutant(MUTANTS[1], 9), "untried")
        self.assertEqual((len(executor.calls), len(self.written())), (calls, 1))
        late, executor = self.trial({}, *tests, lines=lines, deadline=0)
        self.assertEqual((late.try_mutant(MUTANTS[2], 9), executor.calls), ("untried", []))

    def test_tests_are_tried_by_what_they_cost_and_how_many_mutants_they_come_by(self):
        lines = ({"test": "wide", "seconds": 0.1, "reached": "1-30"}, {"test": "slow", "seconds": 2.5, "reached": "1"},
                 {"test": "quick", "seconds": 1, "reached": "1 3"}, {"test": "fails", "outcome": "failed"},
                 {"test": "before", "tree": "then"}, {"test": "gone"})
        names = ("wide", "slow", "quick", "fails", "before", "unknown")
        reach = self.reach(*lines)
        tests = [a_test(name) for name in names]
        self.assertEqual({number: [test.name for test in found] for number, found in reach.of_mutants(tests).items() if number < 4},
                         {1: ["quick", "slow", "wide"], 2: ["wide"], 3: ["quick", "wide"]})
        self.assertEqual([test.name for test in reach.usable(tests)], ["wide", "slow", "quick"])
        self.assertEqual(reach.identities(), dict.fromkeys(("wide", "slow", "quick", "gone"), "i"))
        self.assertEqual(reach.seconds(tests[1]), 2.5)

    def order(self, trial, mutant=FIRST, budget=100.0):
        return [test.name for test in trial.order(mutant, budget)]

    def test_killers_of_neighbours_come_first_if_they_are_quick(self):
        lines = [{"test": name, "seconds": seconds} for name, seconds in zip("abcdef", (0.1, 0.2, 0.3, 0.9, 1.0, 1.1))]
        trial, _ = self.trial({}, *map(a_test, "fedcba"), lines=lines)
        self.assertEqual(self.order(trial), list("abcdef"))
        trial.killers["f.py", "f"].update("eeeffffddcb")
        self.assertEqual(self.order(trial), list("deabcf"))  # three of them: d, e and f, which takes long
        self.assertEqual(self.order(trial, MUTANTS[8]), list("abcdef"))  # of another function
        trial.reaching[1] = []
        self.assertEqual((self.order(trial), self.order(trial, {**FIRST, "id": 99})), ([], []))

    def test_a_kill_is_remembered_for_the_neighbours(self):
        trial, _ = self.trial({("b", 1): ["failed"]}, a_test("a"), a_test("b"), lines=({"test": "a", "seconds": 0.1}, {"test": "b"}))
        trial.try_mutant(FIRST, 9)
        self.assertEqual((self.order(trial, MUTANTS[1]), self.order(trial, MUTANTS[8])), (["b", "a"], ["a", "b"]))

    def test_the_time_of_earlier_tests_counts_and_one_test_is_always_tried(self):
        lines = [{"test": name, "seconds": seconds} for name, seconds in zip("abcd", (1, 2, 3, 4))]
        trial, _ = self.trial({}, *map(a_test, "abcd"), lines=lines)
        for budget, expected in ((0, "a"), (1, "a"), (2.9, "a"), (3, "ab"), (6, "abc"), (9.9, "abc"), (10, "abcd")):
            self.assertEqual(self.order(trial, budget=budget), list(expected), budget)
        self.assertTrue(trial.is_untried(FIRST) and trial.is_untried(FIRST, 0))
        trial.known.add(FIRST, "survived", "", None, ["a", "c"], 1)
        for budget, expected in ((5.9, ""), (6, "b"), (9.9, "b"), (10, "bd")):
            self.assertEqual(self.order(trial, budget=budget), list(expected), budget)
        self.assertEqual((trial.is_untried(FIRST), trial.is_untried(FIRST, 5)), (True, False))
        trial.known.add(FIRST, "killed", "failed", "b", ["b"], 1)
        self.assertFalse(trial.is_untried(FIRST))

    def run_all(self, limit, seconds=2.5):
        lines = ({"test": "t", "seconds": 1}, {"test": "u", "seconds": seconds}, {"test": "v", "seconds": 9})
        trial, executor = self.trial({("t", 2): ["failed"], ("u", 3): ["failed"]}, *map(a_test, "tuv"), lines=lines, limit=limit)
        begun = []
        with mock.patch.object(runner.time, "monotonic", lambda: 7.0):
            trial.run(MUTANTS[:3], lambda name, total: begun.append((name, total)) or runner.Progress(name, total, self.said.append))
        return begun, [(name, number) for name, number, _ in executor.calls]

    def test_all_mutants_have_had_cheap_tests_before_any_has_others(self):
        self.assertEqual(self.run_all(0), ([("run, cheap tests", 3), ("run, other tests", 2)], [
            ("t", 1), ("t", 2), ("t", 2), ("t", 0), ("t", 3), ("u", 1), ("v", 1), ("u", 3), ("u", 3), ("u", 0)]))
        self.assertEqual(self.said, ["run, cheap tests: 3 of 3: 1 killed, 2 unfinished; 0 s",
                                     "run, other tests: 2 of 2: 1 killed, 1 survived; 0 s"])
        self.assertEqual(self.run_all(0), ([("run, cheap tests", 0), ("run, other tests", 0)], []))  # all is known
        (self.folder / "results.jsonl").unlink()
        self.assertEqual(self.run_all(0, seconds=2)[0], [("run, cheap tests", 3), ("run, other tests", 1)])

    def test_a_limit_ends_the_tests_of_a_mutant(self):
        self.assertEqual(self.run_all(1), ([("run, cheap tests", 3), ("run, other tests", 0)], [
            ("t", 1), ("t", 2), ("t", 2), ("t", 0), ("t", 3)]))
        self.assertEqual(self.said[1], "run, other tests: 0 of 0: nothing; 0 s")

    def test_progress_is_a_line_every_ten_seconds(self):
        now = [100.0]
        with mock.patch.object(runner.time, "monotonic", lambda: now[0]):
            progress = runner.Progress("it", 4, self.said.append)
            for now[0], what in ((109.9, "b"), (110.0, "a"), (119.9, "b"), (120.4, "b")):
                progress.add(what)
        self.assertEqual(self.said, ["it: 2 of 4: 1 a, 1 b; 10 s", "it: 4 of 4: 1 a, 3 b; 20 s"])

    def test_what_a_test_comes_by_is_written_down_once(self):
        reach, executor = self.reach({"test": "known"}, {"test": "old", "tree": "then"}), Script(self.folder, {("old", 0): ["failed"]})
        progress = runner.Progress("reach", 0, self.said.append)
        tests = [a_test(name) for name in ("known", "new", "old")]
        reach.measure(tests, 4, executor, progress, lambda test: f"of {test.name}")
        limit = tests[0].timeout
        self.assertEqual(executor.maps, [bytes(5)] * 2)  # from 0 to the number of mutants
        self.assertEqual((executor.calls, progress.total), ([("new", 0, limit), ("old", 0, limit)], 2))
        self.assertEqual(list(results.lines_of(reach.path))[2:], [
            {"test": name, "tree": "now", "identity": f"of {name}", "outcome": outcome, "seconds": 0.124,
             "processor_seconds": 0.257, "reached": "1-2 4"} for name, outcome in (("new", "passed"), ("old", "failed"))])
        self.assertRegex(self.said[0], r"\Areach: 2 of 2: 1 failed, 1 passed; \d+ s\Z")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["reach.jsonl"])
        reach.measure(tests, 4, executor, progress, None)
        self.assertEqual(len(executor.calls), 2)

    def test_reaching_stops_at_the_deadline_and_at_an_interrupt(self):
        for deadline, answer, calls in ((0, "passed", 0), (float("inf"), "interrupt", 1)):
            reach, executor = self.reach(), Script(self.folder, {("a", 0): [answer]})
            reach.measure([a_test("a"), a_test("b")], 4, executor, runner.Progress("reach", 0, self.said.append), None, deadline)
            self.assertEqual((len(executor.calls), reach.tests, reach.path.read_text()), (calls, {}, ""))

    def test_an_error_in_a_thread_stops_the_others_and_is_seen(self):
        executor, seen = Script(self.folder, {}), []
        with self.assertRaises(ZeroDivisionError):
            runner.in_parallel(lambda item: seen.append(1 // item), [1, 0, 2, 3], executor)
        self.assertTrue(executor.stopped.is_set())
        self.assertEqual(seen[0], 1)


if __name__ == "__main__":
    unittest.main()
