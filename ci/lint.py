#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the text of the tree with well-known tools and with ci/tidy.py.

Each check is a row of CHECKS; ci/tests/lint_test.py has a bad example for each. Writes JUnit, a case for
each check. actionlint, which Debian does not package, runs only where ci/actionlint.py could fetch it.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import actionlint

HERE = Path(__file__).resolve().parent
BUILD = "build/clang-release"
TIDY_DATABASE = "build/lint"
CODE = ("*.cpp", "*.hpp", "*.c", "*.h")
CPPCHECK = ["cppcheck", "--quiet", "--std=c++20", "--language=c++", "--error-exitcode=1", "--inline-suppr",
            "--enable=warning,performance,portability", "-Icore/include", "-Icore/c/include", "-Icore/src"]


def translation_units(root):
    """clang-tidy's database: every core file once, though several targets compile it; unity builds kept whole."""
    listed = set(files_of(root, ("core/*.cpp",)))
    units, database = [], []
    for entry in json.loads((root / BUILD / "compile_commands.json").read_text()):
        file = Path(entry["file"])
        parts = re.findall('^#include "(.*)"$', file.read_text(), re.M) if file.parent.name == "Unity" else [file]
        new = listed & {os.path.relpath(part, root) for part in parts}
        if new:
            listed -= new
            units.append(str(file))
            database.append(entry)
    folder = root / TIDY_DATABASE
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "compile_commands.json").write_text(json.dumps(database, indent=1))
    return [*units, *sorted(listed)]


# name: (which files, the command before them, files for each command: 0 for all at once)
CHECKS = {
    "clang-format": (CODE, ["clang-format", "--dry-run", "-Werror"], 0),
    "shellcheck": (("*.sh", ".ci/run"), ["shellcheck"], 0),
    "codespell": ((*CODE, "*.md", "*.sh", "*.py"), ["codespell"], 0),
    "actionlint": ((".github/workflows/*.yml",), [sys.executable, "-B", str(HERE / "actionlint.py")], 0),
    "tidy": ((), [sys.executable, "-B", str(HERE / "tidy.py"), "."], 0),
    "cppcheck": (("core/src/*.cpp", "core/c/src/*.cpp"), CPPCHECK, 2),
    # Every public header must compile alone; clang-tidy reads this build, too.
    "headers": ((), ["cmake", "--build", BUILD, "--target", "all", "all_verify_interface_header_sets"], 0),
    "clang-tidy": (translation_units, ["clang-tidy", "-p", TIDY_DATABASE, "--quiet"], 1),
}


def parse_arguments():
    parser = argparse.ArgumentParser(prog="ci/run.sh lint", description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=HERE.parent, help="the tree")
    parser.add_argument("--only", action="append", choices=CHECKS, help="only this check (may be repeated)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many commands at a time")
    return parser.parse_args()


def files_of(root, patterns):
    if callable(patterns):
        return patterns(root)
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *patterns], cwd=root,
                            check=True, capture_output=True, text=True).stdout
    return [name for name in sorted(set(listed.split("\0"))) if name and (root / name).is_file()]


def commands(root, patterns, command, share):
    """The commands of a check; none if there is no file for it."""
    if not patterns:
        return [command]
    files = files_of(root, patterns)
    share = share or len(files) or 1
    return [[*command, *files[i:i + share]] for i in range(0, len(files), share)]


def run(root, command):
    # On stderr clang-tidy counts what it does not show, and the others report what they find.
    done = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL if command[0] == "clang-tidy" else subprocess.STDOUT)
    return done.returncode, done.stdout


def check(options, name):
    """What a check found, as text; '' if nothing; None if it was not run."""
    patterns, command, share = CHECKS[name]
    if name == "actionlint" and not actionlint.is_there():
        return None
    if name == "headers":
        code, text = run(options.root, ["cmake", "--preset", Path(BUILD).name])
        if code != 0:
            return text
        command = [*command, "--parallel", str(options.jobs)]
    with ThreadPoolExecutor(options.jobs) as pool:
        done = list(pool.map(lambda c: run(options.root, c), commands(options.root, patterns, command, share)))
    if all(code == 0 for code, _ in done):
        return ""
    return "".join(text for code, text in done if code != 0) or f"{command[0]} failed"


def main():
    options = parse_arguments()
    options.root = options.root.resolve()
    suite = xml.Element("testsuite", name="lint")
    failed = []
    for name in options.only or CHECKS:
        begin = time.monotonic()
        found = check(options, name)
        took = time.monotonic() - begin
        case = xml.SubElement(suite, "testcase", classname="lint", name=name, time=f"{took:.1f}")
        if found is None:
            xml.SubElement(case, "skipped", message="not installed")
        elif found:
            failed.append(name)
            xml.SubElement(case, "failure", message="see the text").text = found
        verdict = "not installed" if found is None else "failed" if found else "nothing found"
        print(f"lint: {name:13} {took:6.1f} s  {verdict}", flush=True)
        print(found or "", end="", flush=True)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(failed)))
    junit = options.root / "build/recorded/junit"
    junit.mkdir(parents=True, exist_ok=True)
    xml.ElementTree(suite).write(junit / "lint.xml", encoding="utf-8", xml_declaration=True)
    print(f"lint: {len(suite)} checks, {len(failed)} failed{': ' if failed else ''}{', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
