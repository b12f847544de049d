#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a planted bug is in the copy or the build fails, and each has a test that must catch it. Method: small made-up
sources and edits, of which each must be refused by its name; the table against the tests of this build."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import plant
from bugs import BUGS, Bug, drop, plain, statement, text, value

SOURCE = '// licence\n#include <a>\nint sum(int a, int b) {\n  check(a,\n        b);\n  return a + b;\n}\n'


def copies(*bugs):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sum.cpp").write_text(SOURCE)
        return plant.copies(Path(folder), ["sum.cpp"], bugs)


def bug(name, *edits):
    return Bug(name, "a sentence", {"property": "sum.adds"}, edits)


class planting(unittest.TestCase):
    def refused(self, message, *bugs):
        with self.assertRaisesRegex(plant.Refused, message):
            copies(*bugs)

    def test_a_bug_has_its_switch_and_its_name(self):
        made = copies(bug("less", value("sum.cpp", "a + b", "a - b")))
        self.assertIn("(::shmfifo::planted::is(::shmfifo::planted::less) ? (a - b) : (a + b))", made["sum.cpp"])
        self.assertIn('#include "planted.hpp"\n#include <a>', made["sum.cpp"])
        self.assertIn('{"none", "less"}', made["planted.hpp"])

    def test_white_space_in_an_edit_stands_for_any(self):
        self.assertIn("else {\ncheck(a,\n        b);\n}",
                      copies(bug("unchecked", drop("sum.cpp", "check(a, b);")))["sum.cpp"])

    def test_several_bugs_may_replace_the_same_statement(self):
        made = copies(bug("none_left", drop("sum.cpp", "return a + b;")),
                      bug("less", statement("sum.cpp", "return a + b;", "return a - b;")))["sum.cpp"]
        self.assertEqual([made.count(part) for part in ("none_left)) {", "else if", "return a - b;", "return a + b;")],
                         [1, 1, 1, 1])

    def test_a_missing_text_is_refused(self):
        self.refused(r"sum\.cpp: the text of 'gone' occurs 0 times, not once:\n  a \* b",
                     bug("gone", value("sum.cpp", "a * b", "0")))

    def test_all_texts_that_are_missing_are_refused_at_once(self):
        self.refused(r"\A.*'gone' occurs 0 times, not once:\n  a \* b\nsum\.cpp: .*'lost' occurs 0 times, not once:\n  return 0;\Z", bug("gone", value("sum.cpp", "a * b", "0")),
                     bug("lost", drop("sum.cpp", "return 0;")))

    def test_a_text_that_is_there_twice_is_refused(self):
        self.refused("the text of 'twice' occurs 2 times, not once", bug("twice", value("sum.cpp", "a,", "b,")))

    def test_overlapping_edits_are_refused(self):
        self.refused(r"\Asum\.cpp: the edits of 'wide' and 'narrow' overlap at\n  return a \+ b;\Z", bug("narrow", value("sum.cpp", "b; }", "a; }")),
                     bug("wide", statement("sum.cpp", "return a + b;", "return 0;")))
        self.refused(r"\Asum\.cpp: 'one' and 'other' edit the same expression\n  a \+ b\Z", bug("one", value("sum.cpp", "a + b", "a")),
                     bug("other", value("sum.cpp", "a + b", "b")))

    def test_edits_may_touch_each_other(self):
        made = copies(bug("one", text("sum.cpp", "sum(", "sum_(")), bug("other", text("sum.cpp", "int a,", "long a,")))
        self.assertIn("int sum_(long a, int b)", made["sum.cpp"])

    def test_a_file_that_is_gone_is_refused(self):
        self.refused("'lost' edits lost.cpp, which is not among the files", bug("lost", drop("lost.cpp", "return;")))

    def test_a_name_used_twice_is_refused(self):
        self.refused(r"\Atwo planted bugs are called 'less'\Z", bug("less", value("sum.cpp", "a + b", "a")), bug("less"))

    def test_of_files_that_are_gone_the_first_is_named(self):
        of = lambda *names: [drop(f"{name}.cpp", "return;") for name in names]
        self.refused(r"\A'one' edits a\.cpp, which is not among the files\Z", bug("one", *of("c", "a")), bug("other", *of("d", "a", "b")))

    def test_every_bug_has_a_test_that_must_catch_it(self):
        listed = subprocess.run([os.environ["CTEST"], "--test-dir", os.environ["BUILD"], "-N"], check=True,
                                stdout=subprocess.PIPE, text=True).stdout
        tests = {plain(test) for test in re.findall(r"^ *Test +#\d+: (\S+)", listed, re.M)}
        for one in BUGS:
            self.assertTrue(one.caught_by, one.name)
            for kind, test in one.caught_by.items():
                if kind != "property":  # run_planted.py says of those whether they are there
                    self.assertIn(test, tests, one.name)


if __name__ == "__main__":
    unittest.main()
