#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that the properties find the planted bugs of bugs.py that are theirs.

sample: each bug is found by the property that bugs.py names. matrix: every property against every bug;
prints the rows of the table in property_tests/README.md. shrink: a counterexample has five operations or fewer.
"""
import argparse
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

sys.dont_write_bytecode = True
from bugs import BUGS, plain  # noqa: E402

PLANTED = [(bug.name, bug.sentence, bug.caught_by["property"]) for bug in BUGS if "property" in bug.caught_by]
SECONDS_MAX = 60  # a bug may make a property hang: that is found, too
OPERATIONS_MAX = 5
UNBREAKABLE = {"stateful.rare_corners_are_told", "stateful.a_program_survives_its_text",
               "parallel.an_order_is_found_only_if_there_is_one",
               "parallel.an_order_is_not_missed_for_one_that_led_elsewhere"}  # of the tests themselves
README = Path(__file__).resolve().parent.parent / "README.md"


def short_names(readme):
    """What the tables call a property: its number, or a word for the test that has none."""
    rows = re.findall(r"^\| (P\d+) \|.*\| `([\w.]+)` \|$", readme, re.M)
    return {"stateful.kept_counterexamples_agree": "kept", **{plain(test): number for number, test in rows}}


def table(short, killers):
    """A row for each bug; killers tells by which properties it was found."""
    return [f"| `{name}` | {what} | {short[expected]} | {' '.join(sorted(short[one] for one in killers[name]))} |"
            for name, what, expected in PLANTED]


def run(program, bug, test, shrink=False):
    """What the test of this plain name does with the bug, and its output; "*" is all tests."""
    environment = dict(os.environ, SHMFIFO_PLANTED=bug, SHMFIFO_SEED="1")
    if not shrink:
        environment["SHMFIFO_NO_SHRINK"] = "1"
    filter_ = f"--gtest_filter={tests_of(program).get(test, test)}"
    try:
        done = subprocess.run([program, filter_], env=environment, timeout=SECONDS_MAX,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except subprocess.TimeoutExpired as late:
        return "hangs", str(late.stdout)
    if done.returncode == 0:
        return ("holds" if "[  PASSED  ] 1 test" in done.stdout or test == "*" else "missing"), done.stdout
    return ("fails" if done.returncode == 1 else "crashes"), done.stdout


@cache
def tests_of(program):
    """The tests of the program by their plain names."""
    suite, found = "", {}
    listing = subprocess.run([program, "--gtest_list_tests"], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in listing.splitlines()[1:]:
        if line.startswith("  "):
            test = suite + line.split("#")[0].strip()
            found[plain(test)] = test
        else:
            suite = line.strip()
    return found


def sound(program):
    """Without a bug the copy is the core: everything must hold."""
    verdict, output = run(program, "", "*")
    if verdict != "holds":
        print(output)
    return verdict == "holds"


def sample(program):
    failed = not sound(program)
    for name, what, prop in PLANTED:
        verdict, output = run(program, name, prop)
        found = verdict in ("fails", "crashes", "hangs")
        print(f"{'found ' if found else 'MISSED'} {name} ({what}) by {prop}: {verdict}")
        if verdict == "missing":
            print(output)
        failed = failed or not found
    return failed


def matrix(program):
    props, short = [p for p in tests_of(program) if p not in UNBREAKABLE], short_names(README.read_text())
    nameless = [prop for prop in props if prop not in short]
    if nameless:
        sys.exit(f"{README} has no row for {', '.join(nameless)}")
    failed = not sound(program)
    killers = {name: [] for name, _, _ in PLANTED}
    kills = {prop: 0 for prop in props}
    for name, _, expected in PLANTED:
        for prop in props:
            verdict, _ = run(program, name, prop)
            if verdict != "holds":
                killers[name].append(prop)
                kills[prop] += 1
        if expected not in killers[name]:
            print(f"{name} is not found by {expected}")
            failed = True
    print("\n".join(table(short, killers)))
    print("\nBugs found by each property:", ", ".join(f"{name} {count}" for name, count in sorted(
        (short[prop], count) for prop, count in kills.items())) + ".")
    return failed or 0 in kills.values()


def shrink(program):
    failed = False
    for name in ("lost_off_by_one", "gate_one_too_wide", "resume_off_by_one"):
        verdict, output = run(program, name, "stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference", shrink=True)
        listed = re.search(r"its operations:\n(.*?)\n\n", output, re.DOTALL)
        count = len(listed.group(1).splitlines()) if listed else None
        print(f"{name}: {verdict}, {count} operations\n{listed.group(1) if listed else output}")
        replay = re.search(r"SHMFIFO_REPLAY='([^']*)'", output)
        if verdict != "fails" or not count or count > OPERATIONS_MAX or not replay:
            failed = True
            continue
        # The line that was printed must fail in the same way, and at once.
        os.environ["SHMFIFO_REPLAY"] = replay.group(1)
        again, output = run(program, name, "stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference", shrink=True)
        del os.environ["SHMFIFO_REPLAY"]
        if again != "fails" or listed.group(1) not in output:
            print(f"{name}: the replay line does not replay it:\n{output}")
            failed = True
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = {"sample": sample, "matrix": matrix, "shrink": shrink}
    parser.add_argument("action", choices=actions)
    parser.add_argument("program", help="the properties built with the planted core; without a bug all must hold")
    given = parser.parse_args()
    if not os.access(given.program, os.X_OK):
        parser.error(f"{given.program} is no program: build property_tests_planted, or name where it is")
    return actions[given.action](given.program)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
