#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the reference pages are made without a warning, and every declaration in them has a comment that fits.
Method: doxygen runs over the tree as in `ci/run.sh docs`; for small headers, each broken in one place, it must fail and
name the fault. usage: reference_test.py tree|bad-examples OUTPUT-FOLDER"""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parent.parent

CLEAN = """// SPDX-License-Identifier: MIT
#pragma once
// What this header is for.

namespace shmfifo {

// How far.
enum class reach { near, far };

// A place.
struct spot {
  int x = 0;   // column
  int y = 0;   // row, which
               // may be negative
};

// Adds one to `number`.
int next(int number);

}  // namespace shmfifo
"""
# What is replaced, by what, and doxygen's message.
BAD = [
    ("// How far.\n", "", "reach (enumeration) of namespace shmfifo is not documented"),
    ("// A place.\n", "", "Compound shmfifo::spot is not documented"),
    ("  // column", "", "x (variable) of struct shmfifo::spot is not documented"),
    ("  // row, which\n               // may be negative", "", "y (variable) of struct shmfifo::spot is not documented"),
    ("// Adds one to `number`.\n", "", "next(int number) (function) of namespace shmfifo is not documented"),
    ("`number`.", "`number`.\n// @param count how often", "argument 'count' of command @param is not found"),
    ("`number`.", "`number`; see @ref gone.", "unable to resolve reference to 'gone'"),
    ("`number`.", "`number`; see @gone.", "Found unknown command '@gone'"),
]


def doxygen(output, more=""):
    settings = (HERE / "Doxyfile").read_text(encoding="utf-8") + more
    done = subprocess.run(["doxygen", "-"], input=settings, cwd=TREE, text=True, check=False, capture_output=True,
                          env={**os.environ, "SHMFIFO_REFERENCE": str(output)})
    return done.returncode, done.stdout + done.stderr


def of_header(output, text):
    header = output / "header.hpp"
    header.write_text(text, encoding="utf-8")
    return doxygen(output, f"INPUT = {header}\nUSE_MDFILE_AS_MAINPAGE =\n")


def check_tree(output):
    code, said = doxygen(output)
    page = output / "html/classshmfifo_1_1segment.html"
    if code != 0 or not page.is_file():
        sys.exit(f"doxygen: exit code {code}\n{said}")
    print(f"{len(list((output / 'html').glob('*.html')))} pages without a warning")


def check_bad_examples(output):
    code, said = of_header(output, CLEAN)
    failures = [] if code == 0 else [f"the clean header was refused: {said}"]
    for old, new, wanted in BAD:
        assert CLEAN.count(old) == 1, old
        code, said = of_header(output, CLEAN.replace(old, new))
        if code == 0 or wanted not in said:
            failures.append(f"'{old}' as '{new}': exit code {code}, not '{wanted}' but '{said}'")
    if failures:
        sys.exit("\n".join(failures))
    print(f"{len(BAD)} bad examples were refused")


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    {"tree": check_tree, "bad-examples": check_bad_examples}[sys.argv[1]](folder)
