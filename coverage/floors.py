# SPDX-License-Identifier: MIT
"""What coverage/floors.json means: figures that may only rise, and exclusions that may only become fewer."""
import math
import re

FIGURES = ("line", "branch", "function")
EXCLUDED = "excluded_lines_max"
AT_MOST = (EXCLUDED, "equivalent_percent_max")
MARK = re.compile(r"GCOVR?_EXCL_(\w+)(.*)")
ONE_LINE = ("LINE", "BR_LINE")


def below(part, floors, seen, excluded):
    """Why this part fails: one text for each figure under its floor."""
    for figure in FIGURES:
        if seen[figure] < floors[figure]:
            yield f"{part}: {figure} coverage is {seen[figure]:.2f} %, the floor {floors[figure]} %"
    if excluded > floors[EXCLUDED]:
        yield f"{part}: {excluded} excluded lines, at most {floors[EXCLUDED]}"


def risen(floor, seen):
    """What was reached stays required. Rounded down to a tenth."""
    return max(floor, math.floor(seen * 10) / 10)


def raised(floors, seen, excluded):
    """The floors after a run."""
    new = dict(floors)
    for figure in FIGURES:
        new[figure] = risen(floors[figure], seen[figure])
    new[EXCLUDED] = min(floors[EXCLUDED], excluded)
    return new


def lowered(old, new):
    """How `new` asks for less than `old`: one text for each."""
    for part, before in old.items():
        after = new.get(part)
        if after is None:
            yield f"{part}: no floors any more"
            continue
        for name, floor in before.items():
            if name in AT_MOST:
                if after.get(name, math.inf) > floor:
                    yield f"{part}: {name} grew from {floor} to {after.get(name, 'no limit')}"
            elif isinstance(floor, (int, float)) and after.get(name, 0) < floor:
                yield f"{part}: {name} floor fell from {floor} to {after.get(name, 0)}"


def exclusions(name, text):
    """(name, line number, kind, reason) of each marked line; the reason is '' if there is none."""
    for number, line in enumerate(text.split("\n"), 1):
        found = MARK.search(line)
        if found:
            reason = re.match(r":\s*(\S.*)", found.group(2))
            yield name, number, found.group(1), reason.group(1) if reason else ""


def bad_marks(marks):
    """A mark is for one line, so that their number means something, and has a reason."""
    for name, number, kind, reason in marks:
        if kind not in ONE_LINE:
            yield f"{name}:{number}: EXCL_{kind}: only single lines may be excluded"
        elif not reason:
            yield f"{name}:{number}: EXCL_{kind} without a reason (write '// GCOVR_EXCL_{kind}: why')"
