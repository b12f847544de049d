#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reports what the core's own tests reach as clang sees it: functions, regions, branches and MC/DC of the source.

clang's branches are conditions in the source; gcov also counts the compiler's own, such as clean-up after exceptions.
Reads the profiles of a clang19-mcdc build; fails below coverage/floors_clang.json.

llvm-cov is asked for each program alone, and its answers are joined here by place in the source: for many programs
at once it keeps the first record of an inline function, which is empty in a program that never calls it.

clang leaves a decision that holds another one, as in `a && !(b && c)`, out of MC/DC with a warning that -Werror does
not make an error. Its conditions then are branches of their own: one before && or || is reported, and fails.
"""
import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import floors

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/clang19-mcdc"
OUT = BUILD / "report"
FLOORS = ROOT / "coverage/floors_clang.json"
PART = "core"
FOLDERS = [ROOT / "core/include", ROOT / "core/src", ROOT / "core/c/src"]
CODE_REGION, MCDC_BRANCH = 0, 6  # llvm-cov's numbers for them
OPERATOR = re.compile(r"(\s|//[^\n]*\n|\))*(&&|\|\|)")  # what follows all conditions of a decision but the last
FIGURES = ("function", "region", "branch", "mcdc")


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{words[0]} failed:\n{done.stderr}")
    return done.stdout


def programs():
    """The core's tests and programs: each is an object file with counters."""
    folders = [BUILD / "core/tests", BUILD / "core/c/tests", BUILD / "core/apps", BUILD / "core/examples"]
    for folder in folders:
        if not folder.is_dir():
            sys.exit(f"{folder} is missing: its programs would be left out of the count; run ci/run.sh mcdc")
    found = [path for folder in folders for path in sorted(folder.glob("*"))
             if path.is_file() and path.read_bytes()[:4] == b"\x7fELF" and path.suffix != ".so"]
    if not found:
        sys.exit(f"no programs in {BUILD}; run ci/run.sh mcdc")
    return found


class Seen:
    """What was seen at each place (file, line, column, line, column), in any program and any instantiation."""

    def __init__(self, folders):
        self.folders = [f"{folder}/" for folder in folders]
        self.figures = {name: defaultdict(list) for name in FIGURES}
        self.undecided = set()  # branches that belong to no decision of MC/DC

    def add(self, figure, name, place, outcomes):
        """One more record for a place: each outcome of it counts once it was seen in any record."""
        if not any(name.startswith(folder) for folder in self.folders):
            return
        known = self.figures[figure][(name, *place)]
        known[:] = [a or b for a, b in zip(known or [False] * len(outcomes), outcomes)]

    def add_program(self, functions):
        for function in functions:
            files = function["filenames"]
            for region in function["regions"]:
                if region[7] == CODE_REGION:
                    self.add("region", files[region[5]], region[:4], [region[4] > 0])
            if function["regions"]:
                first = function["regions"][0]
                self.add("function", files[first[5]], first[:4], [function["count"] > 0])
            for branch in function["branches"]:
                self.add("branch", files[branch[6]], branch[:4], [branch[4] > 0, branch[5] > 0])
                if branch[8] != MCDC_BRANCH:
                    self.undecided.add((files[branch[6]], *branch[:4]))
            for decision in function["mcdc_records"]:
                self.add("mcdc", files[decision[4]], decision[:4], decision[6])

    def totals(self, figure):
        outcomes = [one for many in self.figures[figure].values() for one in many]
        return sum(outcomes), len(outcomes)

    def declined(self):
        """A line for each condition of a decision that clang has left out of MC/DC."""
        for place in sorted(self.undecided & self.figures["branch"].keys()):
            name, line, column, end_line, end_column = place
            lines = Path(name).read_text().split("\n")[end_line - 1:]
            if OPERATOR.match("\n".join([lines[0][end_column - 1:], *lines[1:]])):
                yield f"{name}:{line}:{column}: clang leaves this condition out of MC/DC: split the decision"

    def missed(self):
        """A line for each place where something was not seen."""
        words = {"branch": ("never true", "never false")}
        for figure, places in self.figures.items():
            for (name, line, column, *_), outcomes in sorted(places.items()):
                for at, seen in enumerate(outcomes):
                    if not seen:
                        what = words[figure][at] if figure in words else f"condition {at + 1}" * (figure == "mcdc")
                        yield f"{name}:{line}:{column}: {figure} {what or 'never run'}"


def report():
    """Reads all programs, writes the list of what was missed; returns what was seen."""
    OUT.mkdir(parents=True, exist_ok=True)
    profile = OUT / "core.profdata"
    run("llvm-profdata-19", "merge", "-sparse", *sorted((BUILD / "profiles").glob("*.profraw")), "-o", profile)
    seen = Seen(FOLDERS)
    for program in programs():
        found = json.loads(run("llvm-cov-19", "export", program, f"-instr-profile={profile}", *FOLDERS))
        seen.add_program(found["data"][0]["functions"])
    (OUT / "missed.txt").write_text("".join(f"{line}\n" for line in seen.missed()))
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--raise-floors", action="store_true", help="write what was reached as new floors")
    options = parser.parse_args()
    seen = report()
    reached, summary = {}, {}
    for figure in FIGURES:
        covered, total = seen.totals(figure)
        if not total:
            sys.exit(f"no {figure} was counted; were the tests run in {BUILD}?")
        reached[figure] = 100 * covered / total
        summary[figure] = {"covered": covered, "total": total}
        print(f"{PART:10} {figure:9} {covered:6} of {total:6}  {reached[figure]:6.2f} %")
    (OUT / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(f"{'':10} {OUT / 'missed.txt'}")
    floor = json.loads(FLOORS.read_text())[PART]
    failures = [f"{PART} by clang: {name} coverage is {reached[name]:.2f} %, the floor {floor[name]} %"
                for name in FIGURES if reached[name] < floor[name]]
    failures += seen.declined()
    if options.raise_floors:
        new = {PART: {name: floors.risen(floor[name], reached[name]) for name in FIGURES}}
        FLOORS.write_text(json.dumps(new, indent=2) + "\n")
    for text in failures:
        print(f"coverage: {text}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
