# SPDX-License-Identifier: MIT
"""The jobs of ci/run.sh that make up the matrix of `ci/run.sh all`, cheapest first.

One table for the matrix, the workflows and their tests. A name of ci/run.sh that is in neither list fails
ci/tests/jobs_test.py: nothing is left out without a word.
"""

# Minutes on two cores, roughly, with nothing compiled yet, for the order; the summary shows the real ones.
MATRIX = {
    "lint": 6,
    "million": 1,
    "gcc-release": 10,
    "clang-release": 8,
    "coverage": 8,
    "mcdc": 1,
    "package": 3,
    "docs": 1,
    "gcc-asan-ubsan": 3,
    "clang-asan-ubsan": 2,
    "gcc-tsan": 2,
    "clang-tsan": 2,
    "clang-msan": 2,
    "clang19-asan-ubsan": 3,
    "clang19-tsan": 2,
    "clang19-msan": 1,
    "valgrind-memcheck": 2,
    "valgrind-helgrind": 1,
    "valgrind-drd": 1,
    "hardened": 2,
    "gcc-O0": 1,
    "gcc-O3-lto": 2,
    "arm64": 1,
}
# Hours, not minutes: nightly.yml.
NIGHTLY = ("soak", "fuzz", "crash-full", "orders")
# Not a check by itself: what it runs is in the matrix, or it only prints.
NOT_A_JOB = {
    "gcc-debug": "for developers: coverage runs its tests at -O0 by the same compiler, crash-full those that die",
    "clang-debug": "for developers: mcdc runs the core's tests at -O0, clang-release all, crash-full those that die",
    "test": "a selection of the presets' tests, for .ci/run",
    "model": "its tests run in every preset",
    "all": "the matrix itself",
    "evidence": "gathers what the others recorded",
    "list": "prints names",
}


def matrix():
    return sorted(MATRIX, key=lambda name: MATRIX[name])
