#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reports what the core's own tests reach as clang sees it: lines, regions, branches and MC/DC of the source.

clang's branches are conditions in the source, where gcov counts the compiler's own, such as those that clean up
behind exceptions. Reads the profiles of a clang19-mcdc build; fails below coverage/floors_clang.json.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import floors

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/clang19-mcdc"
OUT = BUILD / "report"
FLOORS = ROOT / "coverage/floors_clang.json"
PART = "core"
# What llvm-cov calls it, and what we do.
FIGURES = {"lines": "line", "functions": "function", "regions": "region", "branches": "branch", "mcdc": "mcdc"}


def run(*words, to=subprocess.PIPE):
    done = subprocess.run(list(map(str, words)), stdout=to, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{words[0]} failed:\n{done.stderr}")
    return done.stdout


def programs():
    """The core's tests and programs: each is an object file with counters."""
    folders = [BUILD / "core/tests", BUILD / "core/tests/c", BUILD / "core/apps", BUILD / "core/examples"]
    found = [path for folder in folders for path in sorted(folder.glob("*"))
             if path.is_file() and path.read_bytes()[:4] == b"\x7fELF" and path.suffix != ".so"]
    if not found:
        sys.exit(f"no programs in {BUILD}; run ci/run.sh mcdc")
    return found


def report():
    """Writes the reports; returns the totals of llvm-cov."""
    OUT.mkdir(parents=True, exist_ok=True)
    profile = OUT / "core.profdata"
    run("llvm-profdata-19", "merge", "-sparse", *sorted((BUILD / "profiles").glob("*.profraw")), "-o", profile)
    first, *others = programs()
    what = [first, *(f"-object={path}" for path in others), f"-instr-profile={profile}"]
    folders = [ROOT / "core/include", ROOT / "core/src"]
    show = ["-show-branches=count", "-show-mcdc"]
    run("llvm-cov-19", "show", *what, *show, "-format=html", f"-output-dir={OUT}", *folders)
    with (OUT / "coverage.txt").open("w") as out:
        run("llvm-cov-19", "report", *what, "-show-mcdc-summary", "-show-region-summary", *folders, to=out)
    text = run("llvm-cov-19", "export", *what, "-summary-only", *folders)
    (OUT / "summary.json").write_text(text)
    return json.loads(text)["data"][0]["totals"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--raise-floors", action="store_true", help="write what was reached as new floors")
    given = parser.parse_args()
    totals = report()
    seen = {}
    for theirs, ours in FIGURES.items():
        covered, total = totals[theirs]["covered"], totals[theirs]["count"]
        seen[ours] = 100 * covered / total if total else 100
        print(f"{PART:10} {ours:9} {covered:6} of {total:6}  {seen[ours]:6.2f} %")
    print(f"{'':10} {OUT / 'index.html'}")
    asked = json.loads(FLOORS.read_text())[PART]
    failures = [f"{PART} by clang: {name} coverage is {seen[name]:.2f} %, the floor {asked[name]} %"
                for name in asked if seen[name] < asked[name]]
    if given.raise_floors:
        new = {PART: {name: floors.risen(asked[name], seen[name]) for name in asked}}
        FLOORS.write_text(json.dumps(new, indent=2) + "\n")
    for text in failures:
        print(f"coverage: {text}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
