# SPDX-License-Identifier: MIT
"""Runs tests with the switch off, to see which mutants they reach, and mutants against the tests that reach them."""
import json
import os
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import ctest
import results

NOT_USED = {"slow", "soak", "throughput"}  # labels: too long, or they judge times
# A time-out is a kill in tests of these kinds: their steps are counted, and with the switch off they end by themselves in
# a tenth of the limit. In others a mutant that stops some process may only wait for what the scheduler does.
PROGRESS = {"unit", "property", "model", "crash", "canary", "fuzz"}
LIMIT_MIN, LIMIT_FACTOR = 2.0, 10  # seconds; times the duration with the switch off
CHEAP_SECONDS = 3.0  # of tests for a mutant, before the others have had theirs
NEIGHBOURS = 3  # killers in the same function are tried first, the most frequent ones ...
NEIGHBOUR_SECONDS = 1.0  # ... unless they take longer
REPORT_SECONDS = 10


def selected(tests):
    return [test for test in tests if not test.labels & NOT_USED]


def limit_of(seconds):
    return max(LIMIT_MIN, LIMIT_FACTOR * seconds)


class Progress:
    """A line every ten seconds, and at the end."""

    def __init__(self, name, total, report):
        self.name, self.total, self.report = name, total, report
        self.begin = self.last = time.monotonic()
        self.counts, self.lock = Counter(), threading.Lock()

    def add(self, what):
        with self.lock:
            self.counts[what] += 1
            if time.monotonic() - self.last >= REPORT_SECONDS:
                self.last = time.monotonic()
                self.print()

    def print(self):
        done = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        self.report(f"{self.name}: {sum(self.counts.values())} of {self.total}: {done or 'nothing'}; "
                    f"{time.monotonic() - self.begin:.0f} s")


class Reach:
    """reach.jsonl: for each test its outcome with the switch off, its duration and the mutants it reaches."""

    def __init__(self, path, state):
        self.path, self.tree = path, state["tree"]
        self.tests = {line["test"]: line for line in results.lines_of(path) if line["tree"] == self.tree}

    def measure(self, tests, count, executor, progress, identity, deadline=float("inf")):
        """Runs the tests that are not known yet; identity(test) says what each consists of."""
        missing = [test for test in tests if test.name not in self.tests]
        progress.total = len(missing)
        lock = threading.Lock()

        def one(test):
            if executor.stopped.is_set() or time.monotonic() > deadline:
                return
            file = executor.folder / f"reach-{threading.get_ident()}"
            file.write_bytes(bytes(count + 1))
            done = executor.run(test, test.timeout, {ctest.REACH: str(file)})
            reached = [number for number, byte in enumerate(file.read_bytes()) if byte]
            file.unlink()
            if executor.stopped.is_set():
                return
            line = {"test": test.name, "tree": self.tree, "identity": identity(test), "outcome": done.outcome,
                    "seconds": round(done.seconds, 3), "processor_seconds": round(done.processor_seconds, 3), "reached": results.ranges(reached)}
            with lock:
                self.tests[test.name] = line
                with open(self.path, "a", encoding="utf-8") as out:
                    out.write(json.dumps(line) + "\n")
            progress.add(done.outcome)
        in_parallel(one, missing, executor)
        progress.print()

    def usable(self, tests):
        return [test for test in tests if self.tests.get(test.name, {}).get("outcome") == "passed"]

    def of_mutants(self, tests):
        """{mutant: the tests that reach it, best first}: those that take little time and reach little else, since what
        nearly every test comes by is judged by few."""
        found, usable = defaultdict(list), self.usable(tests)
        reached = {test.name: list(results.numbers(self.tests[test.name]["reached"])) for test in usable}
        for test in sorted(usable, key=lambda one: self.seconds(one) * len(reached[one.name])):
            for number in reached[test.name]:
                found[number].append(test)
        return found

    def identities(self):
        """{test: what it consists of} of those that can be used"""
        return {name: line["identity"] for name, line in self.tests.items() if line["outcome"] == "passed"}

    def seconds(self, test):
        return self.tests[test.name]["seconds"]


def in_parallel(function, items, executor):
    with ThreadPoolExecutor(executor.slots.count) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            for future in futures:
                future.result()
        except BaseException:  # an interrupt, too: what runs is ended, what waits is not begun
            executor.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


class Runner:
    def __init__(self, reaching, reach, known, executor, limit_seconds=0, deadline=float("inf")):
        self.reaching, self.reach, self.known, self.executor = reaching, reach, known, executor
        self.limit_seconds, self.deadline = limit_seconds, deadline
        self.killers = defaultdict(Counter)  # by file and function
        self.passing = {}  # test: whether it passes with the switch off
        self.lock = threading.Lock()

    def order(self, mutant, budget):
        """The tests to try: those not tried before, known killers of neighbours first, as far as `budget` seconds go."""
        tried = self.known.tried.get(mutant["key"], set())
        tests = [test for test in self.reaching.get(mutant["id"], []) if test.name not in tried]
        with self.lock:
            near = self.killers[mutant["file"], mutant["function"]].most_common(NEIGHBOURS)
        first = {name for name, _ in near}
        tests.sort(key=lambda test: not (test.name in first and self.reach.seconds(test) <= NEIGHBOUR_SECONDS))
        spent = sum(self.reach.tests[name]["seconds"] for name in tried if name in self.reach.tests)
        chosen = []
        for test in tests:
            spent += self.reach.seconds(test)
            if spent > budget and (chosen or tried):
                break
            chosen.append(test)
        return chosen

    def execute(self, test, number, spent):
        variables = {ctest.MUTANT: str(number)} if number else {}
        done = self.executor.run(test, limit_of(self.reach.seconds(test)), variables)
        spent.append(done.processor_seconds)
        return done.outcome

    def passes(self, test, spent):
        """With the switch off, in this run: asked when the test has killed its first mutant."""
        if test.name not in self.passing:
            self.passing[test.name] = self.execute(test, 0, spent) == "passed"
        return self.passing[test.name]

    def verdict(self, test, mutant, spent):
        """killed (failed), killed (stuck), stuck, or survived. A kill is seen twice, and not with the switch off."""
        first = self.execute(test, mutant["id"], spent)
        if first not in ("failed", "stuck"):
            return "survived", ""
        second = self.execute(test, mutant["id"], spent)
        if second not in ("failed", "stuck") or not self.passes(test, spent):
            return "survived", ""
        if "failed" in (first, second):
            return "killed", "failed"
        if self.execute(test, 0, spent) != "passed":  # now: the machine may have become slow
            return "survived", ""
        return ("killed" if test.labels & PROGRESS else "stuck"), "stuck"

    def try_mutant(self, mutant, budget):
        spent, tried, stuck_in = [], [], None
        for test in self.order(mutant, budget):
            if self.executor.stopped.is_set() or time.monotonic() > self.deadline:
                break
            verdict, how = self.verdict(test, mutant, spent)
            if self.executor.stopped.is_set():
                break
            tried.append(test.name)
            if verdict == "killed":
                with self.lock:
                    self.killers[mutant["file"], mutant["function"]][test.name] += 1
                    self.known.add(mutant, verdict, how, test.name, tried, sum(spent))
                return verdict
            if verdict == "stuck":
                stuck_in = test.name
        if tried:
            with self.lock:
                outcome = "stuck" if stuck_in else "survived"
                self.known.add(mutant, outcome, "", stuck_in, tried, sum(spent))
        return self.known.outcome(mutant, self.reaching.get(mutant["id"]))

    def is_untried(self, mutant, budget=float("inf")):
        """Has no test killed it, and are there some that it was not tried with?"""
        return mutant["key"] not in self.known.killers and bool(self.order(mutant, budget))

    def run(self, mutants, progress_of):
        """First what is cheap, for all; then the rest for those that survived."""
        everything = self.limit_seconds or float("inf")
        for name, budget in (("cheap tests", min(CHEAP_SECONDS, everything)), ("other tests", everything)):
            left = [one for one in mutants if self.is_untried(one, budget)]
            progress = progress_of(f"run, {name}", len(left))
            in_parallel(lambda one: progress.add(self.try_mutant(one, budget)), left, self.executor)
            progress.print()


def processors():
    return len(os.sched_getaffinity(0))
