#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: what results.jsonl says of a mutant, and what it adds up to, is defined. Method: tables of lines and outcomes, of
counts and complaints."""
import json
import sys
import tempfile
import types
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent)]
import results  # noqa: E402

MUTANTS = [{"key": "m", "original": "a", "mutant": "b"}, {"key": "n", "original": "a", "mutant": "b"}]
KNOWN = {"t": "1", "u": "2"}  # what the tests consist of now
T, U = (types.SimpleNamespace(name=name) for name in "tu")
SCOPES = {"one": {"files": ["x"], "killed": 80, "equivalent_percent_max": 10}, "two": {"files": ["y"], "killed": 50, "equivalent_percent_max": 0}}


def line(outcome, test=None, tried=None, **more):
    return {"key": "m", "original": "a", "mutant": "b", "outcome": outcome, "test": test,
            "tried": {"t": "1"} if tried is None else tried, **more}


# what was written down; the outcome if t and u reach the mutant
OUTCOMES = [
    ([], "untried"),
    ([line("killed", "t")], "killed"),
    ([line("killed", "t", {"t": "0"})], "killed"),  # also by an earlier text of the test
    ([line("killed", "gone", {"gone": "9"})], "untried"),
    ([line("killed", "t", key="other")], "untried"),
    ([line("killed", "t", original="c")], "untried"),
    ([line("killed", "t", mutant="c")], "untried"),
    ([line("survived")], "unfinished"),
    ([line("survived", tried={"t": "0"})], "untried"),
    ([line("survived", tried={"t": "1", "u": "2"})], "survived"),
    ([line("survived", tried={"t": "1", "u": "1"})], "unfinished"),
    ([line("survived"), line("survived", tried={"u": "2"})], "survived"),
    ([line("survived", tried={"t": "1", "u": "2"}), line("killed", "u", {"u": "2"})], "killed"),
    ([line("stuck", "t")], "unfinished"),
    ([line("stuck", "t", {"t": "1", "u": "2"})], "stuck"),
    ([line("stuck", "t", {"t": "0"}), line("survived", tried={"t": "1", "u": "2"})], "survived"),
    ([line("stuck", "t"), line("survived", tried={"u": "2"})], "stuck"),
    ([line("killed", "t", key="n")], "untried"),
]


class known_results(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="shmfifo-mutation-")
        self.addCleanup(place.cleanup)
        self.path = Path(place.name) / "results.jsonl"

    def known(self, *lines):
        self.path.write_text("".join(json.dumps(one) + "\n" for one in lines))
        return results.Results(self.path, MUTANTS, KNOWN)

    def test_lines_say_what_became_of_a_mutant(self):
        for lines, expected in OUTCOMES:
            with self.subTest(lines):
                self.assertEqual(self.known(*lines).outcome(MUTANTS[0], [T, U]), expected)

    def test_each_outcome_has_a_column_and_what_a_test_is_missing_for_is_listed(self):
        self.assertEqual({expected for _, expected in OUTCOMES} | {"unreached", "equivalent"}, set(results.OUTCOMES))
        self.assertEqual(set(results.LEFT), set(results.OUTCOMES) - {"killed", "equivalent", "untried"})

    def test_only_tests_that_reach_a_mutant_are_asked_for(self):
        found = self.known(line("survived"))
        self.assertEqual([found.outcome(MUTANTS[0], tests) for tests in ([T], [U], [], None)],
                         ["survived", "unfinished", "unreached", "unreached"])
        self.assertEqual(self.known(line("killed", "t")).outcome(MUTANTS[0], []), "killed")

    def test_a_trial_is_a_line_that_counts_at_once(self):
        found = self.known()
        found.add(MUTANTS[0], "stuck", "", "u", ["t", "u"], 1.23456)
        self.assertEqual(found.outcome(MUTANTS[0], [T, U]), "stuck")
        found.add(MUTANTS[0], "killed", "failed", "t", ["t"], 2)
        self.assertEqual((found.outcome(MUTANTS[0], [T, U]), found.outcome(MUTANTS[1], [T])), ("killed", "untried"))
        self.assertEqual(list(results.lines_of(self.path)), [
            line("stuck", "u", {"t": "1", "u": "2"}, how="", processor_seconds=1.235),
            line("killed", "t", how="failed", processor_seconds=2)])

    def test_kills_of_another_folder_count_for_the_same_text(self):
        for given, expected in ((line("killed", "x"), "killed"), (line("survived"), "untried"), (line("stuck", "t"), "untried"),
                                (line("killed", "x", original="c"), "untried"), (line("killed", "x", key="n"), "untried")):
            found = self.known()
            found.take_kills([given])
            self.assertEqual(found.outcome(MUTANTS[0], [T]), expected, given)
        self.assertEqual(self.path.read_text(), "")

    def test_a_line_that_was_cut_off_is_left_out(self):
        self.path.write_text('{"a": 1}\n{"b": 2}\n{"c"')
        self.assertEqual(list(results.lines_of(self.path)), [{"a": 1}, {"b": 2}])
        self.path.unlink()
        self.assertEqual((list(results.lines_of(self.path)), results.equivalents_of(self.path)), ([], {}))
        self.path.write_text('{"m": "why"}')
        self.assertEqual(results.equivalents_of(self.path), {"m": "why"})

    def test_each_wrong_entry_of_the_equivalents_is_a_sentence(self):
        self.assertEqual(list(results.stale({"m": "why", "n": "why", "o": "why", "p": " ", "q": ""}, MUTANTS,
                                            {"m": "killed", "n": "equivalent"})), [
            "equivalent, but a test kills it: m", "equivalent, but there is no such mutant: o",
            "equivalent without a reason: p", "equivalent without a reason: q"])

    def test_outcomes_add_up_by_what_is_asked_for(self):
        mutants = [{"key": key, "file": file} for key, file in zip("abcd", "yxyy")]
        found = results.summary(mutants, {"a": "killed", "b": "survived", "c": "killed", "d": "stuck"}, lambda one: one["file"])
        self.assertEqual(found, {"x": {"survived": 1, "mutants": 1}, "y": {"killed": 2, "stuck": 1, "mutants": 3}})
        self.assertEqual(list(found), ["x", "y"])

    def test_the_share_is_of_those_that_are_not_equivalent(self):
        for counts, expected in (({"mutants": 0}, 100), ({"mutants": 2, "equivalent": 2}, 100), ({"mutants": 4}, 0),
                                 ({"mutants": 8, "killed": 6}, 75), ({"mutants": 8, "killed": 6, "equivalent": 2}, 100)):
            self.assertEqual(results.percent(counts), expected, counts)

    def test_each_floor_that_is_missed_is_a_sentence(self):
        for counts, expected in (
                ({"one": {"mutants": 10, "killed": 8}, "two": {"mutants": 2, "killed": 1}}, []),
                ({"one": {"mutants": 30, "killed": 23}}, ["one: 76.67 % of the mutants killed, the floor 80 %"]),
                ({"one": {"mutants": 10, "killed": 9, "equivalent": 1}}, []),
                ({"one": {"mutants": 10, "killed": 8, "equivalent": 2}},
                 ["one: 2 of 10 mutants are listed as equivalent, at most 10 % may be"]),
                ({"two": {"mutants": 3, "killed": 1, "equivalent": 1}},
                 ["two: 1 of 3 mutants are listed as equivalent, at most 0 % may be"]),
                ({"two": {"mutants": 4, "killed": 1, "equivalent": 1}},
                 ["two: 33.33 % of the mutants killed, the floor 50 %",
                  "two: 1 of 4 mutants are listed as equivalent, at most 0 % may be"])):
            self.assertEqual(list(results.below(SCOPES, counts)), expected, counts)

    def test_floors_rise_to_what_was_reached(self):
        raised = results.raised(SCOPES, {"one": {"mutants": 30, "killed": 29}})
        self.assertEqual(raised, {"one": {**SCOPES["one"], "killed": 96.6}, "two": SCOPES["two"]})
        self.assertEqual(results.raised(SCOPES, {"one": {"mutants": 2, "killed": 1}}), SCOPES)


if __name__ == "__main__":
    unittest.main()
