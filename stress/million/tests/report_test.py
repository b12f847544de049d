#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: each figure stands in its own place in the text, the JSON and the chart of million_messages, and what it
refuses is named.

Method: the program with results that are made up, in which every figure is another one; the text and what gnuplot is
given compared with report.txt, the JSON with what follows from the figures.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

KEPT = pathlib.Path(__file__).with_name("report.txt")
GNUPLOT = '#!/bin/sh\ncat >"$GNUPLOT_INPUT"\nexit "${GNUPLOT_ENDS:-0}"\n'
HELP = """
--messages INT:INT in [10000 - 1000000000]=1000000 messages in each row
--executions UINT:UINT in [1 - 100]=5 executions of every row
--pin TEXT:{yes,no,auto}=auto pin the two processes to a processor each: yes fails where there are not two, no leaves it
to the scheduler
--strict Excludes: --peers --curves judge by the targets, not by the wide default gates, and streams also as a whole
--json FILE write rows, baselines, gates and the verdict to FILE
--chart FILE Excludes: --peers --curves draw the table, FILE.svg or FILE.png (needs gnuplot)
--self-test Excludes: --peers --curves slow one part of the core after the other on purpose; exit 0 if the gate of each part then
fails, 1 if one does not
--peers Excludes: --strict --chart --self-test --curves compare installed queues of others with the core's ring; exit 0
unless one loses or changes a message
--curves Excludes: --strict --chart --self-test --peers measure how the core's costs grow with slots, participants and
content, and name the steps above linear; a report, not a gate: exit 0 if it could be measured
Exit status: 0 all gates passed, 1 not (or nothing could be measured), 2 usage.
"""


def run(made_up, *words, before=(), **environment):
    return subprocess.run([*before, os.environ["MADE_UP"], *words], capture_output=True, text=True, timeout=20, check=False,
                          env={**os.environ, "SHMFIFO_MADE_UP": made_up, **environment})


def flat(text):
    return " ".join(text.split())


PROBES = ("ping_pong", "round_trip_8", "round_trip_133", "wake_up", "ping_pong_at_rings", "plain_publish",
          "full_ring_publish", "publish_sleepers_1", "publish_sleepers_16", "publish_sleepers_64", "publish_sleepers_200")


class Figures:
    """Those of made_up_program.cpp, in the order of its results."""

    def __init__(self, executions):
        self.executions, self.count = executions, 0
        self.rows, self.baselines, self.latencies = [], [], {}
        kinds = ("text", "structured", "block_1024", "word_8", "block_64")
        rings = [(mode, kind) for kind in kinds for mode in ("ring_live", "ring_live_many")]
        rings += [("ring_batch", "text"), ("ring_batch", "word_8"), ("ring_claim", "text"), ("ring_claim", "block_1024"),
                  ("ring_two_producers", "text"), ("ring_two_consumers", "text")]
        for role in ("create", "attach", "writer", "reader"):
            for kind in kinds[:2]:
                for mode in ("log_phases", "log_live"):
                    self.add(self.rows, kind, role, mode)
            for mode, kind in rings:
                self.add(self.rows, kind, role, mode)
        for role in ("writer", "reader"):
            for kind in kinds:
                self.add(self.baselines, kind, role, "ring_live", "bare_ring")
                if kind != "structured":
                    self.add(self.baselines, kind, role, "ring_live", "flag_lines")
            for mode in ("log_phases", "log_live"):
                self.add(self.baselines, "text", role, mode, "original_design")
        for kind in kinds[:2]:
            self.add(self.baselines, kind, "writer", "log_phases", "copy_loop")
        for probe in PROBES:
            self.latencies[probe] = []
            for execution in range(1, executions + 1):
                self.count += 1
                self.latencies[probe].append({"execution": execution, "p50": 10 * self.count, "p99": 10 * self.count + 5})

    def add(self, rows, kind, role, mode, system=None):
        for execution in range(1, self.executions + 1):
            self.count += 1
            ms = 50 + self.count
            stream = role in ("writer", "reader")
            row = {"kind": kind, "role": role, "mode": mode, "execution": execution, "ms": ms,
                   "chunk_ms": ms / 2 + 1 if stream else None, "messages_per_second": 1e6 / ms * 1000 if stream else None}
            rows.append({**row, "system": system} if system else row)


class report(unittest.TestCase):
    maxDiff = None

    def drawn(self, name, **environment):
        """The finished process, and what gnuplot was given."""
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "gnuplot")
            script.write_text(GNUPLOT, encoding="utf-8")
            script.chmod(0o755)
            told = pathlib.Path(folder, "input")
            got = run("all different", "--chart", name, PATH=f"{folder}:{os.environ['PATH']}", GNUPLOT_INPUT=str(told),
                      **environment)
            return got, told.read_text(encoding="utf-8")

    def test_G14_text_and_chart_are_as_they_were_reviewed(self):
        got, script = self.drawn("it's a chart.svg")
        self.assertEqual((got.returncode, got.stderr), (1, ""))
        text = run("all different", "--executions", "12", "--strict").stdout
        self.assertEqual(f"{got.stdout}\n{text}\n{script}", KEPT.read_text(encoding="utf-8"))

    def test_G14_a_chart_is_of_the_kind_that_its_name_says(self):
        _, svg = self.drawn("one.svg")
        got, png = self.drawn("one.png")
        self.assertEqual(got.returncode, 1)
        self.assertEqual(png, svg.replace("set terminal svg ", "set terminal pngcairo ").replace("one.svg", "one.png"))
        got = run("good", "--chart", "one.gif")
        self.assertEqual((got.returncode, got.stdout), (2, ""))
        self.assertIn("the name must end in .svg or .png: one.gif", got.stderr)

    def test_G14_a_chart_that_cannot_be_drawn_is_named_with_the_cause(self):
        for ends, sentence in (("1", "gnuplot could not draw one.svg"), ("126", "gnuplot could not draw one.svg"),
                               ("127", "cannot draw the chart: gnuplot is not installed (ci/install_packages.sh)")):
            got, _ = self.drawn("one.svg", GNUPLOT_ENDS=ends)
            self.assertEqual((got.returncode, got.stderr), (1, f"million_messages: {sentence}\n"))
        got = run("good", "--chart", "one.svg", PATH="/nowhere")
        self.assertEqual(got.returncode, 1)
        self.assertTrue(got.stderr.endswith(f"million_messages: {sentence}\n"), "the shell has its say, too: " + got.stderr)

    def test_G14_the_json_has_each_figure_under_its_key(self):
        expected = Figures(3)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "out.json")
            got = run("all different", "--executions", "3", "--json", str(file))
            text = file.read_text(encoding="utf-8")
            got_again = run("all different", "--executions", "3", "--json", str(file))
            self.assertEqual(file.read_text(encoding="utf-8"), text, "it is written anew")
        self.assertEqual((got.stdout, got.stderr), (got_again.stdout, ""))
        self.assertTrue(text.startswith('{\n  "baselines": [\n    {\n') and text.endswith("}\n"), text[:60])
        out = json.loads(text)
        self.assertEqual(out.pop("rows"), expected.rows)
        self.assertEqual(out.pop("baselines"), expected.baselines)
        self.assertEqual(out.pop("latency_ns"), expected.latencies)
        p50s = {probe: [one["p50"] for one in expected.latencies[probe]] for probe in PROBES}
        gates = out.pop("gates")
        self.assertEqual(out, {
            "messages": 1000000, "executions": 3, "strict": False, "passed": all(gate["passed"] for gate in gates),
            "ping_pong_ns": p50s["ping_pong"], "idle_cpu_percent": 0.5, "idle_cpu_percent_200": 0.25, "seed_short_reads": 17,
            "full_ring_publish_ns": p50s["full_ring_publish"][1],
            "publish_sleepers_ns": {count: p50s["publish_sleepers_" + count][1] for count in ("1", "16", "64", "200")},
            "machine": {"processors": 2, "load_average_before": 0.25, "load_average_after": 1.5, "steal_percent": 3.25,
                        "others_percent": 40.5, "ping_pong_ns": p50s["ping_pong"][1]}})
        lines = got.stdout.splitlines()
        for gate in gates:
            sign = {"at_least": ">=", "at_most": "<="}[gate["sense"]]
            digits = 0 if gate["value"] >= 1000 else 2
            target = "" if gate["target"] == gate["threshold"] else \
                f"; target {sign} {gate['target']:.{digits}f} {'reached' if gate['target_reached'] else 'missed'}"
            whole = "" if gate["whole"] == gate["value"] else f"; whole {gate['whole']:.{digits}f}"
            self.assertIn(f"{'PASS' if gate['passed'] else 'FAIL'} {gate['name']}: {gate['value']:.{digits}f} (gate {sign} "
                          f"{gate['threshold']:.{digits}f}{target}{whole}) {gate['what']}{': ' if gate['row'] else ''}{gate['row']}",
                          lines)
        self.assertEqual(len(gates), 26)

    def test_G14_json_that_cannot_be_written_is_refused_before_anything_is_measured(self):
        got = run("throws", "--json", "/nowhere/out.json")
        self.assertEqual((got.returncode, got.stdout, got.stderr),
                         (1, "", "million_messages: cannot write /nowhere/out.json: No such file or directory\n"))
        got = run("good", "--json", "/dev/full")
        self.assertEqual((got.returncode, got.stderr),
                         (1, "million_messages: cannot write /dev/full: No space left on device\n"))
        self.assertIn("PASS: 26 of 26 gates passed", got.stdout)

    def test_G14_what_is_measured_is_what_was_asked_for(self):
        for words, asked in (([], "1000000 messages, 5 executions"),
                             (["--messages", "10000", "--executions", "1"], "10000 messages, 1 executions"),
                             (["--messages", "1000000000", "--executions", "100"], "1000000000 messages, 100 executions"),
                             (["--pin", "auto"], "1000000 messages, 5 executions"),
                             (["--pin", "yes"], "1000000 messages, 5 executions, pinned"),
                             (["--pin", "no"], "1000000 messages, 5 executions, not pinned"),
                             (["--self-test"], "50000 messages, 26 executions, a self-test"),
                             (["--self-test", "--messages", "49999"], "49999 messages, 26 executions, a self-test")):
            got = run("options", *words)
            self.assertEqual((got.returncode, got.stderr), (1, f"million_messages: {asked}\n"))
        for words in (["--messages", "9999"], ["--messages", "1000000001"], ["--executions", "0"], ["--executions", "101"],
                      ["--pin", "perhaps"]):
            self.assertEqual(run("options", *words).returncode, 2, words)

    def test_G14_help_says_what_each_option_does(self):
        got = run("good", "--help")
        self.assertEqual(got.returncode, 0)
        for line in flat(HELP.replace("\n--", "\0--").replace("\nExit", "\0Exit")).split("\0"):
            self.assertIn(line.strip(), flat(got.stdout))

    def test_G14_an_interrupted_run_says_that_nothing_is_left(self):
        got = run("interrupted")
        self.assertEqual((got.returncode, got.stderr),
                         (-signal.SIGTERM, "million_messages: interrupted; nothing is left in /dev/shm\n"))

    def test_G14_a_small_dev_shm_is_refused_with_what_is_needed(self):
        def within(size, messages):
            """With a /dev/shm of that many kB."""
            mount = f'mount -t tmpfs -o size={size}k tmpfs /dev/shm && exec "$@"'
            return run("a byte a message", "--messages", messages, before=["unshare", "-m", "sh", "-c", mount, "sh"])

        enough = (16 << 10) + 1024
        self.assertEqual(within(enough, str(1 << 20)).returncode, 0)
        got = within(enough - 4, str(1 << 20))
        self.assertEqual((got.returncode, got.stdout), (1, ""))
        self.assertEqual(got.stderr, "million_messages: /dev/shm is too small: 1048576 messages need 17 MiB, 16 MiB are free. "
                         "Free it, make it larger (Docker: --shm-size), or ask for fewer --messages\n")
        without = 'mount -t tmpfs tmpfs /dev && exec "$@"'
        got = run("good", before=["unshare", "-m", "sh", "-c", without, "sh"])
        self.assertEqual((got.returncode, got.stderr),
                         (1, "million_messages: there is no /dev/shm to measure in\n"))


if __name__ == "__main__":
    unittest.main()
