#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: no instrument exits 0 when its report could not be written.
Method: the quickest call of each program, with standard output full and closed."""
import os
import subprocess
import sys

calls = {"shmfifo_stress": ["--list"], "million_messages": ["--help"], "shmfifo_crash": ["--list"],
         "shmfifo_fault": ["--help"], "core_model": ["--list"]}
failures = []


def expect_failure(program, reason, **how):
    name = os.path.basename(program)
    got = subprocess.run([program, *calls[name]], stderr=subprocess.PIPE, text=True, timeout=60, **how)
    if got.returncode == 0 or f"{name}: " not in got.stderr or reason not in got.stderr:
        failures.append(f"{name}: {reason}: exit code {got.returncode}, '{got.stderr}'")


def main():
    programs = sys.argv[1:]
    if sorted(map(os.path.basename, programs)) != sorted(calls):
        failures.append(f"there are calls for {sorted(calls)}, and the programs {programs}")
    for program in programs:
        with open("/dev/full", "w", encoding="ascii") as full:
            expect_failure(program, "No space left on device", stdout=full)
        expect_failure(program, "Bad file descriptor", preexec_fn=lambda: os.close(1))
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
