# SPDX-License-Identifier: MIT
"""What coverage/floors.json means: figures that may only rise, and exclusions that may only become fewer.

Apart from the report so that its test can try the rules on examples.
"""
import math
import re

FIGURES = ("line", "branch", "function")
EXCLUDED = "excluded_lines_max"
MARK = re.compile(r"GCOVR?_EXCL_(\w+)(.*)")
ONE_LINE = ("LINE", "BR_LINE")


def below(part, floors, seen, excluded):
    """Why this part fails: one text for each figure under its floor."""
    for figure in FIGURES:
        if seen[figure] < floors[figure]:
            yield f"{part}: {figure} coverage is {seen[figure]:.2f} %, the floor {floors[figure]} %"
    if excluded > floors[EXCLUDED]:
        yield f"{part}: {excluded} excluded lines, at most {floors[EXCLUDED]}"


def raised(floors, seen, excluded):
    """The floors after a run: what was reached stays required. Rounded down to a tenth."""
    new = dict(floors)
    for figure in FIGURES:
        new[figure] = max(floors[figure], math.floor(seen[figure] * 10) / 10)
    new[EXCLUDED] = min(floors[EXCLUDED], excluded)
    return new


def lowered(old, new):
    """How `new` asks for less than `old`: one text for each."""
    for part, before in old.items():
        after = new.get(part)
        if after is None:
            yield f"{part}: no floors any more"
            continue
        for figure in FIGURES:
            if after[figure] < before[figure]:
                yield f"{part}: {figure} floor fell from {before[figure]} to {after[figure]}"
        if after[EXCLUDED] > before[EXCLUDED]:
            yield f"{part}: {EXCLUDED} grew from {before[EXCLUDED]} to {after[EXCLUDED]}"


def exclusions(name, text):
    """(name, line number, kind, reason) of each marked line; the reason is '' if there is none."""
    for number, line in enumerate(text.split("\n"), 1):
        found = MARK.search(line)
        if found:
            reason = re.match(r":\s*(\S.*)", found.group(2))
            yield name, number, found.group(1), reason.group(1) if reason else ""


def bad_marks(marks):
    """A mark is for one line, so that the count says something, and has a reason."""
    for name, number, kind, reason in marks:
        if kind not in ONE_LINE:
            yield f"{name}:{number}: EXCL_{kind}: only single lines may be excluded"
        elif not reason:
            yield f"{name}:{number}: EXCL_{kind} without a reason (write '// GCOVR_EXCL_{kind}: why')"
