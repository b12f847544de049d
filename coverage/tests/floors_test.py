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
    seen = {"line": 92.26, "branch": 70.0, "function": 95.0}
    if list(floors.lowered(OLD, {"core": floors.raised(OLD["core"], seen, 5)})):
        failures.append("raised() lowered a floor")
    if len(list(floors.below("core", OLD["core"], seen, 4))) != 2:
        failures.append("below() did not report exactly the branches and the exclusions")
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
