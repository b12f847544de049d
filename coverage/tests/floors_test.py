#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the floors only rise. Method: each way to lower them is reported; then every version of the floors in
the history, up to the working tree, is compared with the next."""
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
import floors  # noqa: E402

NAMES = ("coverage/floors.json", "coverage/floors_clang.json", "coverage/mutation/floors.json")
OLD = {"core": {"line": 90, "branch": 80.5, "function": 95, "excluded_lines_max": 3}}


def examples():
    """(what, the new floors, how many complaints)"""
    core = OLD["core"]
    yield "the same", OLD, 0
    yield "all raised", {"core": {"line": 91, "branch": 81, "function": 96, "excluded_lines_max": 2}}, 0
    yield "a part more", {**OLD, "harness": core}, 0
    yield "a part less", {}, 1
    for figure in floors.FIGURES:
        yield f"{figure} lower", {"core": {**core, figure: core[figure] - 0.1}}, 1
    yield "a figure less", {"core": {name: core[name] for name in core if name != "line"}}, 1
    yield "more exclusions", {"core": {**core, "excluded_lines_max": 4}}, 1
    yield "no figure", {"core": {**core, "folders": ["a/"]}}, 0


def results():
    """(what, found, expected)"""
    core, seen = OLD["core"], {"line": 92.29, "branch": 70.0, "function": 95.0}
    yield "raised", floors.raised(core, seen, 2), {**core, "line": 92.2, "excluded_lines_max": 2}
    yield "raised, more exclusions", floors.raised(core, seen, 5)["excluded_lines_max"], 3
    yield "below", list(floors.below("core", core, seen, 4)), [
        "core: branch coverage is 70.00 %, the floor 80.5 %", "core: 4 excluded lines, at most 3"]
    yield "at the floors", list(floors.below("core", core, core, 3)), []
    yield "lowered", list(floors.lowered(OLD, {"core": {"line": 89, "branch": 81, "excluded_lines_max": 4}})), [
        "core: line floor fell from 90 to 89", "core: function floor fell from 95 to 0", "core: excluded_lines_max grew from 3 to 4"]
    yield "a figure less", list(floors.lowered({"a": {"x": 0, "y": -0.5, "z": 0.5}}, {"a": {}})), ["a: z floor fell from 0.5 to 0"]
    yield "no part", list(floors.lowered(OLD, {})), ["core: no floors any more"]
    text = "a\n// GCOVR_EXCL_LINE: why\n// GCOV_EXCL_BR_LINE\n// GCOVR_EXCL_START: why"
    marks = [("f", 2, "LINE", "why"), ("f", 3, "BR_LINE", ""), ("f", 4, "START", "why")]
    yield "exclusions", list(floors.exclusions("f", text)), marks
    yield "bad marks", list(floors.bad_marks(marks)), [
        "f:3: EXCL_BR_LINE without a reason (write '// GCOVR_EXCL_BR_LINE: why')",
        "f:4: EXCL_START: only single lines may be excluded"]


def git(*words):
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def versions(file):
    """Oldest first; a source archive, which has no history, has only the last."""
    for commit in reversed(git("log", "--format=%H", "--", file).split()):
        text = git("show", f"{commit}:{file}")
        if text:
            yield commit[:8], json.loads(text)
    yield "working tree", json.loads((ROOT / file).read_text())


def main():
    failures = []
    for what, new, expected in examples():
        found = list(floors.lowered(OLD, new))
        if len(found) != expected:
            failures.append(f"example '{what}': {found}, expected {expected} complaints")
    for what, found, expected in results():
        if found != expected:
            failures.append(f"{what}: {found}, expected {expected}")
    for file in NAMES:
        history = list(versions(file))
        for (_, old), (name, new) in zip(history, history[1:]):
            failures += [f"{file}: {name}: {text}" for text in floors.lowered(old, new)]
        print(f"{len(history)} versions of {file} compared")
    for text in failures:
        print(text)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
