#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a count made in the middle of another one is not lost. Method: a program calls a function with a branch, also in a
timer's signal handler, which needs no second processor; built with the flags of the coverage presets its counts must be
those that it prints, and smaller without the flag that makes them atomic.

clang derives how often a condition was false from two counters: if one lost counts, it can report "never"."""
import gzip
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from presets import flags_of

ATOMIC = "-fprofile-update=atomic"
SIGNALS = 5000
RUNS_MAX = 20  # until one without the flag loses a count
PROGRAM = f"""#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
extern "C" [[gnu::noinline]] bool counted(bool first) {{
  if (first)
    return true;
  return false;
}}
volatile long signals = 0;
int main() {{
  signal(SIGALRM, [](int) {{
    signals = signals + 1;
    counted(signals % 2 == 0);
  }});
  const itimerval often = {{{{0, 50}}, {{0, 50}}}};
  setitimer(ITIMER_REAL, &often, nullptr);
  long calls = 0;
  while (signals < {SIGNALS}) counted(++calls % 2 == 0);
  const itimerval never = {{}};
  setitimer(ITIMER_REAL, &never, nullptr);
  printf("%ld %ld", calls + signals, calls / 2 + signals / 2);
}}
"""


def gcov_counts(folder):
    """How often `counted` was called, and its condition true."""
    subprocess.run(["gcov", "--json-format", "program.gcda"], cwd=folder, check=True, capture_output=True)
    found = json.loads(gzip.decompress(next(folder.glob("*.gcov.json.gz")).read_bytes()))
    lines = next(f for f in found["files"] if f["file"].endswith("program.cpp"))["lines"]
    counts = {line["line_number"]: line["count"] for line in lines}
    return counts[4], counts[6]


def clang_counts(folder):
    """The same."""
    subprocess.run(["llvm-profdata-19", "merge", "default.profraw", "-o", "profile"], cwd=folder, check=True)
    shown = subprocess.run(["llvm-profdata-19", "show", "--counts", "--function=counted", "profile"], cwd=folder,
                           check=True, capture_output=True, text=True).stdout
    return int(re.search(r"Function count: (\d+)", shown)[1]), int(re.search(r"Block counts: \[(\d+)", shown)[1])


COMPILERS = {"gcc-coverage": ("g++", gcov_counts), "clang19-mcdc": ("clang++-19", clang_counts)}


def counted(preset, flags):
    """Builds the program and runs it; what was counted, and what should have been."""
    compiler, counts = COMPILERS[preset]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "program.cpp").write_text(PROGRAM)
        subprocess.run([compiler, "-std=c++20", *flags, "-c", "program.cpp"], cwd=folder, check=True)
        subprocess.run([compiler, *flags, "program.o", "-o", "program"], cwd=folder, check=True)
        told = subprocess.run(["./program"], cwd=folder, check=True, capture_output=True, text=True).stdout
        return counts(folder), tuple(map(int, told.split()))


def main():
    failures = []
    for preset in COMPILERS:
        flags = flags_of(preset)
        found, expected = counted(preset, flags)
        print(f"{preset}: {found} counted of {expected}")
        if found != expected:
            failures.append(f"{preset} lost counts")
        # Whether one of the signals falls between a counter's load and its store is chance.
        for _ in range(RUNS_MAX):
            found, expected = counted(preset, [flag for flag in flags if flag != ATOMIC])
            if found != expected:
                break
        print(f"{preset} without {ATOMIC}: {found} counted of {expected}")
        if found == expected:
            failures.append(f"{preset}: nothing was lost without {ATOMIC}")
    print("\n".join(failures))
    print(f"{len(COMPILERS)} presets, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
