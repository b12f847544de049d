#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the tests that jobs of ci/run.sh recorded (or in files of JUnit): a line for each, and one for all.

Fails if a file is missing or reports a test that failed or was not run: a job that never started its tests must not
look like one without failures.
"""
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

RECORDED = Path(__file__).resolve().parent.parent / "build/recorded/junit"


def counts(path):
    """(all, failed, not run) of a file of ctest."""
    cases = list(xml.parse(path).getroot().iter("testcase"))
    failed = sum(case.find("failure") is not None for case in cases)
    idle = sum(case.find("skipped") is not None or case.get("status") in ("notrun", "disabled") for case in cases)
    return len(cases), failed, idle


def main():
    total = bad = missing = 0
    for name in sys.argv[1:]:
        path = Path(name) if name.endswith(".xml") else RECORDED / f"{name}.xml"
        if not path.is_file():
            print(f"ci: {name}: no tests were run")
            missing += 1
            continue
        tests, failed, idle = counts(path)
        print(f"ci: {name}: {tests} tests, {failed} failed, {idle} not run")
        total += tests
        bad += failed + idle
    print(f"ci: {total} tests in {len(sys.argv) - 1 - missing} jobs, {bad} failed or not run")
    return 1 if bad or missing or not total else 0


if __name__ == "__main__":
    sys.exit(main())
