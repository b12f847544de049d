#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the matrix of ci/jobs.py through ci/run.sh, cheapest first, and ends with a table.

A state file remembers what passed: the same command again goes on where it stopped, unless the tree
has changed since. A job counts as passed only if ci/run.sh ended with 0. Ctrl-C (or SIGTERM) ends the jobs
that run, starts no other, and still prints the table.
"""
import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock

import jobs

ROOT = Path(__file__).resolve().parent.parent
COUNTS = re.compile(r"(\d+)% tests passed, (\d+) tests failed out of (\d+)")


def arguments():
    parser = argparse.ArgumentParser(prog="ci/run.sh all", description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time (each builds with all cores)")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this job (may be repeated)")
    parser.add_argument("--keep-going", action="store_true", help="run the others when one has failed")
    parser.add_argument("--fresh", action="store_true", help="run also what has passed already")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/ci", help="state and logs")
    parser.add_argument("--runner", default=str(ROOT / "ci/run.sh"), help="what runs a job (for the tests)")
    given = parser.parse_args()
    unknown = [name for name in given.only or [] if name not in jobs.matrix()]
    if unknown:
        parser.error(f"not in the matrix: {', '.join(unknown)}; it is: {', '.join(jobs.matrix())}")
    if given.jobs < 1:
        parser.error("--jobs must be at least 1")
    return given


def git(*words):
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, check=True).stdout


def tree_now():
    """A word for the tree as it is, with uncommitted changes and new files."""
    seen = hashlib.sha256(git("rev-parse", "HEAD") + git("diff", "HEAD"))
    for name in git("ls-files", "-o", "--exclude-standard", "-z").split(b"\0"):
        path = ROOT / name.decode()
        if name and path.is_file():
            seen.update(name + path.read_bytes())
    return seen.hexdigest()


def minutes(result):
    return f"{result['seconds'] // 60}:{result['seconds'] % 60:02}"


class Run:
    def __init__(self, given):
        self.given = given
        self.results = {}
        self.lock = Lock()
        self.stop = Event()
        self.running = set()
        given.folder.mkdir(parents=True, exist_ok=True)
        self.state_file = given.folder / "state.json"
        self.tree = tree_now()
        self.passed = {} if given.fresh else self.read_state()

    def read_state(self):
        try:
            state = json.loads(self.state_file.read_text())
        except (OSError, ValueError):
            return {}
        return state["passed"] if state.get("tree") == self.tree else {}

    def write_state(self):
        new = self.state_file.with_suffix(".new")
        new.write_text(json.dumps({"tree": self.tree, "passed": self.passed}, indent=2) + "\n")
        new.replace(self.state_file)

    def one(self, name):
        if name in self.passed:
            self.results[name] = {**self.passed[name], "verdict": "passed before"}
            return
        log = self.given.folder / f"{name}.log"
        begin = time.monotonic()
        with log.open("wb") as out:
            with self.lock:
                if self.stop.is_set():
                    return
                print(f"ci: {name} ...", flush=True)
                # A group of its own, so that all of it can be ended.
                job = subprocess.Popen([self.given.runner, name], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, start_new_session=True)
                self.running.add(job)
            code = job.wait()
        found = COUNTS.findall(log.read_text(errors="replace"))
        result = {"tests": sum(int(total) for _, _, total in found), "seconds": round(time.monotonic() - begin),
                  "verdict": "passed" if code == 0 else f"FAILED ({code})", "log": str(log)}
        with self.lock:
            self.running.remove(job)
            self.results[name] = result
            print(f"ci: {name} {result['verdict']} after {minutes(result)}", flush=True)
            if code == 0:
                self.passed[name] = result
                self.write_state()
            elif not self.given.keep_going:
                self.stop.set()

    def interrupt(self):
        with self.lock:
            self.stop.set()
            for job in self.running:
                with suppress(ProcessLookupError):  # over, and its thread waits for the lock
                    os.killpg(job.pid, signal.SIGTERM)

    def table(self, names):
        print(f"\n{'job':20} {'tests':>6} {'time':>7}  {'verdict':14} log")
        for name in names:
            r = self.results.get(name, {"tests": 0, "seconds": 0, "verdict": "not run", "log": ""})
            print(f"{name:20} {r['tests'] or '-':>6} {minutes(r):>7}  {r['verdict']:14} {r['log']}")
        good = sum(self.results.get(name, {"verdict": ""})["verdict"].startswith("passed") for name in names)
        tests = sum(r["tests"] for r in self.results.values())
        print(f"ci: {good} of {len(names)} jobs passed, {tests} tests")
        return good == len(names)


def main():
    given = arguments()
    names = [name for name in jobs.matrix() if not given.only or name in given.only]
    run = Run(given)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    interrupted = False
    with ThreadPoolExecutor(given.jobs) as pool:
        try:
            for done in [pool.submit(run.one, name) for name in names]:
                done.result()
        except KeyboardInterrupt:
            interrupted = True
            run.interrupt()
    good = run.table(names)
    if interrupted:
        print("ci: interrupted; the same command goes on with what has not passed")
        return 130
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
