# SPDX-License-Identifier: MIT
"""The switch of the mutants in rewritten Python: mutate_python.py puts this text into each file, so that nothing has to
be imported. The variables are those of switch.hpp."""


def _mutant_switch():
    import mmap
    import os
    active, reached = int(os.environ.get("SHMFIFO_MUTANT") or 0), None
    if name := os.environ.get("SHMFIFO_MUTANT_REACH"):
        with open(name, "r+b") as file:
            reached = mmap.mmap(file.fileno(), 0)

    def mutant(number):
        if reached is not None and number < len(reached):
            reached[number] = 1
        return number == active
    return mutant


_mutant = _mutant_switch()
