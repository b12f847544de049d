#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: core_model reports what the model checker found: each verdict, number, file and exit code, and of each weakened
order whether a test noticed. Method: the program with tests whose verdicts are known (known_tests.cpp)."""
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

RUN = [*os.environ.get("RUN", "").split(), os.environ["PROGRAM"]]
# What each access of known.unneeded can be weakened to; seq_cst on site `operate` is a look from outside.
UNNEEDED = [("abort_stamp", "release -> relaxed"), ("find_stamp", "acquire -> relaxed"), ("room_stamp", "acquire -> relaxed"),
            ("gate_role", "seq_cst -> release"), ("gate_floor_load", "seq_cst -> acquire"),
            ("mark_exchange", "seq_cst -> acq_rel"), ("mark_exchange", "load and store"), ("bell_announce", "acq_rel -> acquire"),
            ("bell_announce", "acq_rel -> release"), ("bell_announce", "load and store"), ("bell_light_fence", "no fence"),
            ("bell_light_fence", "seq_cst -> acq_rel")]


def row(name, verdict, executions, blocked, reason=""):
    return f"known.{name:39} {verdict:9} {executions:>9} executions {blocked:>9} blocked    0.00 s  {reason}".rstrip()


class core_model(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_program(self, tests, *words, stdout=subprocess.PIPE):
        """(exit code, lines of standard output, lines of standard error), all times set to zero."""
        done = subprocess.run([*RUN, *map(str, words)], env={**os.environ, "KNOWN_TESTS": tests}, stdout=stdout,
                              stderr=subprocess.PIPE, text=True)
        out = re.sub(r" +\d+\.\d\d s ", "    0.00 s ", re.sub(r"\| \d+\.\d\d \|$", "| 0.00 |", done.stdout or "", flags=re.M))
        error = [line.rstrip() for line in done.stderr.replace("\r", "\n").split("\n") if line.rstrip()]
        return done.returncode, [line.rstrip() for line in out.splitlines()], error

    def test_of_each_test_the_verdict_and_the_numbers_are_printed(self):
        self.assertEqual(self.run_program("passes slow waits dies many"),
                         (0, [row("passes", "ok", 2, 0), row("waits", "ok", 1, 2), row("dies", "ok", 3, 0),
                              row("many", "ok", 924, 0)], []))

    def test_a_violation_is_shown_written_as_a_graph_and_fails(self):
        dot = self.folder / "x.dot"
        code, lines, error = self.run_program("races passes", "--dot", dot)
        self.assertEqual((code, error), (1, []))
        self.assertRegex(lines[0], r"^known\.races +violation +\d+ executions +\d+ blocked +0\.00 s  data race: events ")
        self.assertIn("[publish_stamp]", "".join(lines))
        self.assertTrue(any(re.fullmatch(r"replay: m1:[\d.]+", line) for line in lines), lines)
        self.assertEqual(lines[-1], row("passes", "ok", 2, 0))
        self.assertTrue(dot.read_text().startswith("digraph execution {\n"))

    def test_a_sleeper_that_relays_nothing_leaves_the_other_asleep(self):
        code, lines, _ = self.run_program("relays_nothing")
        self.assertEqual(code, 1)
        self.assertRegex(lines[0], r"^known\.relays_nothing +violation .* deadlock: .*sleeps, and no wake-up is left to come")

    def test_what_could_not_be_judged_fails(self):
        code, lines, _ = self.run_program("changes passes")
        self.assertEqual((code, lines[-1]), (1, row("passes", "ok", 2, 0)))
        self.assertRegex(lines[0], r"^known\.changes +unknown +.*not deterministic: ")
        code, lines, _ = self.run_program("many", "--seconds", "0")
        self.assertEqual((code, lines[0]), (1, row("many", "unknown", 256, 0, "budget of 0 seconds exceeded")))

    def test_tests_are_chosen_by_the_beginning_of_their_names_and_slow_ones_on_request(self):
        names = "passes slow waits races"
        self.assertEqual(self.run_program(names, "--list"), (0, [f"known.{name}" for name in names.split()], []))
        for words, chosen in ((("--test", "known.p"), ["passes"]), (("--test", "known.s"), []),
                              (("--test", "known.s", "--slow"), ["slow"]), (("--test", "known.slow"), ["slow"]), (("--slow", "--test", "known.pass"), ["passes"]),
                              (("--test", "passes"), []), (("--test", "known.passes.not"), [])):
            for more in ((), ("--table",)):
                code, lines, error = self.run_program(names, *words, *more)
                self.assertEqual(code, 0 if chosen else 1, words)
                self.assertEqual(re.findall(r"known\.(\w+)", " ".join(lines)), chosen, words)
                none = [f"core_model: there is no test '{words[words.index('--test') + 1]}'"]
                self.assertEqual(error, [] if chosen else none)

    def test_the_table_has_a_row_for_each_test_and_fails_with_one(self):
        head = ["| test | bounds | executions | with a death | blocked | seconds |", "|---|---|---|---|---|---|"]
        rows = ["| `known.passes` | 1 writer, 1 reader | 2 | 0 | 0 | 0.00 |",
                "| `known.waits` | 1 waiting reader | 1 | 0 | 2 | 0.00 |",
                "| `known.dies` | 1 thread that dies | 3 | 2 | 0 | 0.00 |"]
        self.assertEqual(self.run_program("passes waits dies", "--table"), (0, head + rows, []))
        self.assertEqual(self.run_program("many passes", "--table", "--seconds", "0"),
                         (1, [*head, "| `known.many` | 924 executions | 256 (budget of 0 seconds exceeded) | 0 | 0 | 0.00 |",
                              rows[0]], []))
        self.assertEqual(self.run_program("passes races", "--table")[0], 1)

    def orders(self, tests, *words):
        """(exit code, {(site, change): (killed or SURVIVES, by which test, why)}, the last line)"""
        code, lines, error = self.run_program(tests, "--orders", *words)
        self.assertTrue(all(re.fullmatch(r"\d+ of \d+ mutants", line) for line in error), error)
        split = [(line[:22].strip(), line[23:43].strip(), line[44:52].strip(), line[53:98].strip(), line[99:])
                 for line in lines[:-1]]
        return code, {one[:2]: one[2:] for one in split}, lines[-1]

    def test_each_order_that_is_needed_is_killed_and_by_which_test(self):
        races = ("killed", "known.passes", "data race: events ")
        code, mutants, last = self.orders("slow passes fences")
        self.assertEqual((code, last), (0, "6 mutants, 6 killed, 0 survive"))
        self.assertEqual({at: mutants[at][:2] for at in mutants if at[0].endswith("stamp")},
                         {("publish_stamp", "release -> relaxed"): races[:2], ("poll_stamp", "acquire -> relaxed"): races[:2]})
        self.assertTrue(mutants["publish_stamp", "release -> relaxed"][2].startswith(races[2]))
        self.assertEqual({at: one for at, one in mutants.items() if "fence" in at[0]},
                         {(f"bell_{side}_fence", change): ("killed", "known.fences", "assertion: one of them sees the other")
                          for side in ("light", "heavy") for change in ("no fence", "seq_cst -> acq_rel")})

    def test_an_order_that_is_not_needed_survives_and_fails(self):
        code, mutants, last = self.orders("unneeded")
        self.assertEqual(mutants, {one: ("SURVIVES", "", "") for one in UNNEEDED})
        self.assertEqual((code, last), (1, "12 mutants, 0 killed, 12 survive"))
        code, mutants, last = self.orders("passes unneeded", "--site", "publish_stamp")
        self.assertEqual((code, last, len(mutants)), (0, "1 mutants, 1 killed, 0 survive", 1))
        code, mutants, last = self.orders("passes unneeded")
        self.assertEqual((code, last), (1, "14 mutants, 2 killed, 12 survive"))

    def test_a_test_that_could_not_be_judged_notices_nothing(self):
        self.assertEqual(self.orders("changes unneeded", "--site", "abort_stamp")[::2], (1, "1 mutants, 0 killed, 1 survive"))

    def test_without_a_mutant_nothing_is_shown(self):
        self.assertEqual(self.orders("passes", "--site", "nowhere"), (1, {}, "0 mutants, 0 killed, 0 survive"))
        self.assertEqual(self.orders("waits"), (1, {}, "0 mutants, 0 killed, 0 survive"))

    def test_a_test_that_fails_without_a_change_shows_nothing(self):
        for words in (("--orders",), ("--weaken", "publish_stamp")):
            code, lines, error = self.run_program("passes races", *words)
            self.assertEqual((code, lines), (1, []))
            self.assertRegex(error[0], r"^core_model: known\.races fails without a change: data race: events ")

    def test_the_matrix_is_written_as_json(self):
        file = self.folder / "x.json"
        self.orders("passes unneeded", "--site", "publish_stamp", "--json", file)
        [one] = json.loads(file.read_text())
        self.assertEqual({key: one[key] for key in ("site", "change", "killed", "killed_by")},
                         {"site": "publish_stamp", "change": "release -> relaxed", "killed": True, "killed_by": "known.passes"})
        self.assertRegex(one["by_what"], "^data race: events [^(]*$")
        self.assertGreater(one["seconds"], 0)
        self.orders("unneeded", "--json", file)
        self.assertEqual([(one["site"], one["change"], one["killed"], one["killed_by"], one["by_what"])
                          for one in sorted(json.loads(file.read_text()), key=lambda one: (one["site"], one["change"]))],
                         sorted((*one, False, "", "") for one in UNNEEDED))

    def test_a_weakened_site_is_shown_and_drawn(self):
        dot = self.folder / "x.dot"
        code, lines, error = self.run_program("fences passes", "--weaken", "poll_stamp", "--dot", dot)
        self.assertEqual((code, error), (1, []))
        self.assertRegex(lines[0], r"^poll_stamp with acquire -> relaxed: data race: events ")
        self.assertEqual(lines[1:3], ["found by known.passes (1 writer, 1 reader)", ""])
        self.assertIn("R relaxed", "".join(lines))
        self.assertTrue(dot.read_text().startswith("digraph execution {\n"))
        for tests, site in (("unneeded", "abort_stamp"), ("changes unneeded", "abort_stamp"), ("unneeded", "operate"),
                            ("unneeded", "nowhere")):
            self.assertEqual(self.run_program(tests, "--weaken", site),
                             (2, [], [f"core_model: no order of a site '{site}' can be weakened so that a test notices"]))

    def test_what_cannot_be_written_is_an_error(self):
        file = self.folder / "no/such/folder"
        for tests, *words in (("races", "--dot", file), ("passes", "--weaken", "poll_stamp", "--dot", file),
                              ("passes", "--orders", "--json", file)):
            code, _, error = self.run_program(tests, *words)
            self.assertEqual((code, error[-1]), (1, f"core_model: cannot write {file}"))
        with open("/dev/full", "w") as full:
            for words in (("--list",), ("--table",), ()):
                code, _, error = self.run_program("passes", *words, stdout=full)
                self.assertEqual((code, error[0].split(": ")[:2]), (1, ["core_model", "standard output"]), words)

    def test_words_that_it_does_not_know_are_refused(self):
        for words in (("--no-such-option",), ("passes",), ("--seconds", "x"), ("--seconds",)):
            code, lines, error = self.run_program("passes", *words)
            self.assertNotIn(code, (0, 1, 2))
            self.assertEqual(lines, [])


if __name__ == "__main__":
    unittest.main()
