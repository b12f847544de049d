#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: million_messages --curves reports each curve and each step above linear, and exits as it says.
Method: the program with few messages, and with curves that are made up, in which every figure is another one."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

SLOTS = [2 ** n for n in range(10, 21, 2)]
OTHERS = [1, 4, 16, 64, 255]
PARAMETERS = {"stream_slots": SLOTS, "stream_consumers": [1, 2, 4, 16, 64, 200],
              "stream_producers": [1, 2, 4, 8, 16, 32], "stream_content": [8, 64, 2 ** 10, 2 ** 14, 2 ** 18, 2 ** 20],
              "full_ring_publish": [1, 4, 16, 64, 200], "attach_consumer": OTHERS, "recover": OTHERS, "stat": OTHERS,
              "attach": SLOTS}


def run(program, *words, before=(), **environment):
    return subprocess.run([*before, os.environ[program], *words], capture_output=True, text=True, timeout=100,
                          check=False, env={**os.environ, **environment})


class curves_program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.json = pathlib.Path(folder.name) / "out.json"

    def test_G14_each_curve_is_reported_and_no_growth_is_a_failure(self):
        got = run("MILLION_MESSAGES", "--curves", "--messages", "10000", "--executions", "1", "--json", str(self.json))
        self.assertEqual(got.returncode, 0, got.stderr)
        found = json.loads(self.json.read_text())
        self.assertEqual((found["messages"], found["executions"]), (10000, 1))
        points = {name: [point["parameter"] for point in one["points"]] for name, one in found["curves"].items()}
        self.assertEqual(points, PARAMETERS)
        for name, one in found["curves"].items():
            self.assertTrue(all(point["cost"] > 0 for point in one["points"]), one)
            self.assertEqual([step["to"] for step in one["steps"]], PARAMETERS[name][1:])
            self.assertIn(f"\n{name}: {one['unit']}", got.stdout)

    def test_G14_a_made_up_curve_has_each_figure_in_its_place(self):
        got = run("MADE_UP", "--curves", "--executions", "3", "--json", str(self.json))
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        points = [{"parameter": 2, "cost": 20, "cost_min": 10, "cost_max": 30, "share": 10},
                  {"parameter": 8, "cost": 160, "cost_min": 80, "cost_max": 240, "share": 20},
                  {"parameter": 16, "cost": 240, "cost_min": 120, "cost_max": 360, "share": 15}]
        steps = [{"from": 2, "to": 8, "parameter_factor": 4, "cost_factor": 8, "faster_than_linear": True},
                 {"from": 8, "to": 16, "parameter_factor": 2, "cost_factor": 1.5, "faster_than_linear": False}]
        flat = [{"parameter": 1, "cost": 5, "cost_min": 5, "cost_max": 5}]
        self.assertEqual(json.loads(self.json.read_text()), {
            "messages": 1000000, "executions": 3, "curves": {
                "a_curve": {"parameter": "users", "unit": "ns a call", "share_unit": "ns a user", "points": points,
                            "steps": steps},
                "a_point": {"parameter": "slots", "unit": "us a call", "points": flat, "steps": []}}})
        lines = [line.split() for line in got.stdout.splitlines()]
        for line in ("a_curve: ns a call; share: ns a user",
                     "2 20.00 10.00 30.00 10.000",
                     "8 160.00 80.00 240.00 20.000 4.00 8.00 grows faster than linearly",
                     "16 240.00 120.00 360.00 15.000 2.00 1.50",
                     "a_point: us a call", "1 5.00 5.00 5.00",
                     "grows faster than linearly: a_curve, users 2 to 8: cost x 8.00, parameter x 4.00"):
            self.assertIn(line.split(), lines)
        self.assertNotIn("no step", got.stdout)

    def test_G14_curves_without_such_a_step_say_so(self):
        got = run("MADE_UP", "--curves", SHMFIFO_MADE_UP="linear")
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        self.assertEqual(got.stdout.splitlines()[-1], "no step grows faster than linearly")

    def test_G14_nothing_measured_or_written_is_a_failure_and_gates_are_refused(self):
        got = run("MADE_UP", "--curves", SHMFIFO_MADE_UP="failed")
        self.assertEqual((got.returncode, got.stdout), (1, ""))
        self.assertIn("the curve is at fault", got.stderr)
        self.assertEqual(run("MADE_UP", "--curves", "--json", "/dev/full").returncode, 1)
        for other in (["--strict"], ["--self-test"], ["--chart", "x.svg"], ["--peers"]):
            self.assertEqual(run("MADE_UP", "--curves", *other).returncode, 2, other)

    def test_G14_a_dev_shm_too_small_for_a_ring_is_a_failure(self):
        mount = 'mount -t tmpfs -o size=100m tmpfs /dev/shm && exec "$@"'
        got = run("MILLION_MESSAGES", "--curves", "--executions", "1", before=["unshare", "-m", "sh", "-c", mount, "sh"])
        self.assertEqual((got.returncode, got.stdout), (1, ""))
        self.assertIn("No space left on device", got.stderr)

    def test_G14_the_default_run_has_no_curves(self):
        got = run("MADE_UP", "--json", str(self.json))
        self.assertNotIn("curves", json.loads(self.json.read_text()))
        self.assertNotIn("linear", got.stdout)


if __name__ == "__main__":
    unittest.main()
