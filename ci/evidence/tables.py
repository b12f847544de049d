# SPDX-License-Identifier: MIT
"""Parts of the page that are marks, tables and bars: what is killed, how fast it is, what changed."""
import math
import re
import statistics
from html import escape

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


def prose(text):
    """Text of a document: what stands in backticks is code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))


def number(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def rounded(value, digits):
    return number(float(f"{value:.{digits}g}")).removesuffix(".00")


def counts(of):
    return ", ".join(f"{number(value)} {key.replace('_', ' ')}" for key, value in of.items())


def bullets(lines, wrap=escape):
    return "<ul>" + "".join(f"<li>{wrap(line)}</li>" for line in lines) + "</ul>" if lines else ""


def table(heads, rows, kind=""):
    """Cells are HTML; one that is a number stands to the right."""
    def cell(value):
        return f'<td class="number">{number(value)}</td>' if isinstance(value, (int, float)) else f"<td>{value}</td>"
    return (f'<div class="scroll"><table class="{kind}"><thead><tr>'
            + "".join(f"<th><span>{escape(head)}</span></th>" for head in heads)
            + "</tr></thead><tbody>" + "".join("<tr>" + "".join(map(cell, row)) + "</tr>" for row in rows)
            + "</tbody></table></div>")


def fold(title, text):
    return f"<details><summary>{title}</summary>{text}</details>" if text else ""


def bars(rows, unit, decades_from=0):
    """(label, value, is a baseline) as bars on one scale: from 0, or of decades above a least value."""
    def length(value):
        return math.log10(max(value / decades_from, 1)) if decades_from else value
    top = max((length(value) for _, value, _ in rows), default=1) or 1
    return '<div class="bars">' + "".join(
        f'<span>{escape(label)}</span><span><i class="{"base" if base else "own"}" '
        f'style="width:{100 * length(value) / top:.2f}%"></i></span>'
        f'<span>{rounded(value, 3)} {unit}</span>'
        for label, value, base in rows) + "</div>"


def throughput_rows(found):
    """(label, million messages a second, is a baseline): medians over the executions."""
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
    gates = [(escape(g["what"]), rounded(g["value"], 3), ("≥ " if g["sense"] == "at_least" else "≤ ")
              + rounded(g["threshold"], 3), mark("passed" if g["passed"] else "failed")) for g in found["gates"]]
    latency = [(f"{name.replace('_', ' ')}, {part}", statistics.median(one[part] for one in rows),
                name.startswith("ping"))
               for name, rows in found["latency_ns"].items() if rows for part in ("p50", "p99")]
    return (f"<p>{found['messages']:,} messages in each row, executions: {found['executions']}, medians. Grey bars are "
            "baselines without a queue's duties, or the design before this one.</p>"
            "<h3>Throughput, million messages a second</h3>" + bars(throughput_rows(found), "M/s")
            + "<h3>Latency, nanoseconds: the median, and what one in a hundred exceeds</h3>"
            "<p class=soft>A logarithmic scale that begins at 10 ns.</p>" + bars(latency, "ns", 10)
            + "<h3>Gates</h3>" + table(["what", "measured", "gate", ""], gates))


def orders(evidence):
    if not evidence["kill_matrix"]:
        return "<p>Not recorded for these sources: <code>ci/run.sh orders</code>.</p>"
    killed = sum(1 for one in evidence["kill_matrix"] if one["killed"])
    rows = [(code(one["site"]), escape(one["change"]), '<span class="mark passed">✓ killed</span>' if one["killed"]
             else '<span class="mark failed">✗ survives</span>', code(one["killed_by"]), escape(one.get("by_what", "")))
            for one in evidence["kill_matrix"]]
    return (f"<p>{killed} of {len(rows)} weakened memory orders were noticed by a model test.</p>"
            + table(["access", "weakened", "", "by test", "because"], rows))


def deaths(evidence):
    rows = evidence["crash_matrix"]
    if not rows:
        return "<p>Not recorded for these sources: <code>ci/run.sh crash-full</code>.</p>"
    queues = sorted({one["queue"] for one in rows})
    cells = {(one["operation"], one["queue"]): one for one in rows}

    def cell(operation, queue):
        one = cells.get((operation, queue))
        if not one:
            return ""
        kind, sign = ("failed", "✗") if one["violations"] else ("passed", "✓")
        what = one["kills"] or one["pictures"]
        return f'<span class="mark {kind}" title="{escape(counts(one_counts(one)))}">{sign} {what:,}</span>'
    operations = sorted({one["operation"] for one in rows})
    body = [[code(operation)] + [cell(operation, queue) for queue in queues] for operation in operations]
    real = any(one["kills"] for one in rows)
    return (f"<p>Each operation, stopped at each of {sum(one['instructions'] for one in rows):,} instructions. A cell "
            + ("counts the processes that were killed there." if real else
               "counts the pictures of the segment that a successor had to go on from; no process was killed.")
            + "</p>" + table(["operation", *queues], body, "kills"))


def one_counts(one):
    return {key: one[key] for key in ("instructions", "states", "pictures", "kills", "pauses", "violations")}


def defects(evidence):
    """Seeded defect by guarantee: whose check has to find it."""
    ids = [one["id"] for one in evidence["requirements"]]
    found = {}
    for one in evidence["requirements"]:
        for told in one["can_fail"]["seeded_defects"]:
            found.setdefault(told, set()).add(one["id"])
    dot = '<span class="mark passed" role="img" aria-label="yes">●</span>'
    rows = [[code(told.split(": ")[0]) + escape(told.partition(": ")[1] + told.partition(": ")[2])]
            + [dot if g in cited else "" for g in ids] for told, cited in sorted(found.items())]
    return (f"<p>{len(rows)} defects are seeded; a dot stands under each guarantee whose check has to find it.</p>"
            + fold("The matrix", table(["defect", *ids], rows, "kills")))


def totals(evidence):
    """How much was done, by method and what was counted."""
    sums = {}
    for one in evidence["outcomes"]:
        for key, value in one["counts"].items():
            sums[f"{one['method']}: {key.replace('_', ' ')}"] = sums.get(f"{one['method']}: {key.replace('_', ' ')}", 0) + value
    return sums


def trend(evidence, previous):
    if not previous:
        return "<p>No earlier run is stored.</p>"
    before = {one["id"]: one["verdict"] for one in previous["requirements"]}
    changed = [(one["id"], mark(before[one["id"]]) if one["id"] in before else "new", mark(one["verdict"]))
               for one in evidence["requirements"] if before.get(one["id"]) != one["verdict"]]
    same = "the same sources" if previous["subject"]["sha256"] == evidence["subject"]["sha256"] else "other sources"
    old = {label: value for label, value, _ in throughput_rows(previous["throughput"])}
    speed = [bar for label, value, base in throughput_rows(evidence["throughput"]) if label in old and not base
             for bar in ((label + ", then", old[label], True), (f"{label}, now", value, False))]
    then, now = totals(previous), totals(evidence)
    done = [(escape(key), then.get(key, 0), now.get(key, 0)) for key in sorted({*then, *now})
            if then.get(key) != now.get(key)]
    return (f"<p>Against the run of {previous['made']}, of {same}.</p>"
            + (table(["guarantee", "then", "now"], changed) if changed else "<p>No verdict changed.</p>")
            + ("<h3>Million messages a second</h3>" + bars(speed, "M/s") if speed else "")
            + (fold("How much was done", table(["what", "then", "now"], done)) if done else ""))
