#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The one list of jobs. ci/run.sh, ci/all.py and the workflows read it; ci/README.md says how to add one.

usage: ci/jobs.py --list             each job with its line of help
       ci/jobs.py --packages NAME    the groups of ci/install_packages.sh that a job needs; exit 2: no such job
       ci/jobs.py --json ci|nightly  the matrix of a workflow
       ci/jobs.py --check            compare the list with the presets and with ci/run.sh; exit 1 if they differ
"""
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CORE = "build cache test docs"  # what a build with tests configures, and what the tests of the core run
FULL = CORE + " peers clang clang19 coverage lint package mutation"  # what all fast tests run
BARE = "build cache bare"  # with SHMFIFO_BARE


class Job(NamedTuple):
    """A job is the function job_NAME of ci/run.sh or, without one, configures, builds and tests the preset NAME."""
    name: str
    presets: str  # that it builds
    minutes: int  # on two cores, roughly, with nothing compiled yet: `all` begins with the cheapest
    when: str  # ci: in ci.yml and in `all`; nightly: in nightly.yml; hand: only when it is typed
    packages: str  # groups of ci/install_packages.sh
    help: str
    arguments: str = ""  # those of the workflow


JOBS = [
    Job("million", "million", 1, "ci", "build",
        "the main job: one million messages, measured and gated (arguments go to million_messages)"),
    Job("all", "", 60, "hand", "", "the jobs of ci.yml, cheapest first, with a table at the end (--only NAME, ...)"),
    Job("test", "gcc-release", 10, "hand", FULL, "every fast test, in a release build (arguments go to ctest)"),
    Job("gcc-debug", "gcc-debug", 10, "hand", FULL, "for developers: coverage and crash-full test at -O0 in CI"),
    Job("gcc-release", "gcc-release", 10, "ci", FULL + " dpdk", "every fast test (arguments go to ctest instead)"),
    Job("clang-debug", "clang-debug", 10, "hand", FULL, "for developers: mcdc and crash-full test at -O0 in CI"),
    Job("clang-release", "clang-release", 8, "ci", FULL, "the fast tests of what a compiler can change"),
    Job("gcc-asan-ubsan", "gcc-asan-ubsan", 3, "ci", CORE, "core and canaries; sanitizers/README.md: what each sees"),
    Job("clang-asan-ubsan", "clang-asan-ubsan", 2, "ci", CORE + " clang", "the same by clang"),
    Job("gcc-tsan", "gcc-tsan", 2, "ci", CORE, "core and canaries under ThreadSanitizer"),
    Job("clang-tsan", "clang-tsan", 2, "ci", CORE + " clang", "threads on one mapping, and canaries"),
    Job("clang-msan", "clang-msan", 2, "ci", BARE + " clang", "the model checker, and canaries"),
    Job("clang19-asan-ubsan", "clang19-asan-ubsan", 3, "ci", CORE + " clang19", "properties, with the newest runtime"),
    Job("clang19-tsan", "clang19-tsan", 2, "ci", CORE + " clang19", "as clang-tsan, with the newest runtime"),
    Job("clang19-msan", "clang19-msan", 1, "ci", BARE + " clang19", "canaries, with the newest runtime"),
    Job("valgrind-memcheck", "valgrind-memcheck", 2, "ci", CORE + " valgrind", "core and canaries under memcheck"),
    Job("valgrind-helgrind", "valgrind-helgrind", 1, "ci", CORE + " valgrind", "threads and canaries under helgrind"),
    Job("valgrind-drd", "valgrind-drd", 1, "ci", CORE + " valgrind", "threads and canaries under drd"),
    Job("hardened", "hardened", 2, "ci", CORE + " clang", "with the checks that a shipped program may keep"),
    Job("gcc-O0", "gcc-O0", 1, "ci", CORE, "the core, not optimised"),
    Job("gcc-O3-lto", "gcc-O3-lto", 2, "ci", CORE, "the core, optimised across files"),
    Job("arm64", "arm64", 1, "ci", BARE + " arm64", "the core, built for another processor and run in qemu"),
    Job("model", "gcc-release", 3, "hand", CORE, "the core's protocol in the model checker (--test, --dot FILE, ...)"),
    Job("orders", "gcc-release", 60, "nightly", CORE, "each memory order one step weaker: which model test notices"),
    Job("soak", "gcc-release", 240, "nightly", CORE, "hours of many shapes with kills and pauses, resumable",
        "--hours 4"),
    Job("crash-full", "gcc-debug gcc-release clang-debug clang-release", 240, "nightly", CORE + " clang",
        "death and pause at every instruction, in builds of both compilers"),
    Job("fuzz", "", 160, "nightly", CORE + " clang fuzz", "the fuzz targets in turn (--seconds N for each, names)",
        "--seconds 2400"),
    Job("coverage", "gcc-coverage", 8, "ci", CORE + " coverage",
        "lines and branches that the tests reach; fails below coverage/floors.json (core: it alone)"),
    Job("mcdc", "clang19-mcdc", 1, "ci", CORE + " clang19",
        "branches and MC/DC of the core as clang counts; fails below coverage/floors_clang.json"),
    Job("mutation", "mutation", 240, "nightly", FULL,
        "each line broken on purpose: which test notices (--changed REV: what a change touches; other arguments: --help)"),
    Job("evidence", "gcc-release", 20, "hand", FULL,
        "what was recorded for each guarantee, as JSON and as a page (--run quick records the cheap jobs first)"),
    Job("package", "package", 3, "ci", CORE + " clang package",
        "Debian packages, and projects downstream that use them (arguments go to ctest)"),
    Job("docs", "", 1, "ci", "docs", "reference pages, into build/reference; a declaration without a comment fails"),
    Job("lint", "clang-release", 6, "ci", CORE + " clang lint", "the checks of ci/lint.py (--only CHECK)"),
    Job("list", "", 0, "hand", "", "these names"),
]
BY_NAME = {job.name: job for job in JOBS}


def matrix():
    """The names of the jobs of ci.yml, cheapest first."""
    return [job.name for job in sorted(JOBS, key=lambda job: job.minutes) if job.when == "ci"]


def listed():
    return "".join(f"{job.name:19}{job.help}\n" for job in JOBS)


def workflow(when):
    return {"include": [{"job": job.name, "arguments": job.arguments} for job in JOBS if job.when == when]}


def presets(root, file="CMakePresets.json"):
    """The configure presets that can be named, also those of included files."""
    path = root / file
    found = json.loads(path.read_text())
    yield from (one["name"] for one in found.get("configurePresets", []) if not one.get("hidden"))
    for more in found.get("include", []):
        yield from presets(path.parent, more)


def differences(root=ROOT):
    """A sentence for each job without what it runs, preset without job, and unknown group of packages."""
    known = set(presets(root))
    functions = set(re.findall(r"^job_([\w-]+)\(\)", (root / "ci/run.sh").read_text(), re.M))
    groups = set(re.findall(r"^  ([a-z0-9]+): ", (root / "ci/install_packages.sh").read_text(), re.M))
    used = {name for job in JOBS for name in job.presets.split()}
    for job in JOBS:
        if job.name not in functions and job.name not in known:
            yield f"job {job.name} has neither a preset nor a function in ci/run.sh"
        for group in set(job.packages.split()) - groups:
            yield f"job {job.name} needs the packages {group}, which ci/install_packages.sh does not have"
    for name in sorted(used - known):
        yield f"preset {name} is named by a job and does not exist"
    for name in sorted(known - used):
        yield f"preset {name} is built by no job"
    for name in sorted(functions - set(BY_NAME)):
        yield f"ci/run.sh has a function for {name}, which is no job"
    if len(BY_NAME) != len(JOBS):
        yield "a name is listed twice"


def main():
    words = sys.argv[1:]
    if words == ["--list"]:
        print(listed(), end="")
    elif words[:1] == ["--packages"] and len(words) == 2:
        if words[1] not in BY_NAME:
            return 2
        print(BY_NAME[words[1]].packages)
    elif words in (["--json", "ci"], ["--json", "nightly"]):
        print(json.dumps(workflow(words[1])))
    elif words == ["--check"]:
        found = list(differences())
        print("\n".join(found) or f"{len(JOBS)} jobs, no differences")
        return 1 if found else 0
    else:
        print(__doc__)
        return 0 if words in (["-h"], ["--help"]) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
