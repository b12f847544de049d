#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: no mutant comes, goes or changes unnoticed. Method: the examples of the other tests are rewritten; the text with all
mutants in it, and each mutant's place, operator and key are compared with golden/. What they do is shown by those tests.

usage: golden_test.py write    makes golden/ anew; read the difference before you keep it"""
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent)]
import cpp_test  # noqa: E402
import mutate_cpp  # noqa: E402
import mutate_python  # noqa: E402
import python_test  # noqa: E402

FIELDS = {"id", "key", "file", "line", "function", "operator", "original", "mutant"}
HEADS = "".join(f"#include <{name}>\n" for name in ("algorithm", "chrono", "cstdio", "optional"))


def listed(mutants):
    return "".join(f"{one['id']} {one['line']} {one['operator']}: {one['original']} -> {one['mutant']}\n    {one['key']} of {one['function']}\n"
                   for one in mutants)


def rewritten_cpp(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "examples.hpp"
        path.write_text(text)
        mutants = mutate_cpp.mutate(folder, ["examples.hpp"], [], [lambda: ""], Path(folder) / "known.json", 5)
        return path.read_text(), mutants


class golden(unittest.TestCase):
    maxDiff = None

    def compare(self, name, text, mutants):
        self.assertEqual({frozenset(one) for one in mutants}, {frozenset(FIELDS)})
        self.assertEqual(len({one["key"] for one in mutants}), len(mutants))
        for file, found in ((name, text), (f"{name}.mutants", listed(mutants))):
            self.assertEqual(found, (HERE / "golden" / file).read_text(encoding="utf-8"), file)

    def test_the_mutants_of_cpp_are_those_that_were_read(self):
        self.compare("cpp", *cpp())

    def test_the_mutants_of_python_are_those_that_were_read(self):
        self.compare("python", *python())


def cpp():
    return rewritten_cpp(HEADS + "".join(f"namespace {name}_ {{ {text} }}\n" for name, (text, _, _) in cpp_test.EXAMPLES.items()))


def python():
    text = "\n".join(text for text, _, _ in python_test.EXAMPLES.values())
    return mutate_python.mutate_text("a.py", text + '\nif __name__ == "__main__":\n    f(1)\n', 5)


def write():
    for name, (text, mutants) in (("cpp", cpp()), ("python", python())):
        (HERE / "golden" / name).write_text(text, encoding="utf-8")
        (HERE / f"golden/{name}.mutants").write_text(listed(mutants), encoding="utf-8")


if __name__ == "__main__":
    write() if sys.argv[1:] == ["write"] else unittest.main()
