#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the closing line of .ci/run counts right, and a job without tests is a failure. Method: JUnit files
as ctest writes them, good and bad, some missing, named as jobs and as files."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COUNT = Path(__file__).resolve().parent.parent / "count_tests.py"
GOOD = '<testcase name="a" status="run"/><testcase name="b" status="run"/>'
RECORDED = "build/recorded/junit/"
# what is asked for; the files that are there and their cases; the exit code; what is printed
EXAMPLES = [
    (["a", "b"], {"a": GOOD, "b": GOOD}, 0, ["a: 2 tests, 0 failed, 0 not run", "b: 2 tests, 0 failed, 0 not run",
                                             "4 tests in 2 jobs, 0 failed or not run"]),
    ([f"{RECORDED}a.xml"], {"a": GOOD}, 0, [f"{RECORDED}a.xml: 2 tests, 0 failed, 0 not run",
                                            "2 tests in 1 jobs, 0 failed or not run"]),
    (["a", "b"], {"a": GOOD, "b": GOOD + '<testcase status="fail"><failure/></testcase>'}, 1,
     ["a: 2 tests, 0 failed, 0 not run", "b: 3 tests, 1 failed, 0 not run", "5 tests in 2 jobs, 1 failed or not run"]),
    (["a"], {"a": GOOD + '<testcase status="run"><skipped/></testcase>'}, 1,
     ["a: 3 tests, 0 failed, 1 not run", "3 tests in 1 jobs, 1 failed or not run"]),
    (["a"], {"a": GOOD + '<testcase status="notrun"/><testcase status="disabled"/>'}, 1,
     ["a: 4 tests, 0 failed, 2 not run", "4 tests in 1 jobs, 2 failed or not run"]),
    (["b", "a"], {"a": GOOD}, 1, ["b: no tests were run", "a: 2 tests, 0 failed, 0 not run",
                                  "2 tests in 1 jobs, 0 failed or not run"]),
    (["a"], {"a": ""}, 1, ["a: 0 tests, 0 failed, 0 not run", "0 tests in 1 jobs, 0 failed or not run"]),
    ([], {}, 1, ["0 tests in 0 jobs, 0 failed or not run"]),
]


def run(asked, files):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "ci").mkdir()
        (root / RECORDED).mkdir(parents=True)
        shutil.copy(COUNT, root / "ci")
        for name, cases in files.items():
            (root / RECORDED / f"{name}.xml").write_text(f'<?xml version="1.0"?><testsuite name="x">{cases}</testsuite>')
        return subprocess.run([sys.executable, "-B", "ci/count_tests.py", *asked], cwd=root, capture_output=True, text=True)


def main():
    failures = 0
    for asked, files, code, lines in EXAMPLES:
        done = run(asked, files)
        if (done.returncode, done.stdout) != (code, "".join(f"ci: {line}\n" for line in lines)):
            print(f"expected {code} {lines}, got {done.returncode}:\n{done.stdout}{done.stderr}")
            failures += 1
    print(f"{len(EXAMPLES)} examples, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
