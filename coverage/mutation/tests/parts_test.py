#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a test's outcome is CTest's, tests run side by side as CTest runs them, and nothing of them is left."""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent)]
import changes  # noqa: E402
import ctest  # noqa: E402
import results  # noqa: E402
import runner  # noqa: E402
import tree  # noqa: E402

LONG = 60  # seconds that no test here may take


def listed(name="t", command=("true",), **properties):
    return {"name": name, "command": list(command), "properties": [{"name": n, "value": v} for n, v in properties.items()]}


def made(**more):
    return ctest.test_of(listed(**more))


def shell(text, **more):
    return made(command=("sh", "-c", text), WORKING_DIRECTORY="/", **more)


class parts(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="shmfifo-mutation-")
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)
        self.executor = ctest.Executor(self.folder / "tmp", 4)

    def outcome(self, test, limit=LONG, **variables):
        return self.executor.run(test, limit, variables).outcome

    def test_outcomes_are_those_of_ctest(self):
        self.assertEqual(self.outcome(shell("exit 0")), "passed")
        self.assertEqual(self.outcome(shell("exit 1")), "failed")
        self.assertEqual(self.outcome(shell("kill -9 $$")), "failed")
        self.assertEqual(self.outcome(shell("exit 1", WILL_FAIL=True)), "passed")
        self.assertEqual(self.outcome(shell("exit 0", WILL_FAIL=True)), "failed")
        self.assertEqual(self.outcome(shell("echo a b >&2; exit 1", PASS_REGULAR_EXPRESSION=["x", "a.b"])), "passed")
        self.assertEqual(self.outcome(shell("echo a", PASS_REGULAR_EXPRESSION=["b"])), "failed")
        self.assertEqual(self.outcome(shell("echo a", FAIL_REGULAR_EXPRESSION=["a"])), "failed")
        self.assertEqual(self.outcome(shell("echo b", FAIL_REGULAR_EXPRESSION=["a"])), "passed")
        self.assertEqual(self.outcome(shell("echo a; exit 1", SKIP_REGULAR_EXPRESSION=["a"])), "skipped")
        self.assertEqual(self.outcome(shell("exit 77", SKIP_RETURN_CODE=77)), "skipped")
        self.assertEqual(self.outcome(shell("exit 77")), "failed")
        self.assertEqual(self.outcome(made(command=("/no/such/program",))), "failed")

    def test_all_output_is_read_and_its_beginning_kept(self):
        count = ctest.OUTPUT_MAX // 8
        self.assertEqual(self.outcome(shell(f"yes 1234567 | head -n {count - 1}; echo end",
                                            PASS_REGULAR_EXPRESSION=["\nend"])), "passed")
        self.assertEqual(self.outcome(shell(f"yes 1234567 | head -n {count}; echo end",
                                            PASS_REGULAR_EXPRESSION=["end"])), "failed")

    def test_environment_and_folder_are_those_of_the_test(self):
        os.environ[ctest.MUTANT], os.environ[ctest.REACH] = "1", "/none"
        self.addCleanup(lambda: [os.environ.pop(name) for name in (ctest.MUTANT, ctest.REACH)])
        text = f'test "$A" = b -a "$C" = d=e -a "$PWD" = / -a -z "${ctest.MUTANT}" -a -z "${ctest.REACH}"'
        self.assertEqual(self.outcome(shell(text, ENVIRONMENT=["A=b", "C=d=e"])), "passed")
        self.assertEqual(self.outcome(shell(f'test "${ctest.MUTANT}" = 5'), **{ctest.MUTANT: "5"}), "passed")

    def test_a_test_that_is_stuck_ends_with_all_its_processes(self):
        names = self.folder / "pids"
        text = (f"sleep 100 & echo $! >> {names}; setsid sleep 100 & echo $! >> {names}; (setsid sleep 100 & echo $!) >> {names};"
                f"echo $$ >> {names}; wait")
        begin = time.monotonic()
        self.assertEqual(self.outcome(shell(text), limit=0.5), "stuck")
        self.assertLess(time.monotonic() - begin, LONG)
        self.assertEqual([pid for pid in names.read_text().split() if self.runs(pid)], [])
        self.assertEqual(len(names.read_text().split()), 4)

    @staticmethod
    def runs(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
        except OSError:
            return False

    def test_what_a_test_that_passes_leaves_is_removed(self):
        names = self.folder / "names"
        text = (f"setsid sleep 100 > /dev/null & echo $! > {names}; mktemp >> {names}; echo /dev/shm/shmfifo-parts-$$ >> {names};"
                f"echo a > /dev/shm/shmfifo-parts-$$")
        self.assertEqual(self.outcome(shell(text)), "passed")
        pid, temporary, shared = names.read_text().split()
        self.addCleanup(Path(shared).unlink, missing_ok=True)
        self.assertFalse(self.runs(pid))
        self.assertFalse(Path(temporary).exists())
        if ctest.may_mount():
            self.assertFalse(Path(shared).exists())
        self.assertEqual(list((self.folder / "tmp").iterdir()), [])

    def test_what_is_done_to_proc_is_undone(self):
        if not ctest.may_mount():
            return
        before = os.stat("/proc").st_mode
        self.assertEqual(self.outcome(shell("mountpoint -q /proc && chmod 511 /proc && stat -c %a /proc | grep 511")), "passed")
        self.assertEqual(os.stat("/proc").st_mode, before)

    def test_a_process_that_holds_the_output_does_not_delay_the_end(self):
        begin = time.monotonic()
        self.assertEqual(self.outcome(shell("sleep 100 &")), "passed")
        self.assertLess(time.monotonic() - begin, LONG)

    def test_time_of_the_processor_is_counted_with_that_of_children(self):
        test = shell(f"{sys.executable} -SEc 'import time\nwhile time.process_time() < 0.3: pass'")
        self.assertGreaterEqual(self.executor.run(test, LONG, {}).processor_seconds, 0.3)

    def side_by_side(self, slots, *tests):
        """Which of the tests get a slot one after the other while none gives its own back."""
        got = []
        for test in tests:
            thread = threading.Thread(target=lambda one=test: (slots.acquire(one), got.append(one.name)), daemon=True)
            thread.start()
            thread.join(0.05)
        return list(got)

    def test_tests_wait_for_their_processors_and_locks(self):
        one, two, wide = made(name="a"), made(name="b", PROCESSORS=2), made(name="c", PROCESSORS=9)
        serial, lock = made(name="d", RUN_SERIAL=True), made(name="e", RESOURCE_LOCK=["x"])
        for tests, expected in (((one, one, one, one), "aaa"), ((one, two, one), "ab"), ((two, two), "b"), ((wide, one), "c"),
                                ((one, wide), "a"), ((serial, one), "d"), ((one, serial, one), "a"), ((lock, lock), "e"),
                                ((lock, one), "ea")):
            slots = ctest.Slots(3)
            self.assertEqual("".join(self.side_by_side(slots, *tests)), expected)
            slots.release(tests[0])
        slots = ctest.Slots(1)
        slots.acquire(lock)
        slots.release(lock)
        slots.acquire(lock)  # would wait for ever if processors or lock were kept

    def test_tests_that_measure_or_take_long_are_not_used(self):
        tests = [made(name=label, LABELS=["unit", label]) for label in ("fast", "slow", "soak", "throughput")]
        self.assertEqual([test.name for test in runner.selected(tests)], ["fast"])

    def test_limits_are_ten_times_the_duration_and_at_least_two_seconds(self):
        self.assertEqual([runner.limit_of(seconds) for seconds in (0, 0.1, 0.2, 0.3, 5)], [2, 2, 2, 3, 50])

    def test_numbers_are_written_as_ranges(self):
        for numbers, text in (([], ""), ([4], "4"), ([1, 2, 3, 7, 9, 10], "1-3 7 9-10"), ([3, 1, 2], "1-3")):
            self.assertEqual(results.ranges(numbers), text)
            self.assertEqual(list(results.numbers(text)), sorted(numbers))

    def test_the_first_scope_that_fits_is_the_files(self):
        scopes = {"a": {"files": ["x/*.cpp", "y/z.cpp"]}, "b": {"files": ["*"]}}
        self.assertEqual([results.scope_of(name, scopes) for name in ("x/a.cpp", "y/z.cpp", "y/a.cpp")], ["a", "a", "b"])
        self.assertEqual(results.scope_of("x/a.hpp", {"a": scopes["a"]}), "")
        self.assertEqual(tree.in_scope(["x/a.cpp", "x/a.txt", "x/tests/a.cpp", "x/a_test.py", "x/b.py", "x/switch.py"], scopes),
                         ["x/a.cpp", "x/b.py"])

    def test_changed_lines_are_those_of_the_diff(self):
        def git(*words):
            subprocess.run(["git", "-C", str(self.folder), *words], check=True, capture_output=True)
        (self.folder / ".gitignore").write_text("tmp\n")
        for name in "abc":
            (self.folder / name).write_text("1\n2\n3\n4\n5\n6\n")
        git("init", "-q")
        git("add", "-A")
        git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a")
        (self.folder / "a").write_text("1\nx\n3\n4\n5\ny\nz\n6\n")
        (self.folder / "b").write_text("1\n2\n5\n6\n")
        (self.folder / "c").unlink()
        (self.folder / "new file").write_text("1\n2\n")
        self.assertEqual(changes.changed_lines(self.folder, "HEAD"), {"a": {2, 6, 7}, "b": {2, 3}, "new file": {1, 2}})

    def test_each_scope_of_this_project_has_files(self):
        scopes = json.loads((HERE.parent / "floors.json").read_text())
        root = HERE.parents[2]
        names = [path.relative_to(root).as_posix() for folder in ("core", "harness", "stress", "ci", "coverage", "property_tests")
                 for path in (root / folder).rglob("*") if path.is_file()]
        found = {results.scope_of(name, scopes) for name in tree.in_scope(names, scopes)}
        self.assertEqual(found, set(scopes))


if __name__ == "__main__":
    unittest.main()
