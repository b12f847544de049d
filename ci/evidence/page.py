#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes one page of the evidence, which needs no network and no script.

usage: ci/evidence/page.py EVIDENCE.json PAGE.html    HISTORY of earlier runs: EVIDENCE's folder/history/*.json
"""
import json
import re
import statistics
import sys
from html import escape
from pathlib import Path

MARKS = {"passed": ("passed", "✓ passed"), "passed in part": ("part", "◐ in part"), "failed": ("failed", "✗ failed"),
         "not checked": ("none", "– not checked"), "not checked in this run": ("none", "– not run")}


def mark(verdict):
    kind, text = MARKS[verdict]
    return f'<span class="mark {kind}">{text}</span>'


def prose(text):
    """Text of a document: what stands in backticks is code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))


def number(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def counts(of):
    return ", ".join(f"{number(value)} {key.replace('_', ' ')}" for key, value in of.items())


def bullets(lines, code=False):
    wrap = (lambda line: f"<code>{escape(line)}</code>") if code else escape
    return "<ul>" + "".join(f"<li>{wrap(line)}</li>" for line in lines) + "</ul>" if lines else ""


def table(heads, rows):
    return ('<div class="scroll"><table><thead><tr>' + "".join(f"<th>{escape(head)}</th>" for head in heads)
            + "</tr></thead><tbody>" + "".join(
                "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
            + "</tbody></table></div>")


def matrix(evidence):
    methods = [name for name in evidence["methods"]
               if any(name in one["methods"] for one in evidence["requirements"])]
    rows = []
    for one in evidence["requirements"]:
        cells = "".join(f"<td>{mark(one['methods'][name]['verdict'])}</td>" if name in one["methods"]
                        else "<td></td>" for name in methods)
        rows.append(f'<tr><th scope="row"><a href="#{one["id"]}">{one["id"]}</a></th>'
                    f'<td>{mark(one["verdict"])}</td>{cells}</tr>')
    heads = "".join(f'<th title="{escape(evidence["methods"][name])}">{name}</th>' for name in methods)
    return (f'<div class="scroll"><table class="matrix"><thead><tr><th></th><th>verdict</th>{heads}</tr></thead>'
            f'<tbody>{"".join(rows)}</tbody></table></div><p class="soft">An empty cell: the method has nothing to '
            "say about this guarantee. Not run: it has, and was not recorded for these sources.</p>"
            + bullets([f"{name}: {evidence['methods'][name]}" for name in methods]))


def outcome(one):
    good = mark("passed" if one["passed"] else "failed")
    return (f"<li>{good} {escape(one['bounds'])}: {counts(one['counts'])} <span class=soft>({escape(one['file'])}, "
            f"{one['recorded']})</span><details><summary>{len(one['details'])} details</summary>"
            f"{bullets(one['details'], code=True)}</details></li>")


def requirement(evidence, one):
    parts = [f'<details id="{one["id"]}"><summary><b>{one["id"]}</b>{mark(one["verdict"])} {prose(one["text"])}'
             f'</summary><p class="soft">sha256 of the text: <code>{one["sha256"]}</code></p>']
    for name, found in one["methods"].items():
        parts.append(f"<h3>{name} {mark(found['verdict'])}</h3>")
        if found["outcomes"]:
            again = ", ".join(f"<code>{escape(word)}</code>" for word in found["commands"])
            parts.append(f"<p>{counts(found['counts'])}. Again: {again}</p><ul>"
                         + "".join(outcome(evidence["outcomes"][i]) for i in found["outcomes"]) + "</ul>")
        if found["missing"]:
            parts.append(f"<details><summary>{len(found['missing'])} that cite {one['id']} and were not recorded"
                         f"</summary>{bullets(found['missing'], code=True)}</details>")
    proofs = one["can_fail"]
    parts.append("<h3>Why the checks can fail</h3>")
    if proofs["recorded"]:
        parts.append("<ul>" + "".join(outcome(evidence["outcomes"][i]) for i in proofs["recorded"]) + "</ul>")
    if proofs["seeded_defects"]:
        parts.append(f"<details><summary>{len(proofs['seeded_defects'])} seeded defects that tests must find"
                     f"</summary>{bullets(proofs['seeded_defects'])}</details>")
    if not proofs["recorded"] and not proofs["seeded_defects"]:
        parts.append("<p>No seeded defect is listed for this guarantee.</p>")
    return "".join(parts) + "</details>"


def bars(rows, unit):
    """(label, value, is a baseline) as bars on one scale that begins at 0."""
    top = max((value for _, value, _ in rows), default=1) or 1
    return '<div class="bars">' + "".join(
        f'<span>{escape(label)}</span><span><i class="{"base" if base else "own"}" '
        f'style="width:{100 * value / top:.2f}%"></i></span><span>{value:,.3g} {unit}</span>'
        for label, value, base in rows) + "</div>"


def throughput_rows(found):
    groups = {}
    for row in found.get("rows", []) + found.get("baselines", []):
        if row["messages_per_second"]:
            key = (row["kind"], row["mode"], row["role"], row.get("system", ""))
            groups.setdefault(key, []).append(row["messages_per_second"] / 1e6)
    return [(" ".join(part for part in key if part).replace("_", " "), statistics.median(values), bool(key[3]))
            for key, values in sorted(groups.items())]


def throughput(evidence):
    found = evidence["throughput"]
    if not found:
        return "<p>Not recorded for these sources: <code>ci/run.sh million</code>.</p>"
    gates = [(escape(g["what"]), f"{g['value']:,.4g}", ("≥ " if g["sense"] == "at_least" else "≤ ")
              + f"{g['threshold']:,.4g}", mark("passed" if g["passed"] else "failed")) for g in found["gates"]]
    latency = [(name.replace("_", " "), statistics.median(one["p50"] for one in rows),
                name.startswith("ping")) for name, rows in found["latency_ns"].items() if rows]
    worst = [(escape(name.replace("_", " ")), f"{statistics.median(one['p50'] for one in rows):,.0f}",
              f"{statistics.median(one['p99'] for one in rows):,.0f}")
             for name, rows in found["latency_ns"].items() if rows]
    return (f"<p>{found['messages']:,} messages, medians of {found['executions']} executions, million messages a "
            "second. Grey bars are baselines without a queue's duties, or the design before this one.</p>"
            + bars(throughput_rows(found), "M/s") + "<h3>Latency, p50 in nanoseconds</h3>" + bars(latency, "ns")
            + "<h3>Latency, p50 and p99 in nanoseconds</h3>" + table(["probe", "p50", "p99"], worst)
            + "<h3>Gates</h3>" + table(["what", "measured", "gate", ""], gates))


def kill_matrix(evidence):
    if not evidence["kill_matrix"]:
        return "<p>Not recorded for these sources: <code>ci/run.sh orders</code>.</p>"
    killed = sum(1 for one in evidence["kill_matrix"] if one["killed"])
    rows = [(f"<code>{escape(one['site'])}</code>", escape(one["change"]),
             '<span class="mark passed">✓ killed</span>' if one["killed"] else
             '<span class="mark failed">✗ survives</span>',
             f"<code>{escape(one['killed_by'])}</code>", escape(one.get("by_what", "")))
            for one in evidence["kill_matrix"]]
    return (f"<p>{killed} of {len(rows)} weakened memory orders were noticed by a model test.</p>"
            + table(["access", "weakened", "", "by test", "because"], rows))


def trend(evidence, previous):
    if not previous:
        return "<p>No earlier run is stored.</p>"
    before = {one["id"]: one["verdict"] for one in previous["requirements"]}
    changed = [(one["id"], mark(before[one["id"]]) if one["id"] in before else "new", mark(one["verdict"]))
               for one in evidence["requirements"] if before.get(one["id"]) != one["verdict"]]
    same = "the same sources" if previous["subject"]["sha256"] == evidence["subject"]["sha256"] else "other sources"
    old = {label: value for label, value, _ in throughput_rows(previous["throughput"])}
    speed = [(escape(label), f"{old[label]:,.3g}", f"{value:,.3g}", f"{100 * (value / old[label] - 1):+.1f} %")
             for label, value, base in throughput_rows(evidence["throughput"]) if label in old and not base]
    return (f"<p>Against the run of {previous['made']}, of {same}.</p>"
            + (table(["", "then", "now"], changed) if changed else "<p>No verdict changed.</p>")
            + (table(["million messages a second", "then", "now", ""], speed) if speed else ""))


def make(evidence, previous=None):
    verdicts = [one["verdict"] for one in evidence["requirements"]]
    told = ", ".join(f"{verdicts.count(name)} {name}" for name in
                     ("passed", "passed in part", "failed", "not checked") if name in verdicts)
    style = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    sections = [
        ("matrix", "Guarantees and methods", matrix(evidence)),
        ("guarantees", "Each guarantee", "".join(requirement(evidence, one) for one in evidence["requirements"])),
        ("not-verified", "What is not verified", bullets(evidence["not_verified"])),
        ("not-checked", "Not checked in this run", table(["file", "why", "command"], [
            [f"<code>{escape(one[key])}</code>" if key != "why" else escape(one[key]) for key in
             ("file", "why", "command")] for one in evidence["not_checked_in_this_run"]])
         if evidence["not_checked_in_this_run"] else "<p>Everything was recorded.</p>"),
        ("throughput", "Throughput and latency", throughput(evidence)),
        ("orders", "Kill matrix of memory orders", kill_matrix(evidence)),
        ("trend", "Trend", trend(evidence, previous)),
        ("assumptions", "Assumptions", bullets(evidence["assumptions"])),
        ("sources", "Sources and toolchains", table(["build", "compiler", "flags"], [
            [escape(one["build"]), escape(one["version"]), f"<code>{escape(one['flags'])}</code>"]
            for one in evidence["toolchains"]]) + "<details><summary>"
         f"{len(evidence['subject']['files'])} files</summary>" + bullets(
             [f"{value}  {name}" for name, value in evidence["subject"]["files"].items()], code=True) + "</details>"),
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
