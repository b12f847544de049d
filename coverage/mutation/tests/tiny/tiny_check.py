"""The tests of this project."""
import sys

import loops
import tiny


def sums():
    return tiny.total([1, 2]) == 3 and tiny.largest(2, 1) in (1, 2)


def slow_sums():
    return sums()


def counts():
    return loops.countdown(2) is None


def ends():
    return loops.endless(2) is None


def broken():
    return False


def skipped():
    print("skipped")
    return True


sys.exit(not globals()[sys.argv[1]]())
