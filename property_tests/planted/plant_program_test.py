#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: plant.py as a program writes a copy in which the chosen bug, and only it, is there; or nothing. Method: a copy of it
with two bugs, planted into two small sources that are compiled and run."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import plant

PLANTED = """BUGS = [Bug('less', 'a sentence', {}, [value('sum.cpp', 'a + b', 'a - b')]),
        Bug('seven', 'a sentence', {}, [statement('sum.cpp', 'a += 0;', 'a = 4; b = 3;')])]
"""
REFUSED = "BUGS = [Bug('gone', 'a sentence', {}, [drop('sum.cpp', 'return 0;')])]\n"
SOURCE = "#include <cstddef>\nint sum(int a, int b) {\n  a += 0;\n  return a + b;\n}\n"
MAIN = """#include "sum.cpp"
int main(int count, char** words) {
  if (count == 2 && !shmfifo::planted::choose(words[1])) return 9;
  return sum(5, 3);
}
"""


class plant_program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        shutil.copy(plant.__file__, self.root)
        (self.root / "sum.cpp").write_text(SOURCE)
        (self.root / "main.cpp").write_text(MAIN)

    def plant(self, bugs=PLANTED, words=("copy/of/it", "sum.cpp", "main.cpp")):
        source = (Path(__file__).parent / "bugs.py").read_text()
        (self.root / "bugs.py").write_text(source[:source.index("BUGS = [")] + bugs)
        done = subprocess.run([sys.executable, "-B", "plant.py", ".", *words], cwd=self.root, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def test_the_bug_is_chosen_by_the_environment_or_by_the_program(self):
        self.assertEqual(self.plant(), (0, ""))
        copy = self.root / "copy/of/it"
        subprocess.run(["c++", "-std=c++20", "-Wall", "-Werror", "main.cpp", "-o", "main"], cwd=copy, check=True)
        without = {name: value for name, value in os.environ.items() if name != "SHMFIFO_PLANTED"}
        for planted, words, code, said in ((None, (), 8, ""), ("", (), 8, ""), ("none", (), 8, ""), ("less", (), 2, ""),
                                           ("seven", (), 7, ""),
                                           (None, ("less",), 2, ""), ("less", ("none",), 8, ""), (None, ("les",), 9, ""),
                                           ("les", (), 2, "SHMFIFO_PLANTED=les: there is no such planted bug\n")):
            environment = without if planted is None else {**without, "SHMFIFO_PLANTED": planted}
            done = subprocess.run(["./main", *words], cwd=copy, env=environment, stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stderr), (code, said), (planted, words))

    def test_what_is_planted_already_is_not_written_again(self):
        self.plant()
        files = [self.root / "copy/of/it" / name for name in ("planted.hpp", "sum.cpp", "main.cpp")]
        for file in files:
            os.utime(file, (1, 1))
        self.plant()
        self.assertEqual([file.stat().st_mtime for file in files], [1, 1, 1])
        (self.root / "main.cpp").write_text(MAIN.replace("5, 3", "7, 3"))
        self.plant()
        self.assertEqual([file.stat().st_mtime == 1 for file in files], [True, True, False])
        self.assertIn("7, 3", files[2].read_text())

    def test_an_edit_that_does_not_fit_is_an_error_and_writes_nothing(self):
        self.assertEqual(self.plant(REFUSED, ("copy", "sum.cpp")),
                         (1, "plant.py: sum.cpp: the text of 'gone' occurs 0 times, not once:\n  return 0;\n"))
        self.assertFalse((self.root / "copy").exists())

    def test_without_files_the_usage_is_printed(self):
        code, said = self.plant(words=("copy",))
        self.assertEqual((code, said), (1, f"{plant.__doc__}\n"))


if __name__ == "__main__":
    unittest.main()
