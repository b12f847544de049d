#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: what million_messages prints, writes and exits with follows from what was measured.

Method: the program with results that are made up: good ones, ones that miss a target or a gate, those of
a self-test in which everything is noticed or nothing, and runs that fail.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

GATES = [
    "slowest_row", "ring_text_vs_bare_ring", "ring_1024_vs_bare_ring", "many_text_vs_bare_ring",
    "many_1024_vs_bare_ring", "ring_text_vs_original_live", "log_text_vs_copy_loop",
    "log_structured_vs_copy_loop", "round_trip_8_vs_ping_pong", "round_trip_133_vs_ping_pong",
    "ring_8_vs_flag_lines", "ring_64_vs_flag_lines", "ring_text_vs_flag_lines", "ring_1024_vs_flag_lines",
    "many_8_vs_ring", "many_text_vs_ring", "many_1024_vs_ring", "batch_8_vs_publish", "batch_text_vs_publish",
    "claim_text_vs_publish", "two_producers_text_vs_ring", "two_consumers_text_vs_ring",
    "publish_200_sleepers_vs_1", "full_ring_publish_vs_plain", "idle_consumer_cpu_percent", "idle_200_cpu_percent"
]
MACHINE = ("machine: 2 processors; load average 0.25 before, 1.50 after (two are ours); others used 40.5 % of the "
           "processors, the host took 3.2 % (steal); flag ping-pong 64 ns")


def run(made_up, *words):
    return subprocess.run([os.environ["MADE_UP"], *words], capture_output=True, text=True, timeout=20, check=False,
                          env={**os.environ, "SHMFIFO_MADE_UP": made_up})


def run_with_json(made_up, *words):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "out.json")
        got = run(made_up, "--json", str(file), *words)
        return got, json.loads(file.read_text(encoding="utf-8"))


class verdict(unittest.TestCase):
    def ends(self, got, code, last):
        self.assertEqual((got.returncode, got.stdout.splitlines()[-1]), (code, last), got.stderr)

    def test_G14_good_results_pass_also_strictly(self):
        self.ends(run("good"), 0, "PASS: 26 of 26 gates passed")
        self.ends(run("good", "--strict"), 0, "PASS: 26 of 26 gates passed, against the targets (--strict)")

    def test_G14_a_target_missed_fails_a_strict_run_only(self):
        self.ends(run("misses a target"), 0, "PASS: 26 of 26 gates passed")
        got = run("misses a target", "--strict")
        self.ends(got, 1, "FAIL: 24 of 26 gates passed, against the targets (--strict); "
                  "failed: many_1024_vs_bare_ring, many_1024_vs_ring")
        self.assertEqual(got.stdout.splitlines()[-3], "FAIL many_1024_vs_bare_ring: 0.50 (gate >= 0.60) "
                         "many-producer mode, 1,024 bytes, against the bare ring")

    def test_G14_a_gate_missed_fails_the_run(self):
        got = run("misses a gate")
        self.ends(got, 1, "FAIL: 25 of 26 gates passed; failed: idle_consumer_cpu_percent")
        self.assertEqual(got.stdout.splitlines()[-3:-1], [
            MACHINE, "FAIL idle_consumer_cpu_percent: 11.00 (gate <= 5.00; target <= 1.00 missed) "
            "processor time of a consumer that waits, in per cent"
        ])

    def test_G14_every_gate_has_its_line(self):
        lines = run("misses a target").stdout.splitlines()
        lines = lines[lines.index("") + 1:]
        self.assertEqual([line.split(":")[0] for line in lines], [f"PASS {gate}" for gate in GATES] + ["machine", "PASS"])
        for line in [
                "PASS slowest_row: 7812500 (gate >= 1000000) messages a second in the slowest line of the core where a "
                "bare ring reaches a million: ring_live_many block_1024 reader",
                "PASS ring_text_vs_original_live: 16.00 (gate >= 5.00; target >= 10.00 reached) live ring, 133 bytes, "
                "speed against the original, live",
                "PASS many_1024_vs_bare_ring: 0.50 (gate >= 0.25; target >= 0.60 missed) many-producer mode, 1,024 "
                "bytes, against the bare ring",
                "PASS log_text_vs_copy_loop: 1.00 (gate <= 2.00; target <= 1.15 reached) log, 133 bytes, time of "
                "publishing against a copy loop"
        ]:
            self.assertIn(line, lines)

    def test_G14_the_table_has_the_figures_of_each_execution(self):
        lines = run("good").stdout.splitlines()
        self.assertEqual(lines[0], "1000000 messages; milliseconds by execution | median, million messages a second, by the median "
                         "chunk")
        columns = "64.0   128.0    64.0   256.0    64.0  |    64.0"
        rows = [line.split()[:2] for line in lines if line.startswith("  ") and columns in line]
        streams = ["text create", "text attach", "text writer", "text reader"]
        self.assertEqual([" ".join(row) for row in rows[:4]], streams)
        self.assertEqual(len(rows), 2 * 2 * 4 + 16 * 4 + 2 * (5 + 4) + 2)
        self.assertIn(f"  text        writer      {columns}    15.62    15.62", lines)
        self.assertIn(f"  text        create      {columns}", lines)
        self.assertIn("baseline: the original's design, live (likewise)", lines)
        for name in ["ping-pong, at rings", "flag ping-pong", "round trip, 8 B", "round trip, 133 B", "wake-up of a sleeper",
                     "publish", "publish, full ring", "publish, 1 asleep", "publish, 200 asleep"]:
            figures = "     64     128      64     256      64  |      64       96"
            self.assertIn(f"  {name:<20} {figures}".rstrip(), lines)
        self.assertIn("an idle consumer uses 0.50 % of a processor, each of 200 uses 0.25 %; short reads of the "
                      "original's reader: 17", lines)

    def test_G14_json_says_the_same(self):
        for strict in (False, True):
            got, out = run_with_json("misses a target", *["--strict"] * strict)
            self.assertEqual((out["strict"], out["passed"], got.returncode), (strict, not strict, int(strict)))
            self.assertEqual([gate["name"] for gate in out["gates"]], GATES)
            self.assertEqual(
                out["gates"][4], {
                    "name": "many_1024_vs_bare_ring", "value": 0.5, "whole": 0.5, "threshold": 0.6 if strict else 0.25,
                    "passed": not strict, "sense": "at_least", "target": 0.6, "target_reached": False,
                    "what": "many-producer mode, 1,024 bytes, against the bare ring", "row": ""
                })
            self.assertEqual(out["gates"][6]["sense"], "at_most")
            self.assertEqual(out["gates"][0]["row"], "ring_live_many block_1024 reader")
            self.assertTrue(out["gates"][5]["target_reached"])
        self.assertEqual((out["messages"], out["executions"], out["idle_cpu_percent"], out["seed_short_reads"]),
                         (1000000, 5, 0.5, 17))
        self.assertEqual(out["ping_pong_ns"], [64, 128, 64, 256, 64])
        self.assertEqual(set(out["latency_ns"]),
                         {"ping_pong", "round_trip_8", "round_trip_133", "wake_up", "ping_pong_at_rings",
                          "plain_publish", "full_ring_publish", "publish_sleepers_1", "publish_sleepers_16",
                          "publish_sleepers_64", "publish_sleepers_200"})
        for probe in out["latency_ns"].values():
            self.assertEqual(probe[3], {"execution": 4, "p50": 256, "p99": 384})
        self.assertEqual(
            out["machine"], {
                "processors": 2, "load_average_before": 0.25, "load_average_after": 1.5, "steal_percent": 3.25,
                "others_percent": 40.5, "ping_pong_ns": 64
            })
        row = {"kind": "text", "mode": "log_live", "execution": 2, "ms": 128, "chunk_ms": 128}
        self.assertIn({**row, "role": "writer", "messages_per_second": 7812500}, out["rows"])
        self.assertIn({**row, "role": "create", "chunk_ms": None, "messages_per_second": None}, out["rows"])
        self.assertIn({
            **row, "ms": 2048, "chunk_ms": 2048, "role": "reader", "messages_per_second": 488281.25, "system": "original_design"
        }, out["baselines"])
        self.assertEqual({row["system"] for row in out["baselines"]}, {"bare_ring", "flag_lines", "copy_loop", "original_design"})
        self.assertEqual((len(out["rows"]), len(out["baselines"])), ((16 + 64) * 5, (18 + 4 + 2) * 5))

    def test_G14_the_options_decide_what_is_measured(self):
        for words, measured in (([], (1000000, 5)), (["--messages", "20000", "--executions", "3"], (20000, 3))):
            _, out = run_with_json("good", *words)
            self.assertEqual((out["messages"], out["executions"]), measured)

    def test_G14_a_self_test_passes_if_every_gate_noticed(self):
        got = run("slow as planned", "--self-test")
        self.ends(got, 0, "self-test: every gate caught the slow core")
        for gate in GATES:
            self.assertIn(f"\nFAIL {gate}: ", got.stdout)

    def test_G14_a_self_test_names_every_gate_that_noticed_nothing(self):
        for options in ([], ["--strict"], ["--executions", "3"]):
            got = run("misses a target", "--self-test", *options)
            self.ends(got, 1, "self-test: FAILED")
            self.assertEqual(got.stdout.splitlines()[-27:-1],
                             [f"self-test: {gate} did not notice the slow core" for gate in GATES])

    def test_G14_without_a_measurement_there_is_no_verdict(self):
        for made_up, sentence in (("failed", "the machine is at fault"), ("throws", "no memory is left")):
            for words in ([], ["--self-test"]):
                got = run(made_up, *words)
                self.assertEqual((got.returncode, got.stdout, got.stderr), (1, "", f"million_messages: {sentence}\n"))
        got = run("interrupted")
        self.assertEqual((got.returncode, got.stdout), (-signal.SIGTERM, ""))


if __name__ == "__main__":
    unittest.main()
