# SPDX-License-Identifier: MIT
"""Goal: the evidence says no more than what was recorded. Method: small recordings in a folder; one that is spoilt must
turn its guarantee to failed, or be left out by name. The evidence keeps its schema; the page loads nothing and its
links lead somewhere."""
import html.parser
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema

sys.dont_write_bytecode = True
here = Path(__file__).resolve().parent
root = here.parent.parent.parent
sys.path.append(str(here.parent))
import gather  # noqa: E402
import page  # noqa: E402
import sources  # noqa: E402

MODEL = "property_tests.model.marks.G4.G12_of_a_new_message"
# tests of one build and their labels; the last two are not run
LISTED = {
    "core.segment.G9_a_bad_name_is_refused": "unit fast G9",
    "core.roles.a_helper_helps": "unit fast",
    "property_tests.batch.G1_G5_equals_singles": "property fast G1 G5",
    MODEL: "model fast G4 G12",
    "stress.crash.G6.G10_publish": "crash fast G6 G10",
    "stress.crash.G6_catches_a_planted_bug": "canary fast G6",
    "property_tests.model.single.G4_ring_of_2_wraps": "model slow G4",
    "stress.matrix.G1_a_long_run": "stress slow G1",
}
RAN = list(LISTED)[:-2]
MILLION = {"messages": 1000000, "executions": 1, "baselines": [],
           "rows": [{"kind": "text", "mode": "log_live", "role": "reader", "messages_per_second": 5e7}],
           "gates": [{"value": 2e6, "threshold": 1e6, "passed": True, "sense": "at_least", "what": "a < b"}],
           "latency_ns": {"ping_pong": [{"p50": 400.0, "p99": 600.0}]}}
ORDERS = [{"site": "s", "change": "release -> relaxed", "killed": True, "killed_by": "single.batch", "by_what": "a < b"}]
CASES = {"million": "throughput G14", "soak": "stress G1", "fuzz": "fuzz G9", "orders": "orders G12"}
SPOILT = [(RAN[0], "G9"), (RAN[2], "G1"), (RAN[2], "G5"), (MODEL, "G4"), (MODEL, "G12"), (RAN[4], "G6"), (RAN[5], "G6")]


class links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.hrefs, self.loads = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.ids.add(known.get("id"))
        self.hrefs += [known["href"]] if "href" in known else []
        self.loads += [tag] if tag in ("script", "link", "img", "iframe", "object") or "src" in known else []


class evidence(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = Path(folder.name)
        self.junit("gcc-release", LISTED, RAN)
        for name, labels in CASES.items():
            self.junit(name, {name: labels}, [name])
        self.write("recorded/million.json", json.dumps(MILLION))
        self.write("recorded/orders.json", json.dumps(ORDERS))
        self.write("gcc-coverage/report/core/summary.json", json.dumps({"branch_total": 4, "branch_covered": 3}))

    def write(self, name, text, stamp=None, code=0):
        path = self.build / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        told = {**(stamp or sources.hashes(root)), "command": ["x"], "exit": code, "ended": sources.now()}
        sources.stamp_of(path).write_text(json.dumps(told))
        return path

    def junit(self, name, listed, ran, bad="", status="fail", **stamp):
        cases = "".join(f'<testcase name="{one}" status="{status if one == bad else "run"}"/>' for one in ran)
        path = self.write(f"recorded/junit/{name}.xml", f"<testsuite>{cases}</testsuite>", **stamp)
        tests = [{"name": one, "properties": [{"name": "LABELS", "value": labels.split()}]}
                 for one, labels in listed.items()]
        path.with_suffix(".json").write_text(json.dumps({"tests": tests + [{"name": "not_built"}]}))

    def gather(self):
        return gather.gather(root, self.build)

    def methods(self, guarantee):
        return next(one for one in self.gather()["requirements"] if one["id"] == guarantee)["methods"]

    def verdict(self, guarantee):
        return next(one for one in self.gather()["requirements"] if one["id"] == guarantee)["verdict"]

    def left_out(self):
        return {one["file"]: one for one in self.gather()["not_checked_in_this_run"]}

    def test_what_was_recorded_is_counted_and_no_more(self):
        self.assertEqual(self.methods("G5")["property"]["verdict"], "passed")
        self.assertEqual(self.methods("G4")["model"]["counts"], {"tests": 1, "failed": 0})
        # One of two model tests was recorded: that is a part, and the other is named.
        self.assertEqual(self.methods("G4")["model"]["verdict"], "passed in part")
        self.assertEqual(self.methods("G4")["model"]["missing"], [list(LISTED)[-2]])
        self.assertEqual(self.methods("G9")["sanitizers"]["verdict"], "not checked in this run")
        self.assertEqual([self.verdict(g) for g in ("G9", "G5", "G14", "G2")],
                         ["passed in part", "passed", "passed", "not checked"])
        self.assertEqual(len(self.gather()["general"]), 1)

    def test_each_recorded_failure_fails_its_guarantee(self):
        for name, guarantee in SPOILT:
            for status in ("fail", "notrun", "disabled"):
                with self.subTest(name=name, guarantee=guarantee, status=status):
                    self.junit("gcc-release", LISTED, RAN, bad=name, status=status, code=8)
                    self.assertEqual(self.verdict(guarantee), "failed")
        self.junit("orders", {"orders": "orders G12"}, ["orders"], bad="orders", code=1)
        self.assertEqual(self.verdict("G12"), "failed")

    def test_a_failure_fails_no_other_guarantee(self):
        self.junit("gcc-release", LISTED, RAN, bad=RAN[2], code=8)
        self.assertEqual([self.verdict(g) for g in ("G1", "G9")], ["failed", "passed in part"])

    def test_an_exit_code_that_no_failed_test_explains_fails_all_its_tests(self):
        for code, bad, expected in ((0, "", ["passed", "passed in part"]), (0, RAN[2], ["failed", "passed in part"]),
                                    (8, RAN[2], ["failed", "passed in part"]), (127, RAN[2], ["failed", "passed in part"]),
                                    (128, RAN[2], ["failed"] * 2), (137, RAN[2], ["failed"] * 2), (1, "", ["failed"] * 2)):
            self.junit("gcc-release", LISTED, RAN, bad=bad, code=code)
            self.assertEqual([self.verdict(g) for g in ("G5", "G9")], expected, (code, bad))

    def test_what_is_stale_unstamped_or_unreadable_is_not_counted(self):
        self.junit("gcc-release", LISTED, RAN, stamp={"core": "0", "checks": "0"})
        self.write("recorded/junit/orders.xml", "<testsuite")
        (self.build / "recorded/junit/fuzz.json").unlink()
        sources.stamp_of(self.build / "recorded/junit/million.xml").unlink()
        left = self.left_out()
        for name, why in (("gcc-release", "other sources"), ("orders", "not readable"), ("fuzz", "not readable"),
                          ("million", "not stamped"), ("arm64", "not recorded")):
            self.assertIn(why, left[f"recorded/junit/{name}.xml"]["why"])
        self.assertEqual([self.verdict(g) for g in ("G4", "G12", "G14")], ["not checked"] * 3)
        self.assertEqual(self.gather()["throughput"], {})

    def test_what_an_instrument_ran_is_its_own_method(self):
        self.junit("gcc-tsan", LISTED, RAN[:1])
        self.assertEqual(self.methods("G9")["sanitizers"]["verdict"], "passed")
        self.assertEqual(self.verdict("G9"), "passed")

    def test_the_command_named_for_a_missing_file_makes_it(self):
        left = self.left_out()
        self.assertEqual(left["recorded/junit/gcc-debug-crash.xml"]["command"], "ci/run.sh crash-full")
        known = subprocess.run([root / "ci/run.sh", "list"], capture_output=True, text=True, check=True).stdout
        for file, one in left.items():
            job = one["command"].removeprefix("ci/run.sh ")
            self.assertRegex(known, rf"(?m)^{job} ")
            self.assertTrue(file in ("recorded/junit/" + job + ".xml", gather.COVERAGE.get(job))
                            or job == "crash-full", file)

    def test_mutants_are_counted_by_scope_and_only_for_these_sources(self):
        self.assertIn("Not recorded for these sources: <code>ci/run.sh mutation</code>", page.make(self.gather()))
        self.write("recorded/mutation.json", json.dumps({"scopes": {
            "kernel": {"mutants": 8, "killed": 5, "survived": 3}, "c": {"mutants": 7, "killed": 6, "equivalent": 1}}}))
        self.assertEqual(self.gather()["mutation"], {})  # no job says that it was recorded for these sources
        self.junit("mutation", {"mutation": ""}, ["mutation"])
        self.assertEqual(self.gather()["mutation"]["kernel"], {"mutants": 8, "killed": 5, "survived": 3})
        text = page.make(self.gather())
        self.assertEqual(re.findall(r"<th><span>(\w+)</span></th>", text[text.index('<h2 id="mutation"'):])[:5],
                         ["scope", "mutants", "equivalent", "killed", "survived"])
        for scope, counts in (("kernel", (8, 0, 5, 3)), ("c", (7, 1, 6, 0))):
            self.assertIn(f"<tr><td>{scope}</td>" + "".join(f'<td class="number">{n}</td>' for n in counts), text)

    def test_it_keeps_its_schema_which_refuses_other_things(self):
        schema = json.loads((here.parent / "schema.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        found = self.gather()
        validator.validate(found)
        for spoilt in ({**found, "more": 1}, {**found, "requirements": []},
                       {**found, "subject": {**found["subject"], "sha256": "0"}}):
            self.assertFalse(validator.is_valid(spoilt))

    def test_the_page_loads_nothing_and_its_links_lead_somewhere(self):
        found = self.gather()
        text = page.make(found, {**found, "made": "2000-01-01T00:00:00Z"})
        seen = links(text)
        self.assertEqual(seen.loads, [])
        self.assertIsNone(re.search(r"url\(|@import|https?://", text))
        self.assertGreater(len(seen.hrefs), 20)
        for href in seen.hrefs:
            self.assertTrue(href.startswith("#") and href[1:] in seen.ids, href)
        for shown in ("a &lt; b", "2000-01-01", "What is not verified", "1 of 1 weakened", *found["not_verified"][:2]):
            self.assertIn(shown, text)

    def test_a_recording_is_stamped_only_for_the_sources_it_was_made_with(self):
        tree = self.build / "tree"
        (tree / "core/src").mkdir(parents=True)
        source, file = tree / "core/src/x.cpp", str(self.build / "out.txt")
        source.write_text("1")
        self.assertEqual(sources.record(file, ["sh", "-c", f"echo a > {file}; exit 3"], root=tree), 3)
        stamp = Path(file + ".stamp")
        self.assertEqual(json.loads(stamp.read_text())["exit"], 3)
        sources.record(file, ["true"], "keep", root=tree)
        self.assertEqual(json.loads(stamp.read_text())["exit"], 0)
        sources.record(file, ["sh", "-c", f"echo a > {file}; echo 2 > {source}"], root=tree)
        self.assertFalse(stamp.exists(), "the sources changed meanwhile")
        sources.record(file, ["true"], "keep", root=tree)
        self.assertFalse(stamp.exists(), "what it went on with had no stamp")

    def test_a_job_of_one_command_is_a_junit_with_its_labels(self):
        junit = self.build / "build/recorded/junit/one.xml"
        for command, status, failed in (("true", "run", False), ("false", "fail", True)):
            sources.record("", [command], root=self.build, case="one", labels=["orders", "G12"])
            found = list(gather.read_junit(junit))
            self.assertEqual([(one["method"], one["requirements"], one["passed"]) for one in found],
                             [("orders", ["G12"], not failed)])
            self.assertIn(f'status="{status}"', junit.read_text())
            self.assertEqual("<failure" in junit.read_text(), failed)

    def run_gather(self):
        """(exit code, lines printed) of the program."""
        done = subprocess.run([sys.executable, "-B", here.parent / "gather.py", "--build", self.build], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout.splitlines()

    def test_the_program_says_what_passed_and_ends_with_it(self):
        code, lines = self.run_gather()
        self.assertEqual(code, 0, lines)
        version = re.search(r"shmfifo VERSION ([\d.]+)", (root / "CMakeLists.txt").read_text())[1]
        self.assertRegex(lines[0], rf"^shmfifo {version}, core {sources.hashes(root)['core'][:16]}, "
                                   rf"{len(sources.manifest(root))} files, \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertIn("G5  passed          passed: property coverage", lines)
        self.assertIn("G14 passed          passed: throughput coverage", lines)
        self.assertIn("G2  not checked     passed: coverage", lines)
        self.assertIn("not counted: recorded/junit/arm64.xml (not recorded; ci/run.sh arm64)", lines)
        self.junit("fuzz", {"fuzz": "fuzz G9"}, ["fuzz"], bad="fuzz", code=1)
        code, lines = self.run_gather()
        self.assertEqual(code, 1)
        self.assertTrue(any(line.startswith("G9  failed          ") and "failed: fuzz" in line for line in lines), lines)

    def test_a_failure_of_a_test_without_guarantee_fails_the_program(self):
        self.junit("gcc-release", LISTED, RAN, bad=RAN[1], code=8)
        self.assertEqual(self.run_gather()[0], 1)

    def test_without_recordings_the_program_says_so_and_keeps_what_was_gathered_before(self):
        self.run_gather()
        first = (self.build / "evidence/evidence.json").read_text()
        for path in (self.build / "recorded/junit").glob("*.xml"):
            path.unlink()
        (self.build / gather.COVERAGE["coverage"]).unlink()
        code, lines = self.run_gather()
        self.assertEqual(code, 2)
        self.assertTrue(all(line[4:].startswith("not checked ") for line in lines if re.match(r"G\d+ ", line)), lines)
        self.assertEqual((self.build / "evidence/previous.json").read_text(), first)

    def test_every_source_counts_for_its_hash_and_nothing_else_does(self):
        tree = self.build / "tree"
        seen = sources.hashes(tree)
        for folder, which in [*((one, "core") for one in ("core/include", "core/src", "core/c/include", "core/c/src")),
                              *((one, "checks") for one in ("harness", "property_tests", "stress", "sanitizers", "core/tests",
                                                            "core/c/tests"))]:
            for ending in (".cpp", ".hpp", ".c", ".h", ".py", ".sh", ".cmake", ".txt", ".json", ".csv"):
                for text in ("1", "2"):
                    path = tree / folder / "deep" / f"x{ending}"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
                    before, seen = seen, sources.hashes(tree)
                    self.assertEqual([key for key in seen if seen[key] != before[key]], [which], path)
        for name in ("core/apps/x.cpp", "ci/x.py", "core/src/x.md", "core/src/__pycache__/x.py", "harness/x.o"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text("1")
            self.assertEqual(sources.hashes(tree), seen, name)
        (tree / "core/src/deep/x.cpp").rename(tree / "core/src/deep/y.cpp")
        self.assertNotEqual(sources.hashes(tree)["core"], seen["core"])

    def test_the_digest_is_that_of_sha256sum(self):
        lines = "".join(f"{value}  {name}\n" for name, value in sorted(sources.manifest(root).items()))
        self.assertEqual(sources.hashes(root)["core"], sources.hashlib.sha256(lines.encode()).hexdigest())
        done = subprocess.run([sys.executable, "-B", here.parent / "sources.py"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, sources.hashes(root)["core"] + "\n"))

    def test_recording_shows_keeps_and_returns_what_the_command_did(self):
        def record(*words):
            done = subprocess.run([sys.executable, "-B", here.parent / "sources.py", *map(str, words)], capture_output=True, text=True)
            return done.returncode, done.stdout
        out = self.build / "new/out.txt"
        self.assertEqual(record("record", "--stdout", out, "sh", "-c", "echo one; echo two; exit 7"), (7, "one\ntwo\n"))
        self.assertEqual(out.read_text(), "one\ntwo\n")
        told = json.loads(sources.stamp_of(out).read_text())
        self.assertEqual({key: told[key] for key in ("core", "checks", "exit", "command")},
                         {**sources.hashes(root), "exit": 7, "command": ["sh", "-c", "echo one; echo two; exit 7"]})
        self.assertLessEqual(told["begun"], told["ended"])
        # What is made again is not what was there before.
        self.assertEqual(record("record", "--file", out, "true")[0], 0)
        self.assertFalse(out.exists() or sources.stamp_of(out).exists())
        self.assertEqual(record("record", "--file", out, "sh", "-c", "kill -9 $$")[0], 137)
        for words, expected in ((("other",), 2), (("record",), 2), (("-h",), 0), (("--help",), 0)):
            code, text = record(*words)
            self.assertEqual((code, "usage: ci/evidence/sources.py" in text), (expected, True), words)

    def test_the_page_shows_the_numbers_of_gates_latency_and_orders(self):
        self.assertEqual([page.number(value) for value in (7, 1234567, 0.98765, 12.0, 1234567.0, 0.5)],
                         ["7", "1,234,567", "0.99", "12", "1,230,000", "0.50"])
        failing = {**MILLION["gates"][0], "passed": False, "sense": "at_most", "threshold": 0.25, "what": "slow"}
        self.write("recorded/million.json", json.dumps({**MILLION, "gates": [*MILLION["gates"], failing]}))
        self.write("recorded/orders.json", json.dumps([*ORDERS, {**ORDERS[0], "site": "other", "killed": False, "killed_by": ""}]))
        text = re.sub(r"<[^>]*>", "|", page.make(self.gather()))
        text = re.sub(r"\|+", "|", text)
        for shown in ("|1,000,000 messages in each row; medians of 1 executions.|", "|a &lt; b|2,000,000|≥ 1,000,000|✓ |passed|",
                      "|slow|2,000,000|≤ 0.25|✗ |failed|", "|text log live reader|50|", "|ping pong, p50|400|ping pong, p99|600|",
                      "|A model test failed for 1 of 2 weakened memory orders.|",
                      "|s|release -&gt; relaxed|✓|single.batch|a &lt; b|", "|other|release -&gt; relaxed|✗|a &lt; b|",
                      "|recorded/junit/arm64.xml|not recorded|ci/run.sh arm64|"):
            self.assertIn(shown, text)

    def test_the_page_program_reads_evidence_and_writes_the_page(self):
        self.run_gather()
        file, target = self.build / "evidence/evidence.json", self.build / "x.html"
        def run(*words):
            done = subprocess.run([sys.executable, "-B", here.parent / "page.py", *words], capture_output=True, text=True)
            return done.returncode, done.stdout
        self.assertEqual(run(file, target), (0, f"page: {target}\n"))
        self.assertEqual(target.read_text(), page.make(json.loads(file.read_text())))
        self.assertIn("There is no earlier evidence.", target.read_text())
        self.run_gather()
        run(file, target)
        self.assertIn("of the same sources.</p><p>No verdict changed.</p>", target.read_text())
        for words, expected in (((), 2), ((file,), 2), ((file, target, file), 2), (("-h",), 0), (("--help",), 0)):
            code, text = run(*words)
            self.assertEqual((code, "usage: ci/evidence/page.py" in text), (expected, True), words)


if __name__ == "__main__":
    unittest.main()
