#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the jobs of ci.yml through ci/run.sh, cheapest first, and ends with a table.

A state file remembers what passed: the same command again goes on where it stopped, unless the tree has changed. A job
passed only if ci/run.sh ended with 0. Ctrl-C or SIGTERM ends the running jobs, starts no other, and prints the table.
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
COUNTS = re.compile(r"\d+% tests passed, \d+ tests failed out of (\d+)")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="ci/run.sh all", description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time (each builds with all cores)")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this job (may be repeated)")
    parser.add_argument("--keep-going", action="store_true", help="run the others when one has failed")
    parser.add_argument("--fresh", action="store_true", help="run also what has passed already")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/ci", help="state and logs")
    parser.add_argument("--runner", default=str(ROOT / "ci/run.sh"), help="what runs a job (for the tests)")
    options = parser.parse_args()
    unknown = [name for name in options.only or [] if name not in jobs.matrix()]
    if unknown:
        parser.error(f"not in the matrix: {', '.join(unknown)}; it is: {', '.join(jobs.matrix())}")
    if options.jobs < 1:
        parser.error("--jobs must be at least 1")
    return options


def hash_of_tree():
    """Of the tree as it is, with uncommitted changes and new files."""
    def git(*command):
        return subprocess.run(["git", "-C", ROOT, *command], capture_output=True, check=True).stdout
    found = hashlib.sha256(git("rev-parse", "HEAD") + git("diff", "HEAD"))
    for name in git("ls-files", "-o", "--exclude-standard", "-z").split(b"\0"):
        path = ROOT / name.decode()
        if name and path.is_file():
            found.update(name + path.read_bytes())
    return found.hexdigest()


class Run:
    def __init__(self, options):
        self.options = options
        self.results = {}
        self.lock = Lock()
        self.stop = Event()
        self.running = set()
        options.folder.mkdir(parents=True, exist_ok=True)
        self.state_file = options.folder / "state.json"
        self.tree = hash_of_tree()
        self.passed = {}
        with suppress(OSError, ValueError):
            state = json.loads(self.state_file.read_text())
            if state.get("tree") == self.tree and not options.fresh:
                self.passed = state["passed"]

    def write_state(self):
        new = self.state_file.with_suffix(".new")
        new.write_text(json.dumps({"tree": self.tree, "passed": self.passed}, indent=2) + "\n")
        new.replace(self.state_file)

    def one(self, name):
        if name in self.passed:
            self.results[name] = {**self.passed[name], "verdict": "passed before"}
            return
        log, begin = self.options.folder / f"{name}.log", time.monotonic()
        with log.open("wb") as out:
            with self.lock:
                if self.stop.is_set():
                    return
                print(f"ci: {name} ...", flush=True)
                # A process group of its own, so that all of it can be ended.
                job = subprocess.Popen([self.options.runner, name], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, start_new_session=True)
                self.running.add(job)
            code = job.wait()
        seconds = round(time.monotonic() - begin)
        result = {"tests": sum(map(int, COUNTS.findall(log.read_text(errors="replace")))),
                  "time": f"{seconds // 60}:{seconds % 60:02}", "log": str(log),
                  "verdict": "passed" if code == 0 else f"FAILED ({code})"}
        with self.lock:
            self.running.remove(job)
            self.results[name] = result
            print(f"ci: {name} {result['verdict']} after {result['time']}", flush=True)
            if code == 0:
                self.passed[name] = result
                self.write_state()
            elif not self.options.keep_going:
                self.stop.set()

    def interrupt(self):
        with self.lock:
            self.stop.set()
            for job in self.running:
                with suppress(ProcessLookupError):  # ended, and its thread waits for the lock
                    os.killpg(job.pid, signal.SIGTERM)

    def table(self, names):
        """Prints it; True if all passed."""
        print(f"\n{'job':20} {'tests':>6} {'time':>7}  {'verdict':14} log")
        rows = [self.results.get(name, {"tests": 0, "time": "0:00", "verdict": "not run", "log": ""}) for name in names]
        for name, row in zip(names, rows):
            print(f"{name:20} {row['tests'] or '-':>6} {row['time']:>7}  {row['verdict']:14} {row['log']}")
        passed = sum(row["verdict"].startswith("passed") for row in rows)
        print(f"ci: {passed} of {len(names)} jobs passed, {sum(row['tests'] for row in rows)} tests")
        return passed == len(names)


def main():
    options = parse_arguments()
    names = [name for name in jobs.matrix() if not options.only or name in options.only]
    run = Run(options)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    interrupted = False
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            for done in [pool.submit(run.one, name) for name in names]:
                done.result()
        except KeyboardInterrupt:
            interrupted = True
            run.interrupt()
    passed = run.table(names)
    if interrupted:
        print("ci: interrupted; the same command goes on with what has not passed")
        return 130
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
