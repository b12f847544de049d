#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes one page of the evidence, which needs no network and no script.

usage: ci/evidence/page.py EVIDENCE.json PAGE.html    HISTORY of earlier runs: EVIDENCE's folder/history/*.json
"""
import json
import sys
from html import escape
from pathlib import Path

import tables
from tables import bullets, code, counts, fold, mark, prose, table


def canaries(evidence, one):
    """Were the defects that this guarantee's checks must find, found?"""
    seen = [evidence["outcomes"][i]["passed"] for i in one["can_fail"]["recorded"]]
    return ("passed" if all(seen) else "failed") if seen else "not checked in this run"


def matrix(evidence):
    methods = [name for name in evidence["methods"]
               if any(name in one["methods"] for one in evidence["requirements"])]
    rows = []
    for one in evidence["requirements"]:
        cells = [f'<a href="#{one["id"]}-{name}">{mark(one["methods"][name]["verdict"], short=True)}</a>'
                 if name in one["methods"] else "" for name in methods]
        cells.append(f'<a href="#{one["id"]}-canaries">{mark(canaries(evidence, one), short=True)}</a>')
        rows.append([f'<a href="#{one["id"]}">{one["id"]}</a>', mark(one["verdict"]), *cells])
    legend = " ".join(mark(name) for name in tables.MARKS if name != "not checked")
    return (table(["", "verdict", *methods, "canaries"], rows, "matrix") + f'<p>{legend}</p><p class="soft">An empty cell: the '
            "method has nothing to say about this guarantee. Not run: it has, and was not recorded for these "
            "sources. In part: not all of its tests were recorded; which, stands behind the cell.</p>"
            + fold("The methods", bullets([f"{name}: {evidence['methods'][name]}" for name in methods]
                                         + ["canaries: defects put there to be found by these methods"])))


def outcome(one):
    good = mark("passed" if one["passed"] else "failed")
    return (f"<li>{good} {escape(one['bounds'])}: {counts(one['counts'])}<details><summary>{len(one['details'])} details, "
            f"recorded {one['recorded']}</summary><p>{code(one['recorded_by'])}</p><p class=soft>{code(one['file'])} "
            f"sha256 {code(one['sha256'])}</p>{bullets(one['details'], code)}</details></li>")


def outcomes(evidence, places):
    return "<ul>" + "".join(outcome(evidence["outcomes"][i]) for i in places) + "</ul>" if places else ""


def requirement(evidence, one):
    parts = [f'<details id="{one["id"]}"><summary><b>{one["id"]}</b>{mark(one["verdict"])} {prose(one["text"])}'
             f'</summary><p class="soft">sha256 of the text: {code(one["sha256"])}</p>']
    for name, found in one["methods"].items():
        parts.append(f'<h3 id="{one["id"]}-{name}">{name} {mark(found["verdict"])}</h3>')
        if found["outcomes"]:
            again = ", ".join(map(code, found["commands"]))
            parts.append(f"<p>{counts(found['counts'])}. Again: {again}</p>" + outcomes(evidence, found["outcomes"]))
        if found["missing"]:
            parts.append(fold(f"{len(found['missing'])} that cite {one['id']} and were not recorded to their end",
                              bullets(found["missing"], code)))
    proofs = one["can_fail"]
    parts.append(f'<h3 id="{one["id"]}-canaries">Why the checks can fail: canaries '
                 f"{mark(canaries(evidence, one))}</h3>" + outcomes(evidence, proofs["recorded"]))
    parts.append(fold(f"{len(proofs['seeded_defects'])} seeded defects that tests must find",
                      bullets(proofs["seeded_defects"])))
    if not proofs["recorded"] and not proofs["seeded_defects"]:
        parts.append("<p>No seeded defect was recorded for this guarantee.</p>")
    return "".join(parts) + "</details>"


def left_out(evidence):
    rows = [[code(one["file"]), escape(one["why"]), code(one["command"])] for one in evidence["not_checked_in_this_run"]]
    return table(["file", "why", "command"], rows) if rows else "<p>Everything was recorded.</p>"


def about(evidence):
    builds = table(["build", "compiler", "flags"], [[escape(one["build"]), escape(one["version"]), code(one["flags"])]
                                                    for one in evidence["toolchains"]])
    files = [f"{value}  {name}" for name, value in evidence["subject"]["files"].items()]
    return builds + fold(f"{len(files)} files", bullets(files, code))


def make(evidence, previous=None):
    verdicts = [one["verdict"] for one in evidence["requirements"]]
    told = ", ".join(f"{verdicts.count(name)} {name}" for name in
                     ("passed", "passed in part", "failed", "not checked") if name in verdicts)
    style = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    sections = [
        ("matrix", "Guarantees and methods", matrix(evidence)),
        ("guarantees", "Each guarantee", "".join(requirement(evidence, one) for one in evidence["requirements"])),
        ("not-verified", "What is not verified", bullets(evidence["not_verified"])),
        ("not-checked", "Not checked in this run", left_out(evidence)),
        ("throughput", "Throughput and latency", tables.throughput(evidence)),
        ("orders", "Kill matrix: memory orders", tables.orders(evidence)),
        ("deaths", "Kill matrix: deaths", tables.deaths(evidence)),
        ("defects", "Kill matrix: seeded defects", tables.defects(evidence)),
        ("trend", "Trend", tables.trend(evidence, previous)),
        ("assumptions", "Assumptions", bullets(evidence["assumptions"])),
        ("sources", "Sources and toolchains", about(evidence)),
    ]
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title, _ in sections)
    body = "".join(f'<h2 id="{key}">{title}</h2>{text}' for key, title, text in sections)
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
            f"<title>shmfifo {evidence['version']}: evidence</title><style>{style}</style></head><body>"
            f"<h1>shmfifo {evidence['version']}: evidence</h1><p>{told}. <span class=soft>Made {evidence['made']} on "
            f"{escape(evidence['machine'])}, about sources <code>{evidence['subject']['sha256']}</code></span></p>"
            f"<nav>{links}</nav>{body}</body></html>\n")


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    source = Path(sys.argv[1])
    evidence = json.loads(source.read_text())
    stored = [json.loads(path.read_text()) for path in sorted(source.parent.glob("history/*.json"))]
    earlier = [one for one in stored if one["made"] < evidence["made"]]
    Path(sys.argv[2]).write_text(make(evidence, max(earlier, key=lambda one: one["made"], default=None)),
                                 encoding="utf-8")
    print(f"page: {sys.argv[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
