#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Says whether the installed shmfifo is the one that its evidence is about, and shows that evidence.

Exit code: 0 validated; 1 a file differs, a guarantee failed, or the rerun did; 2 there is no evidence.
"""
import argparse
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# The installation's folders: below the prefix, or absolute.
INCLUDE, LIBRARIES, SHARE = "include", "lib", "share/shmfifo"


def differences(evidence, include):
    """A sentence for each header that is not what the evidence is about."""
    known = {name.split("/include/", 1)[1]: value for name, value in evidence["subject"]["files"].items()
             if name.startswith(("core/include/", "core/c/include/"))}
    for name, expected in sorted(known.items()):
        path = include / name
        if not path.is_file():
            yield f"{path} is missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            yield f"{path} is not the file that the evidence is about"
    here = [path for pattern in ("shmfifo/*.hpp", "shmfifo/protocol/*.hpp", "shmfifo*.h")
            for path in include.glob(pattern)]
    for path in sorted(here):
        if path.relative_to(include).as_posix() not in known:
            yield f"the evidence says nothing about {path}"


def summary(evidence):
    subject = evidence["subject"]
    print(f"shmfifo {evidence['version']}: evidence of {evidence['made']}, {len(subject['files'])} files, "
          f"sources {subject['sha256']}")
    for one in evidence["requirements"]:
        by = {}
        for method, found in one["methods"].items():
            by.setdefault(found["verdict"], []).append(method)
        print(f"  {one['id']:4}{one['verdict']:15} "
              + "; ".join(f"{verdict}: {' '.join(names)}" for verdict, names in by.items()))
    print(f"  not counted: {len(evidence['not_checked_in_this_run'])} kinds of recordings; "
          f"not verified at all: {len(evidence['not_verified'])} points (--points)")


def run(command):
    try:
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, timeout=600)
    except subprocess.TimeoutExpired:
        return 1, "no end after 600 seconds"
    return done.returncode, f"{done.stdout}exit code {done.returncode}"


def rerun_quick(prefix, share):
    """Compiles a round trip against what is installed, each way it can be linked, and runs it."""
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        print("rerun: no C++ compiler (set CXX)")
        return False
    libraries = [path for name in ("libshmfifo.a", "libshmfifo.so") for path in (prefix / LIBRARIES).glob(name)]
    good = bool(libraries)
    if not libraries:
        print(f"rerun: no library in {prefix / LIBRARIES}")
    sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    with tempfile.TemporaryDirectory(prefix="shmfifo-verify-") as work:
        for library in libraries:
            for extra in ([], sanitize):
                program = Path(work) / "round_trip"
                code, output = run([compiler, "-std=c++20", "-O2", *extra, "-I", prefix / INCLUDE,
                                  share / "round_trip.cpp", library, "-pthread", f"-Wl,-rpath,{library.parent}",
                                  "-o", program])
                if code == 0:
                    code, output = run([program, f"/shmfifo-verify-{secrets.token_hex(8)}"])
                passed = code == 0 and "1000 messages came back" in output
                good = good and passed
                print(f"rerun: round trip with {library.name}{' under sanitizers' if extra else ''}: "
                      + ("passed" if passed else f"FAILED\n{output}"))
    stress = prefix / "bin/shmfifo_stress"
    if stress.is_file():
        code, output = run([stress, "--queue", "core_ring_wait", "--producers", 2, "--consumers", 2, "--faults",
                          "mixed", "--messages", 50000, "--time-limit", 60])
        good = good and code == 0
        print("rerun: 50,000 messages under kills and pauses: " + ("passed" if code == 0 else f"FAILED\n{output}"))
    return good


def main():
    parser = argparse.ArgumentParser(prog="shmfifo-verify", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", type=Path, default=Path(__file__).resolve().parent.parent,
                        help="where shmfifo is installed (default: where this program is)")
    parser.add_argument("--evidence", type=Path, help="default: PREFIX/share/shmfifo/evidence.json")
    parser.add_argument("--points", action="store_true", help="list what is not verified and what is assumed")
    parser.add_argument("--rerun", choices=["quick"], help="run a part of the checks against what is installed")
    options = parser.parse_args()
    share = options.prefix / SHARE
    path = options.evidence or share / "evidence.json"
    try:
        evidence = json.loads(path.read_text())
        summary(evidence)
    except (OSError, ValueError, KeyError) as problem:
        print(f"NOT VALIDATED: no evidence that can be read: {problem}")
        return 2
    if options.points:
        for title in ("not_verified", "assumptions"):
            print(title.replace("_", " ") + ":")
            for line in evidence[title]:
                print("  - " + line)
    problems = list(differences(evidence, options.prefix / INCLUDE))
    problems += [f"{one['id']} failed" for one in evidence["requirements"] if one["verdict"] == "failed"]
    if options.rerun and not rerun_quick(options.prefix, share):
        problems.append("the rerun failed")
    for line in problems:
        print("NOT VALIDATED: " + line)
    if not problems:
        print("validated: the headers are those that the evidence is about")
    return 1 if problems else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that closes the pipe early is not an error
    sys.exit(main())
