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
MORE = '''"""Text."""
from __future__ import annotations
import os


class d(object):
    """Text."""
    a: int = 3
    b: "int"

    @property
    def f(self, x: int = 5) -> int:
        """Text."""
        import os
        y: int = x + 1
        try:
            y += 2
        finally:
            del x
        return x and y and 1


'''
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

    def test_a_parser_has_the_folders_and_definitions_of_the_compiler(self):
        with tempfile.TemporaryDirectory() as folder:
            unity = Path(folder) / "Unity/u.cxx"
            unity.parent.mkdir()
            unity.write_text(f'#include "{folder}/c.cpp"\n')
            commands = [{"file": f"{folder}/{file}", "command": f"c++ {words} -c {file}"} for file, words in (
                ("a.cpp", "-Ione -I two -isystem three -DA -DB -O2"), ("b.cpp", "-DB -Ione -Ifour -DA"), ("Unity/u.cxx", "-DC -DB -I five"))]
            for name, expected in (("a.cpp", "-DA -DB -I two -isystem three -Ione"), ("b.cpp", "-DA -DB -Ione -Ifour"), ("c.cpp", "-DB -DC -I five"),
                                   ("a.hpp", "-DB -I two -isystem three -Ione -Ifour -I five")):
                self.assertEqual(mutate_cpp.arguments_of(name, Path(folder), commands), ["-std=c++20", *expected.split()], name)
            self.assertEqual(mutate_cpp.compiling("c.cpp", Path(folder), commands), commands[2:])
            self.assertEqual(mutate_cpp.arguments_of("a.hpp", Path(folder), []), ["-std=c++20"])

    def test_an_error_of_the_compiler_points_at_the_innermost_mutant(self):
        text = "0123456789\nabcdefghij\n"
        spans = [(2, 8, ["wide"]), (4, 6, ["narrow"]), (12, 15, []), (13, 14, ["inside"]), (16, 17, [])]
        written = {"x.hpp": (text, spans)}
        for place, expected in (("1:3", {"narrow"}), ("1:5", {"narrow"}), ("1:6", {"narrow"}), ("1:7", {"narrow"}), ("1:1", {"wide", "narrow"}),
                                ("1:9", {"wide", "narrow"}), ("2:2", {"inside"}), ("2:3", {"inside"}), ("2:6", {"inside"}), ("2:10", {"inside"})):
            for before, after in (("", ""), ("", "f/x.hpp:1:6: note: from\n"),
                                  ("f/x.hpp:1:6: warning: no matter\nf/x.hpp:1:6: note: more\n", "")):
                errors = f"{before}/tree/f/x.hpp:{place}: error: no\n{after}"
                self.assertEqual(mutate_cpp.uncompilable(errors, Path("/tree/f"), written) - ({"narrow"} if before else set()),
                                 expected - ({"narrow"} if before else set()), errors)
        self.assertEqual(mutate_cpp.uncompilable("/usr/y.hpp:1:1: error: no\n/tree/f/x.hpp:1:6: note: by\n", Path("/tree/f"), written), {"narrow"})
        self.assertEqual(mutate_cpp.uncompilable("no place\n/usr/y.hpp:1:1: fatal error: no\n", Path("/tree/f"), written), set())


def cpp():
    return rewritten_cpp(HEADS + "".join(f"namespace {name}_ {{ {text} }}\n" for name, (text, _, _) in cpp_test.EXAMPLES.items()))


def python():
    text = MORE + "\n".join(text for text, _, _ in python_test.EXAMPLES.values())
    return mutate_python.mutate_text("a.py", text + '\nif __name__ == "__main__":\n    f(1)\n', 5)


def write():
    for name, (text, mutants) in (("cpp", cpp()), ("python", python())):
        (HERE / "golden" / name).write_text(text, encoding="utf-8")
        (HERE / f"golden/{name}.mutants").write_text(listed(mutants), encoding="utf-8")


if __name__ == "__main__":
    write() if sys.argv[1:] == ["write"] else unittest.main()
