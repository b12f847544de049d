#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a canary that is not reported fails its test, in each way in which that can happen.
Method: the runner is given programs whose output and exit status are known, wrong ones above all.

usage: run_canary_test.py [INSTRUMENT...] CLEAN_CANARY
"""
import subprocess
import sys
from pathlib import Path

RUNNER = [sys.executable, str(Path(__file__).parent / "run_canary.py")]
LAST = "the canary came to its end"


def shell(output, status):
    return ["/bin/sh", "-c", f"echo '{output}'; exit {status}"]


def main():
    clean = sys.argv[1:]
    # verdict, program, the runner's exit status, its last words
    cases = [
        ("reported", clean, 1, "does not hold the expected words"),
        ("reported", shell("WARNING: data race", 66), 0, "as expected"),
        ("reported", shell("WARNING: data race", 0), 1, "the exit status is 0"),
        ("reported", shell("WARNING: data raze", 66), 1, "does not hold the expected words"),
        ("reported", ["/nowhere/at/all"], 1, "does not hold the expected words"),
        ("blind", clean, 0, "as expected"),
        ("blind", shell("WARNING: data race", 66), 1, "known not to see"),
        ("blind", shell(f"data race {LAST}", 0), 1, "known not to see"),
        ("blind", shell("nothing", 0), 1, "did not come to its end"),
        ("blind", shell(LAST, 3), 1, "its exit status is 3"),
        ("blind", ["/nowhere/at/all"], 1, "did not come to its end"),
        ("neither", clean, 2, "usage"),
    ]
    failures = 0
    for verdict, program, status, words in cases:
        ran = subprocess.run([*RUNNER, verdict, "data race", *program], capture_output=True, text=True)
        if ran.returncode != status or words not in ran.stdout + ran.stderr:
            failures += 1
            print(f"{verdict} {program}: exit {ran.returncode}, expected {status} and '{words}':\n{ran.stdout}")
    print(f"{len(cases)} cases, {failures} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
