#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What evidence is about: the core's sources, file by file, and the checks that looked at them.

A recorded outcome counts only for the sources that it was recorded with. `record` runs a command and puts FILE.stamp
beside each file that it made: the hashes, the command, its exit code. If the sources change meanwhile there is no
stamp, and ci/evidence/gather.py will not count the file.

usage: ci/evidence/sources.py                       print the hash of the core's sources
       ci/evidence/sources.py record ... COMMAND    run a command, and stamp what it made (record -h: the options)
"""
import argparse
import datetime
import hashlib
import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CORE = ("core/include", "core/src", "core/c/include", "core/c/src")
CHECKS = ("harness", "property_tests", "stress", "sanitizers", "core/tests", "core/c/tests")
WAYS = {
    "file": "the command makes FILE", "stdout": "FILE is what the command prints",
    "keep": "the command goes on with a FILE that is there; without a stamp for these sources it gets none"}
ENDINGS = (".cpp", ".hpp", ".c", ".h", ".py", ".sh", ".cmake", ".txt", ".json", ".csv")


def hash_file(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def files_below(root, folders):
    return {path.relative_to(root).as_posix(): hash_file(path)
            for folder in folders for path in sorted((Path(root) / folder).rglob("*"))
            if path.is_file() and path.name.endswith(ENDINGS) and "__pycache__" not in path.parts}


def digest(manifest):
    """One hash for a manifest: that of its lines as `sha256sum` prints them, sorted by name."""
    lines = "".join(f"{value}  {name}\n" for name, value in sorted(manifest.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def manifest(root=ROOT):
    return files_below(root, CORE)


def hashes(root=ROOT):
    return {"core": digest(manifest(root)), "checks": digest(files_below(root, CHECKS))}


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_of(path):
    return path.with_name(path.name + ".stamp")


def run(command, output):
    """Runs it; its output is shown, and kept in `output` if that is a path."""
    with subprocess.Popen(command, stdout=subprocess.PIPE if output else None, text=True) as child:
        # An interrupt reaches the command by itself; it decides how to end.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        if output:
            with open(output, "w", encoding="utf-8") as kept:
                for line in child.stdout:
                    kept.write(line)
                    print(line, end="", flush=True)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def write_case(path, labels, code, seconds):
    """A JUnit of one case, and beside it the labels, in the form of `ctest --show-only=json-v1`."""
    suite = xml.Element("testsuite", name=path.stem, tests="1", failures=str(int(code != 0)))
    case = xml.SubElement(suite, "testcase", classname="ci", name=path.stem, time=f"{seconds:.0f}",
                          status="fail" if code else "run")
    if code:
        xml.SubElement(case, "failure", message=f"exit {code}")
    xml.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
    listed = {"name": path.stem, "properties": [{"name": "LABELS", "value": labels}]}
    path.with_suffix(".json").write_text(json.dumps({"tests": [listed]}))


def record(file, command, how="", root=ROOT, case="", labels=()):
    before, begun, start = hashes(root), now(), time.monotonic()
    junit = Path(root) / f"build/recorded/junit/{case}.xml" if case else None
    files = [Path(one) for one in (file, junit) if one]
    trusted = True
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        if how == "keep" and path != junit and path.is_file():
            old = json.loads(stamp_of(path).read_text()) if stamp_of(path).is_file() else {}
            trusted = {key: old.get(key) for key in before} == before
            begun = old.get("begun", begun)
        else:
            path.unlink(missing_ok=True)
        stamp_of(path).unlink(missing_ok=True)
    code = run(command, files[0] if how == "stdout" else None)
    if junit:
        write_case(junit, list(labels), code, time.monotonic() - start)
    if trusted and hashes(root) == before:
        words = [word.replace(str(root) + "/", "") for word in command]
        told = {**before, "command": words, "exit": code, "begun": begun, "ended": now()}
        for path in files:
            if path.is_file():
                stamp_of(path).write_text(json.dumps(told) + "\n")
    return code


def main():
    words = sys.argv[1:]
    if not words:
        print(hashes()["core"])
        return 0
    if words[0] != "record" or len(words) < 2:
        print(__doc__)
        return 0 if words in (["-h"], ["--help"]) else 2
    parser = argparse.ArgumentParser(prog="ci/evidence/sources.py record")
    for way, text in WAYS.items():
        parser.add_argument(f"--{way}", metavar="FILE", help=text)
    parser.add_argument("--case", default="", metavar="NAME", help="also write build/recorded/junit/NAME.xml, a JUnit of one case")
    parser.add_argument("--labels", default="", help="what CTest would give the case")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="with its arguments")
    options = parser.parse_args(words[1:])
    way = next((way for way in WAYS if getattr(options, way)), "")
    return record(getattr(options, way) if way else "", options.command, way, case=options.case,
                  labels=options.labels.split())


if __name__ == "__main__":
    sys.exit(main())
