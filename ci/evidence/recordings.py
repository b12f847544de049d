# SPDX-License-Identifier: MIT
"""Reads what jobs recorded. Each reader answers with outcomes: a method, the guarantees it speaks for,
whether it passed, and exact figures. Nothing here decides that something passed because a file is there:
the command's exit code (in the stamp) and the file's own verdict must both say so."""
import json
import re
import xml.etree.ElementTree
from pathlib import Path

import sources
from citations import FAMILIES

STREAM = "G1 G2 G3 G4 G5 G6 G7 G11".split()
CRASH = next(cited for pattern, method, cited in FAMILIES if method == "crash").split()
INSTRUMENTS = re.compile(r"asan|ubsan|tsan|msan|valgrind|hardened")


def outcome(method, requirements, ok, counts, bounds="", details=()):
    return {"method": method, "requirements": sorted(requirements, key=lambda g: int(g[1:])), "passed": bool(ok),
            "counts": counts, "bounds": bounds, "details": list(details)}


def read_junit(path, citations):
    """One outcome for each method and set of guarantees that the tests of a preset stand for."""
    preset = path.stem
    groups = {}
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        method, cited = citations.of(case.get("name"))
        if INSTRUMENTS.search(preset) and method != "seeded":
            method = "sanitizers"
        # A test that did not run, or was switched off, is no test that passed.
        groups.setdefault((method, tuple(sorted(cited))), []).append((case.get("name"), case.get("status")))
    for (method, cited), tests in sorted(groups.items()):
        bad = [f"{name}: {status}" for name, status in tests if status != "run"]
        yield outcome(method, cited, not bad, {"tests": len(tests), "failed": len(bad)}, f"preset {preset}",
                      bad or [name.split("  # ")[0] for name, _ in tests])


def read_model(path, citations):
    """The table of `core_model --table`; a test that found something has its reason behind the count."""
    for line in path.read_text().split("\n"):
        if not line.startswith("| `"):
            continue
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) != 6:
            raise ValueError(line)
        graphs, deaths, blocked = (int(cell.split(" ")[0]) for cell in cells[2:5])
        name, reason = cells[0].strip("`"), cells[2].partition(" ")[2]
        found = outcome("model", re.findall(r"G\d+", cells[0]), graphs and (not reason or "budget" in reason),
                        {"graphs": graphs, "graphs_with_a_death": deaths, "blocked": blocked}, cells[1],
                        [f"{name} {reason}".strip()])
        # Out of time is no violation and no proof: the test counts among those that were not recorded.
        found["unfinished"] = "budget" in reason
        yield found


def read_orders(path, citations):
    mutants = json.loads(path.read_text())
    alive = [f"{m['site']}: {m['change']} survives" for m in mutants if not m["killed"]]
    yield outcome("orders", ["G12"], mutants and not alive,
                  {"mutants": len(mutants), "killed": len(mutants) - len(alive)},
                  "every memory order of the core, one step weaker", alive)


def read_crash(path, citations):
    found = json.loads(path.read_text())
    rows = found["scenarios"]
    total = {key: sum(row[key] for row in rows) for key in
             ("instructions", "states", "pictures", "kills", "pauses", "depth_two")}
    bad = [f"{row['operation']} {row['queue']}: {v['sentence']}" for row in rows for v in row["violations"]]
    # Without a pause nothing is said of the paused; without a kill, what a death leaves was a copied picture.
    cited = [g for g in CRASH if g != "G11" or total["pauses"]]
    how = [f"built by {found['build']}"] + ["copies of every state, no process was killed"] * (not total["kills"])
    yield outcome("crash", cited, rows and found["passed"] and not bad, {"scenarios": len(rows), **total},
                  ", ".join(how), bad)


def crash_rows(build):
    """What the enumeration did to each operation on each queue, positions added up, for a table."""
    rows = {}
    for one in json.loads((Path(build) / "recorded/crash.json").read_text())["scenarios"]:
        row = rows.setdefault((one["operation"], one["queue"]), dict.fromkeys(
            ("instructions", "states", "pictures", "kills", "pauses", "violations"), 0))
        for key in row:
            row[key] += len(one[key]) if key == "violations" else one[key]
    return [{"operation": operation, "queue": queue, **row} for (operation, queue), row in sorted(rows.items())]


def read_fault(path, citations):
    rows = json.loads(path.read_text())
    cases, wrong = (sum(row[key] for row in rows) for key in ("cases", "wrong"))
    kind = "commands of the tool" if rows and "command" in rows[0] else "operations of the library"
    yield outcome("fault", ["G10"], cases and not wrong, {"cases": cases, "wrong": wrong},
                  f"every failure of every system call under the {kind}",
                  [f"{row.get('operation', row.get('command'))} {row['call']}" for row in rows if row["wrong"]])


def read_stress(path, citations):
    found = json.loads(path.read_text())
    counts = {key: found[key] for key in ("sent", "delivered", "aborted", "lost", "kills", "pauses")}
    # A run without kills says nothing of deaths, one without pauses nothing of the paused.
    cited = [g for g in STREAM if not (g in ("G6", "G7") and not found["kills"])
             and not (g == "G11" and not found["pauses"])]
    yield outcome("stress", cited, found["verdict"] == "ok" and found["sent"], counts,
                  f"{found['queue']}, {found['producers']} producers, {found['consumers']} consumers, "
                  f"faults {found['faults']}", [found["replay"]])


def read_soak(path, citations):
    found = json.loads(path.read_text())
    counts = {key: found[key] for key in ("rounds", "sent", "delivered", "aborted", "lost", "kills", "pauses")}
    yield outcome("stress", STREAM, found["rounds"], counts, f"soak of {found['seconds'] / 3600:.2f} hours, "
                  f"seed {found['seed']}")


def read_million(path, citations):
    found = json.loads(path.read_text())
    bad = [f"{g['name']}: {g['value']:.4g} against {g['threshold']:.4g}" for g in found["gates"] if not g["passed"]]
    yield outcome("throughput", ["G14"], found["gates"] and found["passed"] and not bad,
                  {"messages": found["messages"], "executions": found["executions"], "gates": len(found["gates"])},
                  "strict gates" if found["strict"] else "gates for any machine", bad)


def read_litmus(path, citations):
    found = json.loads(path.read_text())
    yield outcome("model", ["G12"], found["passed"] and not found["failed"],
                  {"litmus_programs": found["passed"], "mismatches": found["failed"],
                   "litmus_executions": found["executions"]}, "the checker itself against a table of RC11 verdicts",
                  [str(one) for one in found["mismatches"]])


def read_fuzz(path, citations):
    line = r"^(fuzz_\w+): (\S+) executions in (\d+) s, cov: (\S+) edges, (\d+) finds"
    for target, runs, seconds, edges, finds in re.findall(line, path.read_text(), re.M):
        _, cited = citations.of(f"property_tests.{target}.")
        yield outcome("fuzz", cited, runs.isdigit() and int(runs) and finds == "0",
                      {"executions": int(runs) if runs.isdigit() else 0, "finds": int(finds)},
                      f"{target}, {seconds} s, {edges} edges")


def read_coverage(path, citations):
    """The summary of gcovr (--json-summary) or of coverage/mcdc.py."""
    found = json.loads(path.read_text())
    if "mcdc" in found:
        words = {"function": "functions", "region": "regions", "branch": "branches", "mcdc": "conditions"}
        counts = {f"{words[figure]}{end}": found[figure][key]
                  for figure in words for end, key in (("", "total"), ("_covered", "covered"))}
        by = "clang, by its own tests"
    else:
        counts = {"lines": found["line_total"], "lines_covered": found["line_covered"],
                  "branches": found["branch_total"], "branches_covered": found["branch_covered"]}
        by = "g++"
    yield outcome("coverage", [f"G{i}" for i in range(1, 15)], counts["branches_covered"], counts, f"the core as counted by {by}")


# What a run records, how it is read, and the command that makes it. {} is the name of the job.
QUICK = "ci/run.sh evidence --run quick"
KINDS = [
    ("recorded/junit/*.xml", read_junit, "ci/run.sh {}"),
    ("recorded/model.md", read_model, "ci/run.sh model"),
    ("recorded/litmus.json", read_litmus, QUICK),
    ("recorded/orders.json", read_orders, "ci/run.sh orders"),
    ("recorded/crash.json", read_crash, QUICK),
    ("recorded/fault.json", read_fault, QUICK),
    ("recorded/fault_tools.json", read_fault, QUICK),
    ("recorded/stress*.json", read_stress, QUICK),
    ("soak/state.json", read_soak, "ci/run.sh soak"),
    ("recorded/million.json", read_million, "ci/run.sh million"),
    ("recorded/fuzz.txt", read_fuzz, "ci/run.sh fuzz"),
    ("gcc-coverage/report/core/summary.json", read_coverage, "ci/run.sh coverage"),
    ("clang19-mcdc/report/summary.json", read_coverage, "ci/run.sh mcdc"),
]


def is_of_one_command(path):
    """A JUnit file of a job that is one command holds its exit code. What it found, it records in a file of its own."""
    try:
        return path.suffix == ".xml" and xml.etree.ElementTree.parse(path).getroot().get("name") == path.stem
    except xml.etree.ElementTree.ParseError:
        return False  # the reader says why


def read_all(build, hashes, citations):
    """(outcomes, files that were not counted and why)."""
    outcomes, left_out = [], []
    for pattern, reader, command in KINDS:
        paths = [path for path in sorted(Path(build).glob(pattern)) if not is_of_one_command(path)]
        if not paths:
            left_out.append({"file": pattern, "why": "not recorded", "command": command.format("PRESET")})
        for path in paths:
            name = path.relative_to(build).as_posix()
            how = command.format("crash-full" if path.stem.endswith("-crash") else path.stem)
            stamp = path.with_name(path.name + ".stamp")
            told = json.loads(stamp.read_text()) if stamp.is_file() else {}
            why = "recorded for other sources" if told else "not stamped: nothing says for which sources it is"
            if told and {key: told[key] for key in hashes} == hashes:
                try:
                    found = list(reader(path, citations))
                    why = "" if found else "says nothing"
                except (KeyError, ValueError, TypeError, IndexError, xml.etree.ElementTree.ParseError) as problem:
                    why = f"not readable: {problem!r}"
            if why:
                left_out.append({"file": name, "why": why, "command": how})
                continue
            # The exit code must be good, too, or be told by a row: of a violation, or of what is unfinished.
            told_bad = [one.pop("unfinished", False) or not one["passed"] for one in found]
            accounted = told["exit"] == 0 or (reader in (read_junit, read_model) and told["exit"] < 128
                                              and any(told_bad))
            for one in found:
                one["passed"] = one["passed"] and accounted
                one.update(file=name, sha256=sources.hash_file(path), command=how, recorded=told["ended"],
                           recorded_by=" ".join(told["command"]))
            outcomes += found
    return outcomes, left_out
