#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: what clang saw of a place counts, in whichever program it was, and what nobody saw is listed. Method: records
as llvm-cov writes them, of two programs, the first of which holds an inline function without running it."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import mcdc  # noqa: E402

OURS, OTHERS = "/core/include/fifo.hpp", "/usr/include/c++/12/atomic"


def function(count, true, false, conditions, name=OURS):
    """A function of one region, one branch and one decision of two conditions, run so often."""
    return {"filenames": [name], "count": count, "regions": [[1, 1, 9, 2, count, 0, 0, mcdc.CODE_REGION]],
            "branches": [[3, 7, 3, 9, true, false, 0, 0, 4]],
            "mcdc_records": [[3, 7, 3, 20, 0, 5, conditions]]}


def seen(*programs):
    result = mcdc.Seen([Path("/core/include")])
    for functions in programs:
        result.add_program(functions)
    return {figure: result.totals(figure) for figure in mcdc.FIGURES}, list(result.missed())


def main():
    idle, one_way = function(0, 0, 0, [False, False]), function(5, 5, 0, [True, False])
    other_way = function(1, 0, 1, [False, True])
    all_of_it = {"function": (1, 1), "region": (1, 1), "branch": (2, 2), "mcdc": (2, 2)}
    cases = [
        # what; programs; totals; what the list of the missed must hold
        ("nobody ran it", ([idle],), {"function": (0, 1), "region": (0, 1), "branch": (0, 2), "mcdc": (0, 2)},
         [f"{OURS}:1:1: function never run", f"{OURS}:1:1: region never run", f"{OURS}:3:7: branch never true",
          f"{OURS}:3:7: branch never false", f"{OURS}:3:7: mcdc condition 1", f"{OURS}:3:7: mcdc condition 2"]),
        ("the second program ran a half", ([idle], [one_way]), {**all_of_it, "branch": (1, 2), "mcdc": (1, 2)},
         [f"{OURS}:3:7: branch never false", f"{OURS}:3:7: mcdc condition 2"]),
        ("two programs ran a half each", ([one_way], [other_way]), all_of_it, []),
        ("so did two instantiations in one", ([idle, one_way, other_way],), all_of_it, []),
        ("code of others does not count", ([one_way, other_way, function(0, 0, 0, [False], OTHERS)],), all_of_it, []),
    ]
    failures = [f"{what}: {seen(*programs)}" for what, programs, totals, missed in cases
                if seen(*programs) != (totals, missed)]
    print("\n".join(failures))
    print(f"{len(cases)} cases, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
