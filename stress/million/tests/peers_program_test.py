#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: million_messages --peers compares what is installed, names what is not, and exits as it says.
Method: the program with few messages, and with rows that are made up, in which every figure is another one."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

KINDS = ["word_8", "block_64", "text", "block_1024"]
PACKAGES = {"boost_lockfree": "libboost-dev", "ck_ring_spsc": "libck-dev", "dpdk_ring": "libdpdk-dev",
            "libqb_ring": "libqb-dev", "boost_message_queue": "libboost-dev", "zeromq_ipc": "cppzmq-dev",
            "nng_ipc": "libnng-dev"}
FIGURES = ["messages_per_second", "median_chunk_per_second", "core_messages_per_second", "core_median_chunk_per_second",
           "ratio", "ratio_min", "ratio_max"]


def run(program, *words, **environment):
    return subprocess.run([os.environ[program], *words], capture_output=True, text=True, timeout=100, check=False,
                          env={**os.environ, **environment})


class peers_program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.json = pathlib.Path(folder.name) / "out.json"

    def test_G14_each_installed_queue_has_a_row_of_each_kind(self):
        got = run("MILLION_MESSAGES", "--peers", "--messages", "10000", "--executions", "2", "--json", str(self.json))
        self.assertEqual(got.returncode, 0, got.stderr)
        found = json.loads(self.json.read_text())
        self.assertEqual((found["messages"], found["executions"]), (10000, 2))
        missing = {one["name"]: one["package"] for one in found["not_built"]}
        rows = [(one["name"], one["kind"]) for one in found["peers"]]
        self.assertEqual(sorted(rows), sorted((n, k) for n in PACKAGES if n not in missing for k in KINDS))
        for name, package in missing.items():
            self.assertEqual(package, PACKAGES[name])
        for row in found["peers"]:
            self.assertTrue(row["version"] and row["messages"] >= 1000, row)
            self.assertTrue(all(row[figure] > 0 for figure in FIGURES), row)
            self.assertTrue(row["ratio_min"] <= row["ratio"] <= row["ratio_max"], row)

    def test_G14_each_figure_has_its_place_and_a_missing_package_its_name(self):
        got = run("MADE_UP", "--peers", "--executions", "3", "--json", str(self.json))
        self.assertEqual(got.returncode, 0, got.stderr)
        row = {"name": "a_peer", "version": "1.2", "kind": "text", "messages": 10000, "messages_per_second": 2e6,
               "median_chunk_per_second": 3e6, "core_messages_per_second": 4e6, "core_median_chunk_per_second": 5e6,
               "ratio": 2, "ratio_min": 4 / 3, "ratio_max": 4}
        missing = [{"name": name, "package": package} for name, package in PACKAGES.items()]
        self.assertEqual(json.loads(self.json.read_text()),
                         {"messages": 1000000, "executions": 3, "peers": [row], "not_built": missing})
        lines = [line.split() for line in got.stdout.splitlines()]
        self.assertIn("a_peer 1.2 text 10000 | 2.000 3.000 | 4.000 5.000 | 2.00 1.33 4.00".split(), lines)
        for name, package in PACKAGES.items():
            self.assertIn(f"{name} not built: install {package}".split(), lines)

    def test_G14_a_wrong_queue_or_report_is_a_failure_and_gates_are_refused(self):
        got = run("MADE_UP", "--peers", SHMFIFO_MADE_UP="failed")
        self.assertEqual((got.returncode, got.stdout), (1, ""))
        self.assertIn("the peer is at fault", got.stderr)
        self.assertEqual(run("MADE_UP", "--peers", "--json", "/nonexistent/x.json").returncode, 1)
        self.assertEqual(run("MADE_UP", "--peers", "--json", "/dev/full").returncode, 1)
        for other in (["--strict"], ["--self-test"], ["--chart", "x.svg"]):
            self.assertEqual(run("MADE_UP", "--peers", *other).returncode, 2, other)


if __name__ == "__main__":
    unittest.main()
