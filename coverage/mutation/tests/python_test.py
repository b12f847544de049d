#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: mutants of Python do what is said of them, and nothing while they are off. Method: small functions, each mutant
switched on in turn."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent)]
import mutate_python  # noqa: E402

# name: (text, what to call, {operator: results of its mutants}); an error is a result, too.
EXAMPLES = {
    "comparison": ("def f(a, b):\n    return a < b\n", "f(1, 1)",
                   {"comparison exchanged": [True], "return value replaced": [None, True, 0]}),
    "chain": ("def f(a):\n    x = 1 < a < 3\n    return [x]\n", "f(3)[0]", {"comparison exchanged": [False, True]}),
    "membership": ("def f(a):\n    x = a in (1,)\n    return [x]\n", "f(1)[0]", {"comparison exchanged": [False]}),
    "identity": ("def f(a):\n    x = a is None\n    return [x]\n", "f(1)[0]", {"comparison exchanged": [True]}),
    "arithmetic": ("x = lambda a, b: a - b\n", "x(5, 2)", {"arithmetic exchanged": [7], "operand dropped": [5]}),
    "logic": ("x = lambda a, b: a and b\n", "x(1, 0)", {"and and or exchanged": [1], "operand dropped": [0, 1]}),
    "not": ("x = lambda a: not a\n", "x(True)", {"condition negated": [True]}),
    "sign": ("x = lambda: -3\n", "x()", {"sign dropped": [3], "constant off by one": [-4, -2], "constant zero": [0]}),
    "truth": ("x = lambda: True\n", "x()", {"constant exchanged": [False]}),
    "text": ("x = lambda: 'ab'\n", "x()", {"text emptied": [""]}),
    "condition": ("def f(a):\n    if a > 1:\n        return 'x'\n", "f(2)", {
        "condition true": ["x"], "condition false": [None], "condition negated": [None], "comparison exchanged": ["x"]}),
    "bound": ("def f(a):\n    if b := a:\n        return b\n", "f(2)", {
        "condition negated": [None], "condition true": [], "condition false": []}),
    "loop": ("def f(a):\n    while a:\n        a -= 1\n    return [a]\n", "f(2)[0]", {"condition false": [2]}),
    "filter": ("x = lambda a: [b for b in a if b]\n", "x([0, 1])", {
        "condition true": [[0, 1]], "condition false": [[]], "condition negated": [[0]]}),
    "largest": ("x = lambda a: max(a, 1, key=abs)\n", "x(-2)", {
        "arguments exchanged": [], "argument dropped": ["TypeError", 1], "function exchanged": [1]}),
    "words": ("def f(*a):\n    return [*a]\n\n\nx = lambda: f(1, '-a', '-b', 'c')[0]\n", "x()", {
        "arguments exchanged": ["-a", 1]}),
    "defaults": ("x = lambda a: round(a, 1)\n", "x(1.26)", {"arguments exchanged": ["TypeError"], "argument dropped": [1]}),
    "any": ("x = lambda a: any(a)\n", "x([0, 1])", {"function exchanged": [False]}),
    "all": ("x = lambda a: all(a)\n", "x([0, 1])", {"function exchanged": [True]}),
    "order": ("x = lambda a: sorted(a)\n", "x([2, 1])", {"call dropped": [[2, 1]]}),
    "call": ("def f(a):\n    a.append(1)\n    a.append(2)\n    return [*a]\n", "f([])", {
        "statement deleted": [[2], [1]], "early return": [None]}),
    "store": ("def f(a):\n    a[0] = 1\n    return [*a]\n", "f([3])", {"statement deleted": [[3]]}),
    "sum": ("def f(a):\n    a += 1\n    return [a]\n", "f(3)", {"statement deleted": [[3]]}),
    "each": ("def f(a):\n    s = [0]\n    for b in a:\n        s[0] += b\n    return s\n", "f([3])", {
        "statement deleted": [[0], [0]]}),
    "break": ("def f(a):\n    for b in a:\n        if b:\n            break\n    return [b]\n", "f([1, 2])", {
        "statement deleted": [[2], "UnboundLocalError"]}),
    "continue": ("def f(a):\n    s = 0\n    for b in a:\n        if b:\n            continue\n        s += b\n    return [s]\n",
                 "f([1])", {"statement deleted": [[1], [0], [0]]}),
    "raise": ("def f(a):\n    raise ValueError\n", "f(1)", {"statement deleted": [None]}),
    "end": ("def f(a):\n    if a:\n        return\n    return 1\n", "f(1)", {"return deleted": [1]}),
    "else": ("def f(a):\n    if a:\n        pass\n    else:\n        a.x()\n    return [a]\n", "f(1)", {
        "condition false": ["AttributeError"]}),
    "otherwise": ("x = lambda a: 1 if a else 2\n", "x(0)", {
        "condition true": [1], "condition false": [2], "condition negated": [1]}),
    "format": ("x = lambda a: f'{a + 2:>3}'\n", "x(2)", {"arithmetic exchanged": ["  0"], "constant zero": ["  2"]}),
    "generator": ("def f():\n    yield 1\n    yield 2\n", "list(f())", {
        "statement deleted": [[2], [1]], "early return": [[]]}),
    "method": ("class c:\n    def f(self):\n        return 1\n", "c().f()", {"return value replaced": [None, 0]}),
    # What callers could not distinguish is not made: True is equal to 1, False to 0, and a program ends with 0 for None.
    "false": ("def f():\n    return False\n", "f()", {"return value replaced": [None, True]}),
    "true": ("def f():\n    return True\n", "f()", {"return value replaced": [None, 0]}),
    "zero": ("def f():\n    return 0\n", "f()", {"return value replaced": [None, True]}),
    "two": ("def f():\n    return 2\n", "f()", {"return value replaced": [None, True, 0]}),
    "exit code": ("def main():\n    return 0\n", "main()", {"return value replaced": [True]}),
    "encoding": ("x = lambda: [dict(encoding='UTF-8'), dict(encoding='ascii')]\n", "x()", {
        "argument dropped": [[{"encoding": "UTF-8"}, {}]]}),
    "cache": ("import sys\nsys.dont_write_bytecode = True\nx = 1\n", "x", {"statement deleted": [], "constant exchanged": []}),
}


def value(text, call, number):
    """What the call results in with this mutant on; of an error its name."""
    before = dict(os.environ)
    os.environ["SHMFIFO_MUTANT"] = str(number)
    try:
        names = {}
        exec(compile(text, "example.py", "exec"), names)  # the example's own text
        return eval(call, names)
    except Exception as error:
        return type(error).__name__
    finally:
        os.environ.clear()
        os.environ.update(before)


class python(unittest.TestCase):
    def test_each_mutant_of_python_does_what_is_said_of_it(self):
        for name, (text, call, expected) in EXAMPLES.items():
            mutated, mutants = mutate_python.mutate_text("a.py", text, 11)
            self.assertEqual([one["id"] for one in mutants], list(range(11, 11 + len(mutants))))
            for operator, results in expected.items():
                found = [value(mutated, call, one["id"]) for one in mutants if one["operator"] == operator]
                self.assertEqual(found, results, f"{name}: {operator}")

    def test_mutants_of_python_that_are_off_change_nothing(self):
        for name, (text, call, _) in EXAMPLES.items():
            mutated, _ = mutate_python.mutate_text("a.py", text, 1)
            for number in (0, 10000):
                self.assertEqual(value(mutated, call, number), value(text, call, 0), name)

    def test_nothing_that_must_stay_has_a_mutant(self):
        text = ('#!/bin/sh\n"""Text."""\nfrom __future__ import annotations\nimport os\n\n\nclass c:\n    """Text."""\n'
                '    a: "int"\n\n    @staticmethod\n    def f(b: "int") -> "str":\n        """Text."""\n        c = 1\n'
                '        del c\n        return f"text {b!r:>2}"\n\n\nif __name__ == "__main__":\n    os.abort()\n')
        mutated, mutants = mutate_python.mutate_text("a.py", text, 1)
        self.assertEqual([(one["operator"], one["line"], one["function"]) for one in mutants], [
            *[("constant off by one", 14, "c.f")] * 2, ("statement deleted", 15, "c.f"),
            *[("return value replaced", 16, "c.f")] * 3, ("early return", 14, "c.f"), ("statement deleted", 20, "")])
        self.assertTrue(mutated.startswith('#!/bin/sh\n"""Text."""\nfrom __future__ import annotations\n'))

    def test_each_text_of_this_project_has_mutants_with_keys_of_their_own(self):
        for path in [*(ROOT / "ci").glob("*.py"), *(ROOT / "coverage/mutation").glob("*.py")]:
            text, mutants = mutate_python.mutate_text(path.name, path.read_text(), 1)
            compile(text, path, "exec")
            self.assertEqual(len({one["key"] for one in mutants}), len(mutants))
            self.assertGreater(len(mutants), 10)

    def test_a_process_notes_what_it_comes_by_also_when_it_is_killed(self):
        text = "import os\n\ndef f(a):\n    if a:\n        return 5\n    os.kill(os.getpid(), 9)\n\n\nf(int(os.environ['A']))\n"
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.py").write_text(text)
            mutants = mutate_python.mutate_files(folder, ["a.py"], 3)
            reach = Path(folder) / "reach"

            def reached(value):
                reach.write_bytes(bytes(len(mutants) + 1))  # too short for the last two
                environment = {**os.environ, "A": value, "SHMFIFO_MUTANT_REACH": str(reach)}
                code = subprocess.run([sys.executable, "-B", f"{folder}/a.py"], env=environment).returncode
                lines = {one["line"] for one in mutants if reach.read_bytes()[one["id"]:one["id"] + 1] == b"\1"}
                return code, lines
            self.assertEqual(reached("1"), (0, {4, 5}))
            self.assertEqual(reached("0")[0], -9)
            self.assertEqual(reached("0")[1] & {5, 6}, {6})


if __name__ == "__main__":
    unittest.main()
