#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the closing line of .ci/run counts right, and a job without tests is a failure. Method: JUnit files
as ctest writes them, good and bad, some missing."""
import subprocess
import sys
import tempfile
from pathlib import Path

COUNT = Path(__file__).resolve().parent.parent / "count_tests.py"
GOOD = '<testcase name="a" status="run"/><testcase name="b" status="run"/>'
# the cases in each file (None: there is none), the exit code, the last line
EXAMPLES = [
    ([GOOD, GOOD], 0, "ci: 4 tests in 2 jobs, 0 failed or not run"),
    ([GOOD, GOOD + '<testcase status="fail"><failure/></testcase>'], 1, "ci: 5 tests in 2 jobs, 1 failed or not run"),
    ([GOOD + '<testcase status="notrun"><skipped/></testcase>'], 1, "ci: 3 tests in 1 jobs, 1 failed or not run"),
    ([GOOD + '<testcase status="disabled"/>'], 1, "ci: 3 tests in 1 jobs, 1 failed or not run"),
    ([GOOD, None], 1, "ci: 2 tests in 1 jobs, 0 failed or not run"),
    ([""], 1, "ci: 0 tests in 1 jobs, 0 failed or not run"),
]


def main():
    failures = 0
    for files, expected, line in EXAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            names = [Path(folder) / f"{i}.xml" for i in range(len(files))]
            for name, cases in zip(names, files):
                if cases is not None:
                    name.write_text(f'<?xml version="1.0"?><testsuite name="x">{cases}</testsuite>')
            done = subprocess.run([sys.executable, "-B", COUNT, *names], capture_output=True, text=True)
        if (done.returncode, done.stdout.splitlines()[-1:]) != (expected, [line]):
            print(f"expected {expected} '{line}', got {done.returncode}:\n{done.stdout}{done.stderr}")
            failures += 1
    print(f"{len(EXAMPLES)} examples, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
