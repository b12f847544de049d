#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: mcdc.py as a program counts what each folder's programs saw, and fails when something was not seen, not counted
or left out by clang. Method: a copy of it in a tiny project, whose four programs each see a part of three sources."""
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
from presets import flags_of  # noqa: E402

COVERAGE = Path(__file__).resolve().parent.parent
FLAGS = flags_of("clang19-mcdc")
BUILD = "build/clang19-mcdc"
SOURCES = {
    "core/include/ready.hpp": "inline bool ready(bool a, bool b) { return a && b; }\n",
    "core/src/open.hpp": "inline int open(bool a) {\n  if (a) return 1;\n  return 2;\n}\n",
    "core/c/src/close.hpp": "inline int close(bool a) {\n  if (a) return 1;\n  return 2;\n}\n",
    "core/apps/print.hpp": "inline int print(bool a) { return a ? 1 : 2; }\n",  # an application's: not counted
}
HEADERS = "".join(f'#include "{name}"\n' for name in SOURCES)
PROGRAMS = {"core/tests/ready_test": "ready(true, true); ready(true, false);",
            "core/c/tests/close_test": "close(true); close(false);", "core/apps/stat": "ready(false, true);",
            "core/examples/greet": "open(true); open(false);"}
# What is missed without the program of a folder.
READY, CLOSE, OPEN = "core/include/ready.hpp:1:", "core/c/src/close.hpp:1:", "core/src/open.hpp:1:"
MISSED = {
    "core/tests/ready_test": [f"{READY}49: region never run", f"{READY}44: branch never true",
                              f"{READY}49: branch never true", f"{READY}49: branch never false",
                              f"{READY}44: mcdc condition 1", f"{READY}44: mcdc condition 2"],
    "core/c/tests/close_test": [f"{CLOSE}26: function never run", f"{CLOSE}26: region never run"],
    "core/apps/stat": [f"{READY}44: branch never false", f"{READY}44: mcdc condition 1"],
    "core/examples/greet": [f"{OPEN}25: function never run", f"{OPEN}25: region never run"],
}
SAME = "template <class T>\nbool same(T&& a) {\n  if (a)  // && b\n    return true;\n  return false;\n}\n"
FULL = {"function": 100.0, "region": 100.0, "branch": 100.0, "mcdc": 100.0}
TABLE = """core       function       3 of      3  100.00 %
core       region        11 of     11  100.00 %
core       branch         8 of      8  100.00 %
core       mcdc           2 of      2  100.00 %
           {root}/build/clang19-mcdc/report/missed.txt
"""


class mcdc(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        (self.root / BUILD / "profiles").mkdir(parents=True)
        for name, text in SOURCES.items():
            self.write(name, text)
        self.floors(FULL)
        for name in ("mcdc.py", "floors.py"):
            shutil.copy(COVERAGE / name, self.root / "coverage")

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def floors(self, figures):
        self.write("coverage/floors_clang.json", json.dumps({"core": figures}, indent=2) + "\n")

    def build(self, name, body, flags=FLAGS):
        """Builds a program and runs it."""
        program = self.root / BUILD / name
        self.write(f"{name}.cpp", f"{HEADERS}int main() {{ {body} }}\n")
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["clang++-19", "-std=c++20", *flags, f"-I{self.root}", self.root / f"{name}.cpp", "-o", program],
                       check=True, capture_output=True)
        profile = self.root / BUILD / "profiles" / f"{program.name}.profraw"
        subprocess.run([program], check=True, env={"LLVM_PROFILE_FILE": str(profile)})

    def build_all(self, without="", flags=FLAGS):
        for name, body in PROGRAMS.items():
            self.build(name, "" if name == without else body, flags)

    def run_mcdc(self, *words):
        done = subprocess.run([sys.executable, "-B", self.root / "coverage/mcdc.py", *words], capture_output=True,
                              text=True)
        return done.returncode, done.stdout + done.stderr

    def missed(self):
        text = (self.root / BUILD / "report/missed.txt").read_text()
        return [line.removeprefix(f"{self.root}/") for line in text.splitlines()]

    def test_everything_that_some_program_saw_is_counted(self):
        self.build_all()
        self.assertEqual(self.run_mcdc(), (0, TABLE.format(root=self.root)))
        self.assertEqual(json.loads((self.root / BUILD / "report/summary.json").read_text()),
                         {"function": {"covered": 3, "total": 3}, "region": {"covered": 11, "total": 11},
                          "branch": {"covered": 8, "total": 8}, "mcdc": {"covered": 2, "total": 2}})
        self.assertEqual(self.missed(), [])

    def test_without_the_program_of_a_folder_something_is_missed(self):
        for program, missed in MISSED.items():
            with self.subTest(program):
                self.build_all(without=program)
                code, text = self.run_mcdc()
                self.assertEqual(code, 1, text)
                self.assertEqual(sorted(self.missed()), sorted(missed))

    def test_each_figure_below_its_floor_is_reported(self):
        self.build_all(without="core/tests/ready_test")
        self.assertEqual(self.run_mcdc()[1].splitlines()[5:],
                         ["coverage: core by clang: region coverage is 90.91 %, the floor 100.0 %",
                          "coverage: core by clang: branch coverage is 62.50 %, the floor 100.0 %",
                          "coverage: core by clang: mcdc coverage is 0.00 %, the floor 100.0 %"])
        self.floors({"function": 100, "region": 90.9, "branch": 62.5, "mcdc": 0})
        self.assertEqual(self.run_mcdc()[0], 0)  # a floor that is just reached
        self.build_all(without="core/examples/greet")
        self.floors({"function": 66.7, "region": 0, "branch": 0, "mcdc": 0})
        self.assertIn("\ncoverage: core by clang: function coverage is 66.67 %, the floor 66.7 %\n", self.run_mcdc()[1])

    def test_floors_are_raised_to_a_tenth_and_never_lowered(self):
        self.build_all(without="core/examples/greet")
        file = self.root / "coverage/floors_clang.json"
        self.floors({"function": 10, "region": 99, "branch": 0, "mcdc": 50})
        before = file.read_text()
        self.assertEqual(self.run_mcdc()[0], 1)
        self.assertEqual(file.read_text(), before)
        self.assertEqual(self.run_mcdc("--raise-floors")[0], 1)
        self.assertEqual(file.read_text(), json.dumps(
            {"core": {"function": 66.6, "region": 99, "branch": 100.0, "mcdc": 100.0}}, indent=2) + "\n")

    def test_only_programs_are_read(self):
        self.build_all()
        self.write("core/src/more.hpp", "inline int more(bool a) { return a ? 1 : 2; }\n")
        self.build("core/tests/plugin.so", '}\n#include "core/src/more.hpp"\nint unused() { return more(true);')
        self.write(f"{BUILD}/core/apps/cmake_install.cmake", "# no program\n")
        (self.root / BUILD / "core/examples/CMakeFiles").mkdir()
        self.assertEqual(self.run_mcdc(), (0, TABLE.format(root=self.root)))

    def test_a_missing_folder_and_folders_without_programs_are_errors(self):
        self.build("some", "")
        folders = [self.root / BUILD / name for name in ("core/tests", "core/c/tests", "core/apps", "core/examples")]
        for missing in folders:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            missing.rmdir()
            self.assertEqual(self.run_mcdc(), (1, f"{missing} is missing: its programs would be left out of the count; "
                                                  "run ci/run.sh mcdc\n"))
        missing.mkdir()
        self.assertEqual(self.run_mcdc(), (1, f"no programs in {self.root}/{BUILD}; run ci/run.sh mcdc\n"))

    def test_a_build_without_counted_decisions_is_an_error(self):
        self.build_all(flags=[flag for flag in FLAGS if flag != "-fcoverage-mcdc"])
        code, text = self.run_mcdc()
        self.assertEqual((code, text.splitlines()[-1]),
                         (1, f"no mcdc was counted; were the tests run in {self.root}/{BUILD}?"))

    def test_a_tool_that_fails_is_an_error_with_its_words(self):
        self.build_all()
        self.write(f"{BUILD}/profiles/torn.profraw", "torn")
        for profile in (self.root / BUILD / "profiles").iterdir():
            profile.write_text("torn")
        code, text = self.run_mcdc()
        self.assertEqual(code, 1)
        self.assertRegex(text, r"\Allvm-profdata-19 failed:\n(.*\n)*error: ")

    def test_a_decision_that_clang_leaves_out_is_reported_by_its_conditions(self):
        cases = {  # the expression; line and column in it of its conditions that come before && or ||
            "a && !(b && c)": ((0, 1), (0, 8)), "!(a || b) && c": ((0, 3), (0, 8)),
            "a && same(b || c)": ((0, 1), (0, 11)), "b &&  // why\n!(b == (c && a))": ((0, 1), (1, 9)),
            "(a == (b || c))  // why\n&& c": ((0, 1), (0, 8), (0, 13)),
            # These are counted, or are no decisions.
            "(a ? b : c) || a": (), "a  // why\n&& (b ? c : a)": (), "same(a)": (), "a ? b : c": (),
            "(a && b) == (b || c)": ()}
        text, expected = SAME, []
        for number, (expression, places) in enumerate(cases.items()):
            text += f"inline bool nested{number}(bool a, bool b, bool c) {{ return\n"
            begin = text.count("\n") + 1
            expected += [f"coverage: {self.root}/core/src/nested.hpp:{begin + line}:{column}: clang leaves this condition "
                         "out of MC/DC: split the decision" for line, column in places]
            text += f"{expression}; }}\n"
        self.write("core/src/nested.hpp", text)
        for program in PROGRAMS:
            (self.root / BUILD / program).parent.mkdir(parents=True)
        calls = "".join(f"nested{number}(0, 0, 0); " for number in range(len(cases)))
        self.build("core/tests/nested", f'}}\n#include "core/src/nested.hpp"\nvoid f() {{ {calls}')
        self.floors(dict.fromkeys(FULL, 0))
        code, text = self.run_mcdc()
        self.assertEqual((code, text.splitlines()[5:]), (1, expected))


if __name__ == "__main__":
    unittest.main()
