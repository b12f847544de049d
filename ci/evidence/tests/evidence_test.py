# SPDX-License-Identifier: MIT
"""Goal: the evidence says no more than what was recorded. Method: small recordings of each kind in a
folder; one spoilt at a time must turn its guarantee to failed, or be left out by name. Evidence and
statements keep their schema; the page loads nothing and its links lead somewhere."""
import hashlib
import html.parser
import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema

sys.dont_write_bytecode = True
here = Path(__file__).resolve().parent
root = here.parent.parent.parent
sys.path.append(str(here.parent))
import citations  # noqa: E402
import gather  # noqa: E402
import page  # noqa: E402
import recordings  # noqa: E402
import sources  # noqa: E402
import statements  # noqa: E402

SCENARIO = dict.fromkeys(("instructions", "states", "pictures", "kills", "pauses", "depth_two"), 5)
STRESS = dict.fromkeys(("sent", "delivered", "aborted", "lost", "kills", "pauses"), 9)
JUNIT = ('<testsuite><testcase name="core.segment.G9_a_bad_name_is_refused" status="run"/>'
         '<testcase name="property_tests.batch.G1_G5_equals_singles" status="run"/></testsuite>')
MILLION = {"messages": 1000000, "executions": 1, "strict": False, "passed": True, "baselines": [],
           "rows": [{"kind": "text", "mode": "log_live", "role": "reader", "execution": 1, "ms": 20.0,
                     "messages_per_second": 5e7}],
           "gates": [{"name": "slowest_row", "value": 2e6, "threshold": 1e6, "passed": True, "sense": "at_least",
                      "what": "messages a second"}],
           "latency_ns": {"ping_pong": [{"execution": 1, "p50": 400.0, "p99": 600.0}]}}
RECORDED = {
    "recorded/junit/gcc-release.xml": JUNIT,
    "recorded/model.md": "| test |\n| `marks.G4.G12_of_a_new_message` | 1 slot | 7 | 0 | 0 | 0.1 |\n",
    "recorded/orders.json": json.dumps([{"site": "s", "change": "release -> relaxed", "killed": True,
                                         "killed_by": "single.G1.G2.G4.G5_batch", "by_what": "a < b", "seconds": 1}]),
    "recorded/crash.json": json.dumps({"build": "GNU", "passed": True, "scenarios": [
        {"operation": "publish", "queue": "ring", **SCENARIO, "violations": []}]}),
    "recorded/fault.json": json.dumps([{"operation": "stat", "call": "open", "cases": 3, "wrong": 0}]),
    "recorded/stress.json": json.dumps({"queue": "ring", "verdict": "ok", "producers": 1, "consumers": 1,
                                        "faults": "none", "replay": "again", **STRESS}),
    "soak/state.json": json.dumps({"seed": 1, "rounds": 2, "seconds": 7200.0, **STRESS}),
    "recorded/million.json": json.dumps(MILLION),
    "recorded/litmus.json": json.dumps({"executions": 9, "failed": 0, "mismatches": [], "passed": 4}),
    "recorded/fuzz.txt": "fuzz_poll: 100 executions in 5 s, cov: 20 edges, 0 finds (log: x)\n",
    "clang19-mcdc/report/summary.json": json.dumps({figure: {"total": 8, "covered": 7} for figure in
                                                    ("function", "region", "branch", "mcdc")}),
    "gcc-coverage/report/core/summary.json": json.dumps({"line_total": 10, "line_covered": 9, "branch_total": 4, "branch_covered": 3}),
}
SPOILT = [  # what is recorded, edited, and a guarantee that must fail by it
    ("recorded/junit/gcc-release.xml", JUNIT.replace("run", "fail"), "G1"),
    ("recorded/junit/gcc-release.xml", JUNIT.replace("run", "disabled"), "G5"),
    ("recorded/model.md", RECORDED["recorded/model.md"].replace("| 7 |", "| 7 (assertion) |"), "G12"),
    ("recorded/orders.json", RECORDED["recorded/orders.json"].replace("true", "false"), "G12"),
    ("recorded/orders.json", "[]", "G12"),
    ("recorded/crash.json", RECORDED["recorded/crash.json"].replace("true", "false"), "G6"),
    ("recorded/fault.json", RECORDED["recorded/fault.json"].replace('"wrong": 0', '"wrong": 1'), "G10"),
    ("recorded/fault.json", "[]", "G10"),
    ("recorded/stress.json", RECORDED["recorded/stress.json"].replace('"ok"', '"violation"'), "G1"),
    ("recorded/million.json", RECORDED["recorded/million.json"].replace("true", "false"), "G14"),
    ("recorded/litmus.json", RECORDED["recorded/litmus.json"].replace('"failed": 0', '"failed": 1'), "G12"),
    ("recorded/fuzz.txt", RECORDED["recorded/fuzz.txt"].replace("0 finds", "1 finds"), "G9"),
]


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
        for name, text in RECORDED.items():
            self.write(name, text)

    def write(self, name, text, stamp=None, code=0):
        path = self.build / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        told = {**(stamp or sources.hashes(root)), "command": ["x"], "exit": code, "ended": sources.now()}
        path.with_name(path.name + ".stamp").write_text(json.dumps(told))

    def gather(self):
        return gather.gather(root, self.build)

    def verdicts(self, found):
        return {one["id"]: one["verdict"] for one in found["requirements"]}

    def test_what_was_recorded_is_counted_and_no_more(self):
        found = self.gather()
        self.assertEqual([one["file"] for one in found["not_checked_in_this_run"]], ["recorded/fault_tools.json"])
        by_id = {one["id"]: one for one in found["requirements"]}
        self.assertEqual(by_id["G6"]["methods"]["crash"]["counts"]["kills"], 5)
        self.assertEqual(by_id["G1"]["methods"]["stress"]["counts"]["sent"], 18)
        # One of many model tests was recorded: that is a part, and the others are named.
        self.assertEqual(by_id["G4"]["methods"]["model"]["verdict"], "passed in part")
        self.assertIn("single.G1.G2.G4.G5.G12_ring_of_2_wraps", by_id["G4"]["methods"]["model"]["missing"])
        self.assertEqual(by_id["G1"]["methods"]["sanitizers"]["verdict"], "not checked in this run")
        self.assertNotIn("passed", self.verdicts(found).values())
        self.assertNotIn("failed", self.verdicts(found).values())

    def test_each_recorded_failure_fails_its_guarantee(self):
        for name, text, guarantee in SPOILT:
            with self.subTest(name=name, guarantee=guarantee):
                self.assertNotEqual(text, RECORDED[name])
                self.write(name, text)
                self.assertEqual(self.verdicts(self.gather())[guarantee], "failed")
                self.write(name, RECORDED[name])

    def test_a_command_that_failed_fails_what_its_file_calls_good(self):
        self.write("recorded/crash.json", RECORDED["recorded/crash.json"], code=1)
        self.assertEqual(self.verdicts(self.gather())["G6"], "failed")

    def test_a_command_that_failed_without_a_reason_fails_its_rows(self):
        for name, guarantee in (("recorded/model.md", "G4"), ("recorded/junit/gcc-release.xml", "G1")):
            with self.subTest(name=name):
                self.write(name, RECORDED[name], code=1)
                self.assertEqual(self.verdicts(self.gather())[guarantee], "failed")
                self.write(name, RECORDED[name])

    def test_a_model_test_out_of_time_is_no_violation_and_no_proof(self):
        name = "recorded/model.md"
        late = "| `single.G1.G2.G4.G5.G12_ring_of_2_wraps` | 1 slot | 7 (budget of 60 seconds exceeded) | 0 | 0 | 60 |\n"
        self.write(name, RECORDED[name] + late, code=1)
        model = next(one for one in self.gather()["requirements"] if one["id"] == "G4")["methods"]["model"]
        self.assertEqual(model["verdict"], "passed in part")
        self.assertEqual(model["counts"]["graphs"], 14)
        self.assertIn("single.G1.G2.G4.G5.G12_ring_of_2_wraps", model["missing"])

    def test_deaths_without_pauses_say_nothing_of_the_paused(self):
        for name in ("soak/state.json", "recorded/stress.json"):
            (self.build / name).unlink()
        for pauses, answer in ((5, "passed"), (0, "not checked in this run")):
            self.write("recorded/crash.json", RECORDED["recorded/crash.json"].replace(
                '"pauses": 5', f'"pauses": {pauses}'))
            methods = {one["id"]: one["methods"] for one in self.gather()["requirements"]}
            self.assertEqual(methods["G11"]["crash"]["verdict"], answer)
            self.assertEqual(methods["G6"]["crash"]["verdict"], "passed")

    def test_a_run_without_kills_says_nothing_of_deaths(self):
        (self.build / "soak/state.json").unlink()
        calm = {**json.loads(RECORDED["recorded/stress.json"]), "kills": 0, "pauses": 0}
        self.write("recorded/stress.json", json.dumps(calm))
        methods = {one["id"]: one["methods"] for one in self.gather()["requirements"]}
        self.assertEqual(methods["G1"]["stress"]["verdict"], "passed")
        for g in ("G6", "G7", "G11"):
            self.assertEqual(methods[g]["stress"]["verdict"], "not checked in this run")

    def test_what_is_stale_unstamped_or_unreadable_is_not_counted(self):
        self.write("recorded/crash.json", RECORDED["recorded/crash.json"], {"core": "0", "checks": "0"})
        self.write("recorded/fault.json", "{")
        (self.build / "recorded/million.json.stamp").unlink()
        found = self.gather()
        left = {one["file"]: one["why"] for one in found["not_checked_in_this_run"]}
        self.assertIn("other sources", left["recorded/crash.json"])
        self.assertIn("not readable", left["recorded/fault.json"])
        self.assertIn("not stamped", left["recorded/million.json"])
        self.assertEqual(self.verdicts(found)["G14"], "not checked")
        self.assertEqual(found["throughput"], {})

    def test_the_command_named_for_a_missing_file_makes_it(self):
        for path in self.build.rglob("*.*"):
            path.unlink()
        runner, quick = ((root / name).read_text() for name in ("ci/run.sh", "ci/evidence/record_quick.sh"))

        def says(job):
            """What ci/run.sh does for a job: its branch, and the function of that name."""
            branch = rf"^  (?:[\w-]+ \| )*{job}(?: \| [\w-]+)*\)\n.*?^    ;;|^{job}\(\) {{\n.*?^}}"
            return "".join(re.findall(branch, runner, re.M | re.S))

        left = {one["file"]: one["command"] for one in self.gather()["not_checked_in_this_run"]}
        self.assertEqual(set(left), {pattern for pattern, _, _ in recordings.KINDS})
        for file, command in left.items():
            with self.subTest(file=file):
                if file.endswith("*.xml"):
                    self.assertEqual(command, "ci/run.sh PRESET")
                    continue
                self.assertRegex(command, r"^ci/run\.sh \w+")
                maker = quick if command == recordings.QUICK else says(command.split()[1])
                self.assertIn(Path(file.replace("*", "")).name, maker)

    def test_the_job_of_a_stale_file_is_named(self):
        for name, job in (("clang-tsan", "clang-tsan"), ("gcc-debug-crash", "crash-full")):
            self.write(f"recorded/junit/{name}.xml", JUNIT, {"core": "0", "checks": "0"})
            left = {one["file"]: one["command"] for one in self.gather()["not_checked_in_this_run"]}
            self.assertEqual(left[f"recorded/junit/{name}.xml"], f"ci/run.sh {job}")

    def test_a_job_of_one_command_is_not_asked_for_twice(self):
        case = JUNIT.replace("<testsuite>", '<testsuite name="{}">')
        for suite, asked in (("million", False), ("(empty)", True)):
            (self.build / "recorded/junit/million.xml").write_text(case.format(suite))
            left = [one["file"] for one in self.gather()["not_checked_in_this_run"]]
            self.assertEqual("recorded/junit/million.xml" in left, asked)

    def test_a_case_with_parameters_is_known_by_its_name(self):
        known = citations.Citations(root)
        for name in ("core.set_up/failing_calls.G10_G8_each_is_told_by_its_number_and_the_next_try_works/open_EMFILE",
                     "core.hot_path.G14_makes_no_system_call/ring_wait_many_consumer  # GetParam() = x",
                     "stress.million_messages.gates.G14_a_slow_log_is_never_excused"):
            self.assertIn(known.key_of(name), known.by_end)

    def test_it_keeps_its_schema_which_refuses_other_things(self):
        schema = json.loads((here.parent / "schema.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        found = self.gather()
        validator.validate(found)
        for spoilt in ({**found, "more": 1}, {**found, "requirements": []},
                       {**found, "subject": {**found["subject"], "sha256": "0"}}):
            self.assertFalse(validator.is_valid(spoilt))

    def test_the_statements_are_about_every_file(self):
        found = self.gather()
        result, bill = statements.make_test_result(found), statements.make_sbom(found, root)
        self.assertEqual(result["_type"], "https://in-toto.io/Statement/v1")
        self.assertEqual(result["predicate"]["result"], "WARNED")
        self.assertEqual({one["name"] for one in result["subject"]}, set(found["subject"]["files"]))
        self.assertEqual(bill["spdxVersion"], "SPDX-2.3")
        self.assertEqual(len(bill["files"]), len(found["subject"]["files"]))
        for one in bill["files"]:
            told = {each["algorithm"]: each["checksumValue"] for each in one["checksums"]}
            text = (root / one["fileName"]).read_bytes()
            self.assertEqual(told, {"SHA1": hashlib.sha1(text).hexdigest(), "SHA256": hashlib.sha256(text).hexdigest()})
        known = {"SPDXRef-DOCUMENT", "SPDXRef-Package", *(one["SPDXID"] for one in bill["files"])}
        for one in bill["relationships"]:
            self.assertLessEqual({one["spdxElementId"], one["relatedSpdxElement"]}, known)

    def test_the_page_loads_nothing_and_its_links_lead_somewhere(self):
        found = self.gather()
        text = page.make(found, {**found, "made": "2000-01-01T00:00:00Z"})
        seen = links(text)
        self.assertEqual(seen.loads, [])
        self.assertIsNone(re.search(r"url\(|@import|https?://", text))
        self.assertGreater(len(seen.hrefs), 20)
        for href in seen.hrefs:
            self.assertTrue(href.startswith("#") and href[1:] in seen.ids, href)
        for shown in ("a &lt; b", "2000-01-01", "What is not verified", "50 M/s", *found["not_verified"][:2]):
            self.assertIn(shown, text)

    def test_a_recording_is_stamped_only_for_the_sources_it_was_made_with(self):
        tree = self.build / "tree"
        (tree / "core/src").mkdir(parents=True)
        source, file = tree / "core/src/x.cpp", str(self.build / "out.txt")
        source.write_text("1")
        self.assertEqual(sources.record(file, ["sh", "-c", f"echo a > {file}; exit 3"], root=tree), 3)
        stamp = Path(file + ".stamp")
        self.assertEqual(json.loads(stamp.read_text())["exit"], 3)
        sources.record(file, ["true"], "--keep", root=tree)
        self.assertEqual(json.loads(stamp.read_text())["exit"], 0)
        sources.record(file, ["sh", "-c", f"echo a > {file}; echo 2 > {source}"], root=tree)
        self.assertFalse(stamp.exists(), "the sources changed meanwhile")
        sources.record(file, ["true"], "--keep", root=tree)
        self.assertFalse(stamp.exists(), "what it went on with had no stamp")


if __name__ == "__main__":
    unittest.main()
