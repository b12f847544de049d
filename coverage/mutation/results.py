# SPDX-License-Identifier: MIT
"""What is known of each mutant: results.jsonl, a line for each trial, and what the lines say together."""
import json
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
import floors  # noqa: E402

# killed: by a test; survived: all tests that reach it passed; unreached: there are none; stuck: one that defines no
# progress was not over in time; unfinished: not all were tried, untried: none was.
OUTCOMES = ("killed", "stuck", "survived", "unreached", "equivalent", "unfinished", "untried")
LEFT = ("stuck", "survived", "unreached", "unfinished")  # what a test or a reason is missing for


def scope_of(name, scopes):
    """The first scope with a pattern for the file; '' if there is none."""
    return next((scope for scope, one in scopes.items() if any(fnmatch(name, pattern) for pattern in one["files"])), "")


def ranges(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    found = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(str(low) if low == high else f"{low}-{high}" for low, high in found)


def numbers(text):
    for one in text.split():
        low, _, high = one.partition("-")
        yield from range(int(low), int(high or low) + 1)


def lines_of(path):
    """The objects of a file with one in each line. A last line that was cut off while it was written is left out."""
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                pass


class Results:
    """`known`: the identities of the tests by name. What was tried with an earlier identity of a test does not count."""

    def __init__(self, path, mutants, known):
        self.path, self.known = Path(path), known
        self.killers, self.stuck, self.tried = {}, {}, {}
        self.same = {one["key"]: (one["original"], one["mutant"]) for one in mutants}
        for line in lines_of(self.path):
            if self.same.get(line["key"]) == (line["original"], line["mutant"]):
                self.take(line)

    def take(self, line):
        key, test = line["key"], line.get("test")
        if line["outcome"] == "killed" and test in self.known:
            self.killers[key] = test
        elif line["outcome"] == "stuck" and self.known.get(test) == line["tried"].get(test):
            self.stuck[key] = test
        tried = self.tried.setdefault(key, set())
        tried |= {name for name, identity in line["tried"].items() if self.known.get(name) == identity}

    def take_kills(self, lines):
        """From another folder's results: what was killed there is killed here."""
        for line in lines:
            if line["outcome"] == "killed" and self.same.get(line["key"]) == (line["original"], line["mutant"]):
                self.killers[line["key"]] = line["test"]

    def add(self, mutant, outcome, how, test, tried, seconds):
        """`outcome` is killed, stuck (in a test that defines no progress) or survived; `how` a test killed: failed, stuck."""
        line = {"key": mutant["key"], "original": mutant["original"], "mutant": mutant["mutant"], "outcome": outcome,
                "how": how, "test": test, "tried": {name: self.known[name] for name in tried},
                "processor_seconds": round(seconds, 3)}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.take(line)

    def outcome(self, mutant, reaching):
        """One of OUTCOMES, given the tests that reach it."""
        key = mutant["key"]
        if key in self.killers:
            return "killed"
        if not reaching:
            return "unreached"
        tried = self.tried.get(key, set())
        if any(test.name not in tried for test in reaching):
            return "unfinished" if tried else "untried"
        return "stuck" if key in self.stuck else "survived"


def equivalents_of(path):
    """{key: reason}"""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def stale(equivalents, mutants, outcomes):
    """A sentence for each entry of the list that is wrong."""
    keys = {one["key"] for one in mutants}
    for key, reason in equivalents.items():
        if not str(reason).strip():
            yield f"equivalent without a reason: {key}"
        elif key not in keys:
            yield f"equivalent, but there is no such mutant: {key}"
        elif outcomes.get(key) == "killed":
            yield f"equivalent, but a test kills it: {key}"


def summary(mutants, outcomes, by):
    """{by(mutant): {outcome: count}}"""
    counts = {}
    for mutant in mutants:
        counts.setdefault(by(mutant), Counter())[outcomes[mutant["key"]]] += 1
    return {name: dict(found, mutants=sum(found.values())) for name, found in sorted(counts.items())}


def percent(found):
    """The percentage killed of those that can be: equivalent ones are left out."""
    real = found["mutants"] - found.get("equivalent", 0)
    return 100.0 if real == 0 else 100 * found.get("killed", 0) / real


def below(scopes, counts):
    """A sentence for each floor that was missed."""
    for scope, floor in scopes.items():
        found = counts.get(scope, {"mutants": 0})
        if percent(found) < floor["killed"]:
            yield f"{scope}: {percent(found):.2f} % of the mutants killed, the floor {floor['killed']} %"
        if 100 * found.get("equivalent", 0) > floor["equivalent_percent_max"] * found["mutants"]:
            yield (f"{scope}: {found['equivalent']} of {found['mutants']} mutants are listed as equivalent, at most "
                   f"{floor['equivalent_percent_max']} % may be")


def raised(scopes, counts):
    """The floors after a run."""
    return {scope: {**floor, "killed": floors.risen(floor["killed"], percent(counts[scope]))} if scope in counts else floor
            for scope, floor in scopes.items()}
