#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks each line of the sources on purpose, and says which of these mutants no test notices.

Exit code: 0 done, and nothing below a floor; 1 survivors below a floor, or a wrong list of equivalents; 2 wrong usage.
"""
import argparse
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
import ctest  # noqa: E402
import results  # noqa: E402
import runner  # noqa: E402
import tree  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def report(text):
    print(text, file=sys.stderr, flush=True)


class Work:
    """What the commands share: the mutants, the tests, what is known of both."""

    def __init__(self, options):
        self.options = options
        self.folder = options.folder or options.root / "build/mutation"
        self.floors_file = options.lists / "floors.json"
        self.scopes = json.loads(self.floors_file.read_text())
        self.tree = tree.Tree(options.root, self.folder, self.scopes)

    def load(self):
        self.mutants = self.tree.mutants()
        self.state = self.tree.state() or {"tree": "", "checks": ""}
        self.all_tests, self.not_built = ctest.tests_of(self.tree.build)
        self.tests = runner.selected(self.all_tests)
        self.reach = runner.Reach(self.folder / "reach.jsonl", self.state)
        self.known = results.Results(self.folder / "results.jsonl", self.mutants,
                                     {test.name: self.state["checks"] for test in self.tests})
        self.equivalents = results.equivalents_of(self.options.lists / "equivalent.json")

    def executor(self):
        return ctest.Executor(self.folder / "tmp", self.options.jobs)

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
            outcome, _ = self.known.outcome(mutant, reaching.get(mutant["id"]))
            found[mutant["key"]] = "equivalent" if mutant["key"] in self.equivalents and outcome != "killed" else outcome
        return found


def prepare(work):
    work.tree.prepare(report, work.options.preset, work.options.mutate or None, work.options.target)
    return 0


def reach(work):
    work.load()
    work.reach.measure(work.tests, len(work.mutants), work.executor(), runner.Progress("reach", 0, report))
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
    counts = Counter(work.known.outcome(one, reaching.get(one["id"]))[0] or "untried" for one in mutants)
    print(f"{len(mutants)} mutants: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    return 0


def table(counts):
    heads = ("mutants", "killed", "stuck", "survived", "unreached", "equivalent", "untried")
    width = max(map(len, counts), default=0)
    yield " ".join([f"{'':{width}}", *(f"{head:>10}" for head in heads), "  killed %"])
    for name, found in counts.items():
        yield " ".join([f"{name:{width}}", *(f"{found.get(head, 0):10}" for head in heads),
                        f"{results.percent(found):10.2f}"])


def survivors(work, outcomes):
    for mutant in work.mutants:
        outcome = outcomes[mutant["key"]]
        if outcome in ("survived", "stuck", "unreached"):
            yield {**mutant, "outcome": outcome}


def report_command(work):
    work.load()
    reaching = work.reach.of_mutants(work.tests)
    outcomes = work.outcomes(reaching)
    scopes = results.summary(work.mutants, outcomes, lambda one: one.get("scope", ""))
    files = results.summary(work.mutants, outcomes, lambda one: one["file"])
    left = list(survivors(work, outcomes))
    found = {"scopes": scopes, "files": files, "survivors": left,
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
    for mutant in left if work.options.survivors else ():
        line = (work.options.root / mutant["file"]).read_text().split("\n")[mutant["line"] - 1].strip()
        print(f"{mutant['file']}:{mutant['line']}: {mutant['outcome']}: {mutant['operator']}: "
              f"{mutant['original']} -> {mutant['mutant'] or 'nothing'}\n    {line}")
    print("\n".join(table(files)), end="\n\n")
    print("\n".join(table(scopes)))
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
    one.add_argument("--preset", default=tree.PRESET)
    one.add_argument("--mutate", action="append", metavar="FILE", help="mutants in this file only (may be repeated)")
    one.add_argument("--target", action="append", default=[], help="build this only (may be repeated)")
    commands.add_parser("reach", help="run each test once: which mutants does it reach?")
    one = commands.add_parser("run", help="run each mutant against the tests that reach it")
    one.add_argument("--shard", type=shard, default=(1, 1), metavar="I/N", help="only every Nth mutant")
    one.add_argument("--scope", action="append", help="only this scope (may be repeated)")
    one.add_argument("--file", action="append", help="only this file (may be repeated)")
    one.add_argument("--only", action="append", metavar="KEY", help="only this mutant (may be repeated)")
    one.add_argument("--limit-seconds", type=float, default=0, help="of tests for each mutant (default: all tests)")
    one = commands.add_parser("report", help="what was found; compare it with the floors")
    one.add_argument("--json", action="store_true", help="print it as JSON; matrix.json holds the same")
    one.add_argument("--output", type=Path, metavar="FILE", help="also write it, as JSON")
    one.add_argument("--survivors", action="store_true", help="list them with their lines")
    one.add_argument("--raise-floors", action="store_true", help="what was reached becomes the floor")
    options = parser.parse_args()
    options.root = options.root.resolve()
    options.lists = (options.lists or HERE).resolve()
    return options


def main():
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        return {"prepare": prepare, "reach": reach, "run": run, "report": report_command}[options.command](Work(options))
    except KeyboardInterrupt:
        report("interrupted; the same command goes on with what is left")
        return 130


if __name__ == "__main__":
    sys.exit(main())
