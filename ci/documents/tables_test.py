# SPDX-License-Identifier: MIT
"""Goal: the tables in property_tests/README.md are those that the programs print, except for measured columns.
Method: they are compared; a row removed, moved or changed must be reported."""
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "property_tests/planted"))
import run_planted  # noqa: E402

README = run_planted.README.read_text()


def rows(text):
    return re.findall(r"^\| `.*$", text, re.M)


def told(readme, heading):
    return rows(readme.split(f"## {heading}\n")[1].split("\n## ")[0])


def cells(lines, columns):
    """The first columns; the others differ from run to run."""
    return [[cell.strip() for cell in line.split("|")[1:1 + columns]] for line in lines]


class tables(unittest.TestCase):
    def compare(self, heading, made, columns):
        lines, right = told(README, heading), cells(made, columns)
        self.assertEqual(cells(lines, columns), right)
        first, second = lines[:2]
        spoilt = [README.replace(first + "\n", ""), README.replace(f"{first}\n{second}", f"{second}\n{first}")]
        for at in range(columns):
            wrong = first.split("|")
            wrong[1 + at] = " another "
            spoilt.append(README.replace(first, "|".join(wrong)))
        for text in spoilt:
            self.assertNotEqual(cells(told(text, heading), columns), right)

    def test_of_planted_bugs_is_whole(self):
        unmeasured = {name: [] for name, _, _ in run_planted.PLANTED}
        self.compare("Planted bugs", run_planted.table(run_planted.short_names(README), unmeasured), 3)

    def test_of_the_model_is_what_it_finds(self):
        made = subprocess.run([os.environ["SHMFIFO_CORE_MODEL"], "--table"], check=True, stdout=subprocess.PIPE, text=True)
        self.compare("The core in the model checker", rows(made.stdout), 5)


if __name__ == "__main__":
    unittest.main()
