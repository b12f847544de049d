#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reports what the tests of a gcc-coverage build have run, and fails below the floors.

Reads the counters with gcovr once and writes, for each part of floors.json, an HTML tree, Cobertura XML,
JSON and text; then checks the figures against the floors, and lists the lines that are excluded.
"""
import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import floors

HERE = Path(__file__).resolve().parent


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=HERE.parent, help="the source tree")
    parser.add_argument("--build", type=Path, help="the build with the counters (ROOT/build/gcc-coverage)")
    parser.add_argument("--out", type=Path, help="where the reports go (BUILD/report)")
    parser.add_argument("--floors", type=Path, help="the floors (ROOT/coverage/floors.json)")
    parser.add_argument("--part", action="append", help="only this part (may be repeated)")
    parser.add_argument("--raise-floors", action="store_true", help="write what was reached as new floors")
    options = parser.parse_args()
    options.root = options.root.resolve()
    options.build = (options.build or options.root / "build/gcc-coverage").resolve()
    options.out = (options.out or options.build / "report").resolve()
    options.floors = options.floors or options.root / "coverage/floors.json"
    return options


def gcovr(options, *more):
    # Without the branches that the compiler adds for exceptions. A process that dies between two counters leaves arcs
    # that seem to have run -1 times, as gcov takes the difference: no error.
    command = ["gcovr", "--root", str(options.root), "--exclude-throw-branches", "--exclude-unreachable-branches", "--gcov-ignore-parse-errors",
               "--decisions", *map(str, more)]
    done = subprocess.run(command, cwd=options.root, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"gcovr failed:\n{done.stdout}{done.stderr}")


def filters(options, folders):
    return [word for folder in folders
            for word in ("--filter", re.escape(str(options.root)) + "/" + re.escape(folder))]


def decisions(files):
    """(seen, all) of the outcomes of the decisions that gcovr can distinguish in the source text."""
    seen = total = 0
    for file in files:
        for line in file["lines"]:
            decision = line.get("gcovr/decision") or {}
            for key in ("count", "count_true", "count_false"):
                if key in decision:
                    total += 1
                    seen += decision[key] > 0
    return seen, total


def functions(files):
    """(run, all) of the functions of the sources: that of a template has run if one of its instantiations has."""
    found = {}
    for file in files:
        for one in file.get("functions", ()):
            place = file["file"], one["lineno"]
            found[place] = found.get(place, False) or one["execution_count"] > 0
    return sum(found.values()), len(found)


def marks_of(options, folders):
    for folder in folders:
        for path in sorted((options.root / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp"):
                yield from floors.exclusions(str(path.relative_to(options.root)), path.read_text())


def report(options, part, folders, objects):
    """Writes the part's reports from the counters of a folder of the build; returns its summary and its exclusions."""
    out = options.out / part
    out.mkdir(parents=True, exist_ok=True)
    counters = out / "counters.json"
    gcovr(options, "--object-directory", options.build, *filters(options, folders), "--json", counters, options.build / objects)
    gcovr(options, "--add-tracefile", counters, *filters(options, folders), "--html-details", out / "index.html",
          "--html-title", f"shmfifo {part}", "--xml", out / "cobertura.xml", "--txt", out / "coverage.txt",
          "--json", out / "coverage.json", "--json-summary", out / "summary.json")
    marks = list(marks_of(options, folders))
    (out / "exclusions.txt").write_text("".join(f"{n}:{i}: {reason}\n" for n, i, _, reason in marks))
    summary = json.loads((out / "summary.json").read_text())
    files = json.loads((out / "coverage.json").read_text())["files"]
    if not files or not summary["line_covered"]:
        sys.exit(f"{part}: no line was counted; were the tests run in {options.build}?")
    summary["function_covered"], summary["function_total"] = functions(files)
    summary["decision_covered"], summary["decision_total"] = decisions(files)
    return summary, marks


def print_part(part, summary, marks, out):
    for figure in (*floors.FIGURES, "decision"):
        seen, total = summary[f"{figure}_covered"], summary[f"{figure}_total"]
        share = f"{100 * seen / total:6.2f} %" if total else "  none"
        print(f"{part:10} {figure:9} {seen:6} of {total:6}  {share}")
    print(f"{part:10} excluded  {len(marks):6} lines" + ("" if not marks else ":"))
    for name, number, _, reason in marks:
        print(f"{'':10}   {name}:{number}: {reason}")
    print(f"{'':10} {out / part / 'index.html'}")


def main():
    options = parse_arguments()
    parts = json.loads(options.floors.read_text())
    chosen = options.part or list(parts)
    options.out.mkdir(parents=True, exist_ok=True)
    failures = []
    for part in chosen:
        summary, marks = report(options, part, parts[part]["folders"], parts[part].get("objects", "."))
        # Nothing to reach: all of it is reached.
        seen = {f: 100 * summary[f"{f}_covered"] / summary[f"{f}_total"] if summary[f"{f}_total"] else 100
                for f in floors.FIGURES}
        print_part(part, summary, marks, options.out)
        failures += floors.bad_marks(marks)
        failures += floors.below(part, parts[part], seen, len(marks))
        if options.raise_floors:
            parts[part] = floors.raised(parts[part], seen, len(marks))
    if options.raise_floors:
        options.floors.write_text(json.dumps(parts, indent=2) + "\n")
    for text in failures:
        print(f"coverage: {text}")
    print(f"coverage: {len(chosen)} parts, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
