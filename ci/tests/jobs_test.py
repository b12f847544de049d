#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: no job is forgotten. Method: the names of `ci/run.sh list`, of ci/jobs.py and of the workflows are
compared in both directions; a name taken out of, or put into, any of them must be told."""
import re
import subprocess
import sys
from pathlib import Path

CI = Path(__file__).resolve().parent.parent
WORKFLOWS = CI.parent / ".github/workflows"
sys.path.insert(0, str(CI))
import jobs  # noqa: E402

GATE = "all-checks"


def listed():
    text = subprocess.run([CI / "run.sh", "list"], check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in text.splitlines() if line.strip()}


def names_in(workflow):
    """The names in a workflow's `name: [...]` matrix, which are what it calls ci/run.sh with."""
    text = (WORKFLOWS / workflow).read_text()
    found = re.search(r"^ +job:\n((?: +- [\w-]+\n)+)", text, re.M)
    return re.findall(r"- ([\w-]+)", found.group(1)) if found else []


def differences(names, matrix, nightly, rest, ci_names, nightly_names):
    """One text for each name that is in one place and not in the other."""
    known = set(matrix) | set(nightly) | set(rest)
    pairs = [("ci/run.sh list", names, "ci/jobs.py", known),
             ("ci/jobs.py MATRIX", set(matrix), "ci.yml", set(ci_names)),
             ("ci/jobs.py NIGHTLY", set(nightly), "nightly.yml", set(nightly_names))]
    for here, these, there, those in pairs:
        for name in sorted(these - those):
            yield f"'{name}' is in {here}, not in {there}"
        for name in sorted(those - these):
            yield f"'{name}' is in {there}, not in {here}"
    for place, many in (("ci.yml", ci_names), ("nightly.yml", nightly_names)):
        if len(many) != len(set(many)):
            yield f"a name stands twice in {place}"


def main():
    real = (listed(), jobs.MATRIX, jobs.NIGHTLY, jobs.NOT_A_JOB, names_in("ci.yml"), names_in("nightly.yml"))
    failures = list(differences(*real))
    # Each direction can fail.
    for place, change in ((0, lambda x: x - {"lint"}), (0, lambda x: x | {"new"}),
                          (4, lambda x: x[1:]), (4, lambda x: [*x, "new"]), (4, lambda x: [*x, x[0]]),
                          (5, lambda x: x[1:]), (5, lambda x: [*x, "new"])):
        bad = [*real[:place], change(real[place]), *real[place + 1:]]
        if len(list(differences(*bad))) <= len(failures):
            failures.append(f"a change in place {place} was not told")
    ci = (WORKFLOWS / "ci.yml").read_text()
    if f"  {GATE}:\n" not in ci:
        failures.append(f"ci.yml has no job {GATE}")
    for text in failures:
        print(text)
    print(f"{len(real[0])} names compared, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
