#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks each line of the sources on purpose, and says which of these mutants no test notices.

Exit code: 0 done, and nothing below a floor; 1 survivors below a floor, or a wrong list of equivalents; 2 wrong usage.
"""
import argparse
import json
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
import changes  # noqa: E402
import ctest  # noqa: E402
import identities  # noqa: E402
import results  # noqa: E402
import runner  # noqa: E402
import tree  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD_SHARE, REACH_SHARE, RUN_SHARE = 0.6, 0.75, 0.95  # of the minutes that `changed` has: when each of its parts is over
NAMED_MAX = 5  # of what was not tried


def report(text):
    print(text, file=sys.stderr, flush=True)


class Work:
    """What the commands share: the mutants, the tests, what is known of both."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.floors_file = options.lists / "floors.json"
        self.scopes = json.loads(self.floors_file.read_text())
        self.tree = tree.Tree(options.root, self.folder, self.scopes)

    def load(self):
        self.mutants = self.tree.mutants()
        self.state = self.tree.state() or sys.exit(f"{self.folder} has no finished build: run mutation.py prepare")
        self.all_tests, self.not_built = ctest.tests_of(self.tree.build)
        self.tests = [test for test in runner.selected(self.all_tests) if re.search(getattr(self.options, "tests", ""), test.name)]
        self.reach = runner.Reach(self.folder / "reach.jsonl", self.state)
        self.known = results.Results(self.folder / "results.jsonl", self.mutants,
                                     self.reach.identities())
        self.equivalents = results.equivalents_of(self.options.lists / "equivalent.json")

    def costs(self):
        """Processor-seconds of the tests: with mutants, and to find out which tests reach them."""
        keys = {one["key"] for one in self.mutants}
        return {"run": round(sum(one["processor_seconds"] for one in results.lines_of(self.known.path) if one["key"] in keys)),
                "reach": round(sum(one["processor_seconds"] for one in self.reach.tests.values()))}

    def executor(self):
        return ctest.Executor(self.folder / "tmp", self.options.jobs)

    def measure(self, deadline=float("inf")):
        identities_ = identities.Identities(self.tree.build, self.tree.source, self.tree.original, self.state["files"])
        self.reach.measure(self.tests, len(self.mutants), self.executor(), runner.Progress("reach", 0, report),
                           identities_.of_test, deadline)
        self.known = results.Results(self.known.path, self.mutants, self.reach.identities())

    def chosen(self):
        """The mutants that the options select."""
        options, found = self.options, self.mutants
        if options.scope:
            found = [one for one in found if one.get("scope") in options.scope]
        if options.file:
            found = [one for one in found if one["file"] in options.file]
        if options.only:
            found = [one for one in found if one["key"] in options.only]
        return [one for one in found if one["id"] % options.shard[1] == options.shard[0] - 1]

    def outcomes(self, reaching):
        """{key: outcome}"""
        found = {}
        for mutant in self.mutants:
            outcome = self.known.outcome(mutant, reaching.get(mutant["id"]))
            found[mutant["key"]] = "equivalent" if mutant["key"] in self.equivalents and outcome != "killed" else outcome
        return found


def prepare(work):
    work.tree.prepare(report, work.options.preset, work.options.mutate, work.options.target)
    return 0


def reach(work):
    work.load()
    work.measure()
    unusable = [(test.name, work.reach.tests[test.name]["outcome"]) for test in work.tests
                if work.reach.tests.get(test.name, {}).get("outcome") != "passed"]
    for name, outcome in unusable:
        print(f"not used, {outcome} with the switch off: {name}")
    for name in work.not_built:
        print(f"not used, not built: {name}")
    print(f"{len(work.tests) - len(unusable)} of {len(work.all_tests) + len(work.not_built)} tests are used")
    return 0


def run(work):
    work.load()
    reaching = work.reach.of_mutants(work.tests)
    if not reaching:
        sys.exit(f"no test reaches a mutant: run mutation.py reach; {work.reach.path}")
    mutants = [one for one in work.chosen() if one["key"] not in work.equivalents]
    trial = runner.Runner(reaching, work.reach, work.known, work.executor(), work.options.limit_seconds)
    trial.run(mutants, lambda name, total: runner.Progress(name, total, report))
    counts = Counter(work.known.outcome(one, reaching.get(one["id"])) for one in mutants)
    print(f"{len(mutants)} mutants: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    return 0


def changed(work):
    """The mutants of the lines that differ from a revision, against the tests of their scopes' quick targets."""
    options, begin = work.options, time.monotonic()
    deadlines = [begin + 60 * options.minutes * share for share in (BUILD_SHARE, REACH_SHARE, RUN_SHARE)]
    lines = changes.changed_lines(options.root, options.revision)
    files = [name for name in tree.in_scope(work.tree.files(), work.scopes) if name in lines]
    if not files:
        print(f"no file that has mutants has changed since {options.revision}")
        return 0
    before = results.lines_of(work.folder / "results.jsonl")
    work = Work(options, work.folder / "changed")
    targets = {target for name in files for target in work.scopes[results.scope_of(name, work.scopes)]["targets"]}
    work.tree.prepare(report, options.preset, files, sorted(targets), deadlines[0])
    work.load()
    work.measure(deadlines[1])
    reaching = work.reach.of_mutants(work.tests)
    mutants = [one for one in work.mutants if one["line"] in lines[one["file"]] and one["key"] not in work.equivalents]
    work.known.take_kills(before)
    trial = runner.Runner(reaching, work.reach, work.known, work.executor(), deadline=deadlines[2])
    trial.run(mutants, lambda name, total: runner.Progress(name, total, report))
    unknown = [test.name for test in work.tests if test.name not in work.reach.tests]
    outcomes = {one["key"]: work.known.outcome(one, reaching.get(one["id"])) for one in mutants}
    # A test that there was no time for may be the one that kills it.
    outcomes = {key: "untried" if found in ("unfinished", "untried") or unknown and found != "killed" else found
                for key, found in outcomes.items()}
    untried = sorted(key for key, found in outcomes.items() if found == "untried")
    left = list(survivors(mutants, outcomes))
    counts = results.summary(mutants, outcomes, lambda one: one["file"])
    if options.json:
        print(json.dumps({"files": counts, "survivors": left, "not_tried": untried, "tests_not_run": unknown}, indent=1))
        return 1 if left else 0
    print_survivors(options.root, left)
    print("\n".join(table(counts)))
    for what, names in (("mutants", untried), ("tests", unknown), ("programs of tests", work.not_built)):
        if names:
            print(f"not tried: {len(names)} {what}: {', '.join(names[:NAMED_MAX])}{', ...' * (len(names) > NAMED_MAX)}")
    print(f"{time.monotonic() - begin:.0f} s")
    return 1 if left else 0


def table(counts):
    heads = ("mutants", *results.OUTCOMES)
    width = max(map(len, counts), default=0)
    yield " ".join([f"{'':{width}}", *(f"{head:>10}" for head in heads), "  killed %"])
    for name, found in counts.items():
        yield " ".join([f"{name:{width}}", *(f"{found.get(head, 0):10}" for head in heads),
                        f"{results.percent(found):10.2f}"])


def survivors(mutants, outcomes):
    for mutant in mutants:
        outcome = outcomes[mutant["key"]]
        if outcome in results.LEFT:
            yield {**mutant, "outcome": outcome}


def print_survivors(root, left):
    for mutant in left:
        line = (root / mutant["file"]).read_text(encoding="utf-8").split("\n")[mutant["line"] - 1].strip()
        print(f"{mutant['file']}:{mutant['line']}: {mutant['outcome']}: {mutant['operator']}: "
              f"{mutant['original']} -> {mutant['mutant'] or 'nothing'}\n    {line}")


def report_command(work):
    work.load()
    reaching = work.reach.of_mutants(work.tests)
    outcomes = work.outcomes(reaching)
    scopes = results.summary(work.mutants, outcomes, lambda one: one.get("scope", ""))
    files = results.summary(work.mutants, outcomes, lambda one: one["file"])
    left = list(survivors(work.mutants, outcomes))
    found = {"scopes": scopes, "files": files, "survivors": left, "processor_seconds": work.costs(),
             "matrix": {key: test for key, test in sorted(work.known.killers.items())}}
    (work.folder / "matrix.json").write_text(json.dumps(found, indent=1) + "\n")
    problems = [*results.below(work.scopes, scopes), *results.stale(work.equivalents, work.mutants, outcomes)]
    if work.options.raise_floors:
        new = results.raised(work.scopes, scopes)
        lines = (f'  "{name}": ' + json.dumps(one).replace("{", "{ ").replace("}", " }") for name, one in new.items())
        work.floors_file.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    if work.state["tree"] != work.tree.digest():
        problems.append("the sources have changed since the mutants were made: run mutation.py prepare")
    if work.options.output:
        work.options.output.write_text(json.dumps({**found, "problems": problems}, indent=1) + "\n")
    if work.options.json:
        print(json.dumps({**found, "problems": problems}, indent=1))
        return 1 if problems else 0
    if work.options.survivors:
        print_survivors(work.options.root, left)
    print("\n".join(table(files)), end="\n\n")
    print("\n".join(table(scopes)))
    print(f"processor-seconds: {found['processor_seconds']['run']} for all trials, {found['processor_seconds']['reach']} for reach")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


def shard(text):
    first, _, count = text.partition("/")
    if not (first.isdigit() and count.isdigit() and 1 <= int(first) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text} is not I/N with 1 <= I <= N")
    return int(first), int(count)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="mutation.py", description=__doc__.split("\n")[0],
                                     epilog=__doc__.split("\n\n")[1])
    parser.add_argument("--root", type=Path, default=ROOT, help="the sources")
    parser.add_argument("--folder", type=Path, help="what is made (default: ROOT/build/mutation)")
    parser.add_argument("--lists", type=Path, help="where floors.json and equivalent.json are (default: this program's)")
    parser.add_argument("--jobs", type=int, default=2 * runner.processors(), help="tests at a time (default: two a processor)")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("prepare", help="copy the sources, put the mutants in, build")
    one.add_argument("--preset", default=tree.PRESET, help="that the copy is configured with (default: %(default)s)")
    one.add_argument("--mutate", action="append", metavar="FILE", help="mutants in this file only (may be repeated)")
    one.add_argument("--target", action="append", help="build this only (may be repeated)")
    one = commands.add_parser("reach", help="run each test once: which mutants does it reach?")
    one.add_argument("--tests", default="", metavar="REGEX", help="only tests whose names match (default: all fast ones)")
    one = commands.add_parser("run", help="run each mutant against the tests that reach it")
    one.add_argument("--shard", type=shard, default=(1, 1), metavar="I/N", help="only every Nth mutant")
    one.add_argument("--scope", action="append", help="only this scope (may be repeated)")
    one.add_argument("--file", action="append", help="only this file (may be repeated)")
    one.add_argument("--only", action="append", metavar="KEY", help="only this mutant (may be repeated)")
    one.add_argument("--limit-seconds", type=float, default=0, help="of tests for each mutant (default: all tests)")
    one = commands.add_parser("changed", help="the lines that differ from a revision; exit 1 if a mutant survives")
    one.add_argument("revision", metavar="REV", help="what git diff compares with")
    one.add_argument("--minutes", type=float, default=5, help="after which it ends and says what was not tried (default: 5)")
    one.add_argument("--preset", default=tree.PRESET, help="that the copy is configured with (default: %(default)s)")
    one.add_argument("--json", action="store_true", help="print what was found as JSON")
    one = commands.add_parser("report", help="what was found; compare it with the floors")
    one.add_argument("--json", action="store_true", help="print it as JSON; matrix.json holds the same")
    one.add_argument("--output", type=Path, metavar="FILE", help="also write it, as JSON")
    one.add_argument("--survivors", action="store_true", help="list them with their lines")
    one.add_argument("--raise-floors", action="store_true", help="what was reached becomes the floor")
    options = parser.parse_args()
    options.root = options.root.resolve()
    options.folder = (options.folder or options.root / "build/mutation").resolve()
    options.lists = (options.lists or HERE).resolve()
    return options


def main():
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        return {"prepare": prepare, "reach": reach, "run": run, "changed": changed,
                "report": report_command}[options.command](Work(options, options.folder))
    except KeyboardInterrupt:
        report("interrupted; the same command goes on with what is left")
        return 130


if __name__ == "__main__":
    sys.exit(main())
