#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a program with a known defect and judges what the instrument said about it.

usage: run_canary.py reported WORDS PROGRAM [ARGUMENTS]    the report must hold WORDS, and the exit is not 0
       run_canary.py blind WORDS PROGRAM [ARGUMENTS]       the program must run to its end, without WORDS

PROGRAM may be preceded by the instrument that runs it (valgrind ...). Exit 0 if the verdict holds;
1 with the reason and the whole output if not. `blind` also needs the canary's last line, so that a program that never
ran does not count as silent.
"""
import subprocess
import sys

LAST_LINE = "the canary came to its end"


def judge(verdict, words, status, output):
    """The reason why the verdict does not hold, or None."""
    if verdict == "reported":
        if words not in output:
            return f"the report does not hold the expected words '{words}'"
        if status == 0:
            return "it was reported, but the exit status is 0: no job would fail"
        return None
    if words in output:
        return f"'{words}' was reported, which the instrument is known not to see"
    if LAST_LINE not in output:
        return "the canary did not come to its end"
    if status != 0:
        return f"the canary came to its end, but its exit status is {status}"
    return None


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ("reported", "blind"):
        print(__doc__, file=sys.stderr)
        return 2
    verdict, words, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    try:
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
        status, output = ran.returncode, ran.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as slow:
        status, output = -1, (slow.stdout or b"").decode(errors="replace") + "\n(it did not end)"
    except OSError as trouble:
        status, output = -1, f"{command[0]}: {trouble.strerror}"
    reason = judge(verdict, words, status, output)
    print(output)
    print(f"canary: {reason or 'as expected'} (exit status {status})")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
