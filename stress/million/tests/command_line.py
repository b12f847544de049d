#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: exit status, JSON keys, chart and error texts of million_messages are what others rely on.
Method: small runs; speed is not judged here, only that verdict, JSON and exit status agree."""
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = sys.argv[1]
failures = []


def run(*arguments, before=()):
    return subprocess.run([*before, PROGRAM, *arguments], capture_output=True, text=True, timeout=100)


def expect(condition, sentence):
    if not condition:
        failures.append(sentence)


def usage():
    expect(run("--help").returncode == 0, "--help must exit 0")
    for bad in (["--nonsense"], ["--messages", "0"], ["--messages", "many"], ["--executions", "0"],
                ["--chart", "table.gif"]):
        got = run(*bad)
        expect(got.returncode == 2, f"{bad} must exit 2, not {got.returncode}")
        expect(got.stderr != "", f"{bad} must say what is wrong")


def pinning():
    """Where there is one processor, only those who insist on two fail."""
    processor = min(os.sched_getaffinity(0))
    got = run("--pin", "yes", before=["taskset", "--cpu-list", str(processor)])
    expect((got.returncode, got.stdout) == (1, "") and
           "--pin yes needs two processors, and this process may use only one" in got.stderr,
           f"--pin yes on one processor: {got.returncode} {got.stderr}")


def progress_only(text):
    return all(re.fullmatch(r"million_messages: \[ *\d+%\] .+", line) for line in text.splitlines())


def progress():
    """A run that takes long says what it does, also where there is no terminal."""
    with subprocess.Popen([PROGRAM, "--executions", "100"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as long_run:
        told = ""
        while not told or "optimisation" in told:
            ready, _, _ = select.select([long_run.stderr], [], [], 60)
            told = long_run.stderr.readline() if ready else "nothing for a minute"
        long_run.send_signal(signal.SIGTERM)
        expect(progress_only(told.rstrip()), f"a long run must show its progress: '{told}'")
        long_run.stderr.read()


def errors():
    got = run("--messages", "1000000000")
    expect(got.returncode == 1 and "/dev/shm is too small" in got.stderr and "MiB" in got.stderr,
           f"a small /dev/shm must be named with what is needed: {got.stderr}")
    got = run("--json", "/nonexistent/folder/x.json")
    expect(got.returncode == 1 and "cannot write" in got.stderr, f"bad --json: {got.stderr}")


def report(folder):
    file, chart = folder / "out.json", folder / "it's a chart.svg"
    got = run("--messages", "10000", "--executions", "2", "--json", str(file), "--chart", str(chart))
    expect(got.returncode in (0, 1) and progress_only(got.stderr) or "optimisation" in got.stderr,
           f"a run must end with a verdict: {got.returncode} {got.stderr}")
    verdict = got.stdout[got.stdout.rindex("\n\n"):].splitlines()
    ends = [line.split()[0] for line in verdict if line]
    expect(ends == sorted(ends, key=["PASS", "machine:", "FAIL", "FAIL:", "PASS:"].index),
           f"what failed must come last, behind the state of the machine: {verdict}")
    expect(re.search(r"machine: \d+ processors; load average .*steal.* ping-pong [1-9]", got.stdout),
           f"the verdict must say what the machine did: {verdict}")
    out = json.loads(file.read_text())
    expect(out["passed"] == (got.returncode == 0), "`passed` and the exit status disagree")
    expect(out["passed"] == all(g["passed"] for g in out["gates"]), "`passed` and gates disagree")
    for row in out["rows"] + out["baselines"]:
        for key in ("kind", "role", "mode", "execution", "ms", "chunk_ms", "messages_per_second"):
            expect(key in row, f"a row lacks {key}")
    roles = {(r["mode"], r["kind"], r["role"]) for r in out["rows"]}
    for mode in ("log_phases", "log_live", "ring_live"):
        for kind in ("text", "structured"):
            for role in ("create", "attach", "writer", "reader"):
                expect((mode, kind, role) in roles, f"no row {mode} {kind} {role}")
    for mode in ("ring_batch", "ring_claim", "ring_two_producers", "ring_two_consumers"):
        expect((mode, "text", "reader") in roles, f"no row {mode}")
    systems = {b["system"] for b in out["baselines"]}
    expect(systems == {"bare_ring", "flag_lines", "original_design", "copy_loop"}, f"baselines: {systems}")
    expect(len(out["ping_pong_ns"]) == 2, "one ping-pong an execution")
    expect(sorted(out["publish_sleepers_ns"]) == ["1", "16", "200", "64"], f"sleepers: {out['publish_sleepers_ns']}")
    for figure in [*out["publish_sleepers_ns"].values(), out["full_ring_publish_ns"], out["idle_cpu_percent_200"]]:
        expect(figure > 0, f"a probe measured {figure}")
    machine = out["machine"]
    expect(machine["processors"] >= 1 and machine["ping_pong_ns"] > 0, f"the machine: {machine}")
    for key in ("load_average_before", "load_average_after", "steal_percent", "others_percent"):
        expect(machine[key] >= 0, f"the machine's {key}: {machine}")
    for gate in out["gates"]:
        at_least = gate["sense"] == "at_least"
        judged = gate["value"] >= gate["threshold"] if at_least else gate["value"] <= gate["threshold"]
        expect(gate["passed"] == judged, f"gate {gate['name']} is judged wrongly")
        expect((gate["row"] != "") == (gate["name"] == "slowest_row"), f"the row of {gate}")
    expect("<svg" in chart.read_text(), "the chart is no SVG")
    strict = run("--messages", "10000", "--executions", "1", "--strict", "--json", str(file))
    out = json.loads(file.read_text())
    expect(all(g["threshold"] == g["target"] for g in out["gates"]), "--strict must use the targets")
    expect(out["passed"] == (strict.returncode == 0), "strict: `passed` and exit status disagree")


def main():
    usage()
    errors()
    pinning()
    progress()
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder))
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
