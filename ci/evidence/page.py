#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes one page of the evidence, which needs no network and no script.

usage: ci/evidence/page.py EVIDENCE.json PAGE.html    compared with previous.json beside it, if that is there
"""
import json
import re
import statistics
import sys
from html import escape
from pathlib import Path

MARKS = {"passed": ("passed", "✓", "passed"), "passed in part": ("part", "◐", "in part"),
         "failed": ("failed", "✗", "failed"), "not checked": ("none", "–", "not checked"),
         "not checked in this run": ("none", "–", "not run")}


def mark(verdict, short=False):
    kind, sign, text = MARKS[verdict]
    if short:
        return f'<span class="mark {kind}" title="{text}" role="img" aria-label="{text}">{sign}</span>'
    return f'<span class="mark {kind}">{sign} <span class="word">{text}</span></span>'


def code(text):
    return f"<code>{escape(text)}</code>"


def number(value):
    return f"{value:,}" if isinstance(value, int) else f"{float(f'{value:.3g}'):,.2f}".removesuffix(".00")


def bullets(lines, wrap=escape):
    return "<ul>" + "".join(f"<li>{wrap(line)}</li>" for line in lines) + "</ul>" if lines else ""


def fold(title, text):
    return f"<details><summary>{title}</summary>{text}</details>" if text else ""


def table(heads, rows, kind=""):
    """Cells are HTML; one that is a number stands to the right."""
    def cell(value):
        return f'<td class="number">{number(value)}</td>' if isinstance(value, (int, float)) else f"<td>{value}</td>"
    return (f'<div class="scroll"><table class="{kind}"><thead><tr>'
            + "".join(f"<th><span>{escape(head)}</span></th>" for head in heads) + "</tr></thead><tbody>"
            + "".join("<tr>" + "".join(map(cell, row)) + "</tr>" for row in rows) + "</tbody></table></div>")


def canaries(evidence, one):
    """Were the bugs that this guarantee's checks must find, found?"""
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
    legend = " ".join(mark(name) for name in MARKS if name != "not checked")
    return (table(["", "verdict", *methods, "canaries"], rows, "matrix") + f'<p>{legend}</p><p class="soft">Empty: no '
            "recorded build has such a test of this guarantee. Not run: it has, and none was recorded for these sources. "
            "In part: some tests were not recorded; the cell leads to their names.</p>"
            + fold("The methods", bullets([f"{name}: {evidence['methods'][name]}" for name in methods]
                                          + ["canaries: bugs planted to be found by these methods"])))


def outcomes(evidence, places):
    def one(found):
        counts = ", ".join(f"{number(value)} {key.replace('_', ' ')}" for key, value in found["counts"].items())
        return (f"<li>{mark('passed' if found['passed'] else 'failed')} {escape(found['bounds'])}: {counts}<details>"
                f"<summary>{len(found['details'])} tests, recorded {found['recorded']}</summary>"
                f"<p>{code(found['recorded_by'])}</p><p class=soft>{code(found['file'])} sha256 {code(found['sha256'])}"
                f"</p>{bullets(found['details'], code)}</details></li>")
    return "<ul>" + "".join(one(evidence["outcomes"][i]) for i in places) + "</ul>" if places else ""


def requirement(evidence, one):
    text = re.sub("`([^`]*)`", r"<code>\1</code>", escape(one["text"]))
    parts = [f'<details id="{one["id"]}"><summary><b>{one["id"]}</b>{mark(one["verdict"])} {text}</summary>']
    for name, found in one["methods"].items():
        parts.append(f'<h3 id="{one["id"]}-{name}">{name} {mark(found["verdict"])}</h3>')
        if found["outcomes"]:
            again = ", ".join(map(code, found["commands"]))
            parts.append(f"<p>Again: {again}</p>" + outcomes(evidence, found["outcomes"]))
        parts.append(fold(f"{len(found['missing'])} tests of {one['id']} were not recorded",
                          bullets(found["missing"], code)))
    recorded = outcomes(evidence, one["can_fail"]["recorded"]) or "<p>None was recorded for this guarantee.</p>"
    parts.append(f'<h3 id="{one["id"]}-canaries">Canaries: planted bugs that the checks must find '
                 f"{mark(canaries(evidence, one))}</h3>" + recorded)
    return "".join(parts) + "</details>"


def throughput(evidence):
    found = evidence["throughput"]
    if not found:
        return "<p>Not recorded for these sources: <code>ci/run.sh million</code>.</p>"
    groups = {}
    for row in found["rows"] + found["baselines"]:
        if row["messages_per_second"]:
            key = " ".join(part for part in (row["kind"], row["mode"], row["role"], row.get("system", "")) if part)
            groups.setdefault(key.replace("_", " "), []).append(row["messages_per_second"] / 1e6)
    latency = [(f"{name.replace('_', ' ')}, {part}", statistics.median(one[part] for one in rows))
               for name, rows in found["latency_ns"].items() if rows for part in ("p50", "p99")]
    gates = [(escape(g["what"]), g["value"], ("≥ " if g["sense"] == "at_least" else "≤ ") + number(g["threshold"]),
              mark("passed" if g["passed"] else "failed")) for g in found["gates"]]
    return (f"<p>{number(found['messages'])} messages in each row; medians of {found['executions']} executions.</p>"
            + table(["gate", "measured", "limit", ""], gates)
            + fold("Million messages a second", table(["", "M/s"], [(escape(key), statistics.median(values))
                                                                    for key, values in sorted(groups.items())]))
            + fold("Latency, nanoseconds", table(["", "ns"], [(escape(key), value) for key, value in latency])))


def orders(evidence):
    rows = [(code(one["site"]), escape(one["change"]), mark("passed" if one["killed"] else "failed", short=True),
             code(one["killed_by"]), escape(one.get("by_what", ""))) for one in evidence["kill_matrix"]]
    if not rows:
        return "<p>Not recorded for these sources: <code>ci/run.sh orders</code>.</p>"
    killed = sum(one["killed"] for one in evidence["kill_matrix"])
    return (f"<p>A model test failed for {killed} of {len(rows)} weakened memory orders.</p>"
            + table(["access", "weakened", "", "by test", "because"], rows, "kills"))


def mutation(evidence):
    """A row for each scope: what became of its mutants."""
    scopes = evidence["mutation"]
    if not scopes:
        return "<p>Not recorded for these sources: <code>ci/run.sh mutation</code>.</p>"
    heads = ["mutants", *sorted({outcome for counts in scopes.values() for outcome in counts} - {"mutants"})]
    rows = [[escape(scope), *(counts.get(head, 0) for head in heads)] for scope, counts in scopes.items()]
    return ("<p>Each line of a scope broken in every way that the engine knows; killed: a test failed twice with the mutant "
            "and passed without. <code>coverage/mutation/README.md</code> defines the rest.</p>"
            + table(["scope", *heads], rows))


def trend(evidence, previous):
    if not previous:
        return "<p>There is no earlier evidence.</p>"
    before = {one["id"]: one["verdict"] for one in previous["requirements"]}
    changed = [(one["id"], mark(before[one["id"]]) if one["id"] in before else "new", mark(one["verdict"]))
               for one in evidence["requirements"] if before.get(one["id"]) != one["verdict"]]
    same = "the same sources" if previous["subject"]["sha256"] == evidence["subject"]["sha256"] else "other sources"
    return (f"<p>Compared with {previous['made']}, of {same}.</p>"
            + (table(["guarantee", "then", "now"], changed) if changed else "<p>No verdict changed.</p>"))


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
    total = ", ".join(f"{verdicts.count(name)} {name}" for name in
                      ("passed", "passed in part", "failed", "not checked") if name in verdicts)
    style = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    general = [i for i in evidence["general"] if not evidence["outcomes"][i]["passed"]]
    sections = [
        ("matrix", "Guarantees and methods", matrix(evidence)),
        ("guarantees", "Each guarantee", "".join(requirement(evidence, one) for one in evidence["requirements"])
         + fold("Failures of tests of no guarantee", outcomes(evidence, general))),
        ("not-verified", "What is not verified", bullets(evidence["not_verified"])),
        ("not-checked", "Not checked in this run", left_out(evidence)),
        ("throughput", "Throughput and latency", throughput(evidence)),
        ("orders", "Weakened memory orders", orders(evidence)),
        ("mutation", "Mutants of the sources", mutation(evidence)),
        ("trend", "Changes", trend(evidence, previous)),
        ("assumptions", "Assumptions", bullets(evidence["assumptions"])),
        ("sources", "Sources and toolchains", about(evidence)),
    ]
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title, _ in sections)
    body = "".join(f'<h2 id="{key}">{title}</h2>{text}' for key, title, text in sections)
    title = f"shmfifo {evidence['version']}: evidence"
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
            f"<title>{title}</title><style>{style}</style></head><body><h1>{title}</h1><p>{total}. <span class=soft>Made "
            f"{evidence['made']} on {escape(evidence['machine'])}, about sources {code(evidence['subject']['sha256'])}"
            f"</span></p><nav>{links}</nav>{body}</body></html>\n")


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    source = Path(sys.argv[1])
    before = source.with_name("previous.json")
    previous = json.loads(before.read_text()) if before.is_file() else None
    Path(sys.argv[2]).write_text(make(json.loads(source.read_text()), previous), encoding="utf-8")
    print(f"page: {sys.argv[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
