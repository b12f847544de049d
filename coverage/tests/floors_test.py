#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the floors only rise. Method: examples of each rule, with the exact answers; then every version of the floors in
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
OLD = {"core": {"line": 90, "branch": 80.5, "function": 0.9, "decision": 0, "excluded_lines_max": 3, "equivalent_percent_max": 2, "folders": ["a"]}}


def lowered_examples():
    """(the new floors, the complaints)"""
    core = OLD["core"]
    yield OLD, []
    yield {"core": {**core, "line": 91, "branch": 81, "function": 96, "excluded_lines_max": 2, "folders": ["A"]}}, []
    yield {"core": {name: core[name] for name in core if name != "decision"}}, []  # nothing was required
    yield {**OLD, "harness": core}, []
    yield {}, ["core: no floors any more"]
    yield {"core": {**core, "line": 89.9}}, ["core: line floor fell from 90 to 89.9"]
    yield {"core": {**core, "branch": 80.4}}, ["core: branch floor fell from 80.5 to 80.4"]
    yield {"core": {**core, "function": 0.5}}, ["core: function floor fell from 0.9 to 0.5"]
    yield {"core": {name: core[name] for name in core if name != "function"}}, ["core: function floor fell from 0.9 to 0"]
    yield {"core": {**core, "excluded_lines_max": 4}}, ["core: excluded_lines_max grew from 3 to 4"]
    yield ({"core": {name: core[name] for name in core if name != "excluded_lines_max"}},
           ["core: excluded_lines_max grew from 3 to no limit"])
    yield {"core": {**core, "equivalent_percent_max": 1.5}}, []
    yield {"core": {**core, "equivalent_percent_max": 2.1}}, ["core: equivalent_percent_max grew from 2 to 2.1"]


def below_examples():
    """(what was seen, how many lines are excluded, the complaints)"""
    seen = {"line": 90, "branch": 80.5, "function": 0.9}
    yield seen, 3, []
    yield seen, 4, ["core: 4 excluded lines, at most 3"]
    for figure, share, floor in (("line", 89.994, 90), ("branch", 80.4, 80.5), ("function", 0.25, 0.9)):
        yield {**seen, figure: share}, 0, [f"core: {figure} coverage is {share:.2f} %, the floor {floor} %"]


def marks_examples():
    """(a text, the marks in it, the complaints)"""
    yield "int x;\n", [], []
    yield "a;\nb;  // GCOVR_EXCL_LINE: never here\n", [("f", 2, "LINE", "never here")], []
    yield "b;  // GCOV_EXCL_BR_LINE:why\n", [("f", 1, "BR_LINE", "why")], []
    for none in ("", ":", ": ", " why"):
        yield (f"b;  // GCOVR_EXCL_LINE{none}\n", [("f", 1, "LINE", "")],
               ["f:1: EXCL_LINE without a reason (write '// GCOVR_EXCL_LINE: why')"])
    for kind in ("START", "STOP", "BR_START", "FUNCTION"):
        yield (f"// GCOVR_EXCL_{kind}: why\n", [("f", 1, kind, "why")],
               [f"f:1: EXCL_{kind}: only single lines may be excluded"])


def wrong_examples():
    """A text for each example that is answered otherwise."""
    for new, expected in lowered_examples():
        if (found := list(floors.lowered(OLD, new))) != expected:
            yield f"lowered({new}): {found}"
    for seen, excluded, expected in below_examples():
        if (found := list(floors.below("core", OLD["core"], seen, excluded))) != expected:
            yield f"below({seen}, {excluded}): {found}"
    for text, marks, expected in marks_examples():
        found = list(floors.exclusions("f", text))
        if found != marks or list(floors.bad_marks(found)) != expected:
            yield f"exclusions({text!r}): {found}, {list(floors.bad_marks(found))}"
    for seen, excluded, expected in (({"line": 92.26, "branch": 80.55, "function": 0.1}, 5, (92.2, 80.5, 0.9, 3)),
                                     ({"line": 100, "branch": 0, "function": 99.99}, 2, (100, 80.5, 99.9, 2))):
        found = floors.raised(OLD["core"], seen, excluded)
        if found != {**OLD["core"], **dict(zip((*floors.FIGURES, floors.EXCLUDED), expected))}:
            yield f"raised({seen}, {excluded}): {found}"
    if OLD["core"]["line"] != 90 or OLD["core"]["excluded_lines_max"] != 3:
        yield f"the old floors were changed: {OLD}"


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
    failures = list(wrong_examples())
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
