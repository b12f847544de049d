# SPDX-License-Identifier: MIT
"""Goal: nothing of the evidence, of its page, or of what the programs print, changes unnoticed. Method: known recordings,
good and spoilt ones, in a small tree with its own list of jobs; all that gather.py and page.py make of them is compared
with golden/.

usage: golden_test.py write    makes golden/ anew; read the difference before you keep it"""
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
here = Path(__file__).resolve().parent
sys.path.append(str(here.parent))
import sources  # noqa: E402

PROGRAMS = ("gather.py", "page.py", "sources.py", "schema.json")
JOBS = """from typing import NamedTuple


class Job(NamedTuple):
    name: str
    when: str
    presets: str = "x"


JOBS = [Job("gcc-release", "ci"), Job("gcc-tsan", "ci"), Job("valgrind-drd", "nightly"), Job("orders", "nightly"),
        Job("million", "ci"), Job("crash-full", "nightly", "gcc-debug clang-debug"), Job("coverage", "ci"), Job("mcdc", "ci"),
        Job("mutation", "nightly"), Job("late", "ci"), Job("unstamped", "ci"), Job("other", "ci"), Job("torn", "ci"),
        Job("empty", "ci"), Job("lint", "ci"), Job("docs", "ci"), Job("test", "hand"), Job("model", "hand")]
BY_NAME = {job.name: job for job in JOBS}
"""
TREE = {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.20)\nproject(shmfifo VERSION 1.20.3 LANGUAGES CXX)\n",
    "core/DESIGN.md": "# Design\n\n| | guarantee |\n|---|---|\n" + "".join(
        f"| G{i} | promise {i} of `call()` & <more> |\n" for i in (1, 2, 4, 5, 6, 9, 10, 12, 14, 15)) + "| G3 | no row\nG7 | neither |\n",
    "core/include/shmfifo/a.hpp": "// a\n", "core/src/b.cpp": "// b\n", "core/c/include/shmfifo.h": "// c\n",
    "core/c/src/d.cpp": "// d\n", "core/src/notes.md": "not counted\n", "harness/e.cpp": "// e\n",
    "ci/jobs.py": JOBS, "ci/evidence/page.css": "p{}\n", "bin/cxx": '#!/bin/sh\necho "cxx 1.0 $*"\necho more\n',
}
BUILDS = {
    "gcc-release": "CMAKE_CXX_COMPILER:FILEPATH={root}/bin/cxx\nCMAKE_BUILD_TYPE:STRING=Release\n# A:B=C\n"
                   "CMAKE_CXX_FLAGS:STRING=-Wall -g\nCMAKE_CXX_FLAGS_RELEASE:STRING=-O3\nCMAKE_CXX_FLAGS_DEBUG:STRING=-O0\n",
    "clang-debug": "CMAKE_CXX_COMPILER:STRING={root}/bin/gone\nCMAKE_BUILD_TYPE:STRING=Debug\nCMAKE_CXX_FLAGS_DEBUG:STRING=-O0\n",
    "bare": "# nothing\n",
}
LISTED = {  # of a whole build: the labels of each test
    "core.a.G9_refused": "unit fast G9", "core.a.G9_again": "unit fast G9", "core.a.G14_quick": "unit fast G14",
    "harness.a.G5_unit": "unit fast G5", "core.a.helps": "unit fast", "property.G10_G5_G1_equals": "fast property G10 G5 G1",
    "model.G4_G12": "model fast G4 G12", "model.G4_long": "model slow G4", "stress.G6": "crash fast G6",
    "stress.G6_planted": "G6 crash fast canary", "stress.G10_planted": "canary fast G10",
    "core.a.G2_never_ran": "unit slow G2", "a.script": "fast G1", "stress.GX": "stress GX G1x xG1",
}
RAN = [name for name in LISTED if name not in ("model.G4_long", "core.a.G2_never_ran")]
MILLION = {
    "messages": 1000000, "executions": 3, "rows": [
        {"kind": "text", "mode": "log_live", "role": "reader", "messages_per_second": speed} for speed in (5e7, 4e6, 4.5678e7)] + [
        {"kind": "record", "mode": "", "role": "", "messages_per_second": 2e6, "system": "a < b"},
        {"kind": "none", "mode": "x", "role": "y", "messages_per_second": 0}],
    "baselines": [{"kind": "bare", "mode": "ring", "role": "", "messages_per_second": 1e8}],
    "gates": [{"value": 2e6, "threshold": 1e6, "passed": True, "sense": "at_least", "what": "a < b"},
              {"value": 0.123456, "threshold": 3, "passed": False, "sense": "at_most", "what": "slow"}],
    "latency_ns": {"ping_pong": [{"p50": 400.0, "p99": 600.5}, {"p50": 500.0, "p99": 700.0}, {"p50": 450.0, "p99": 100.0}],
                   "none": []}}
ORDERS = [{"site": "s<1>", "change": "release -> relaxed", "killed": True, "killed_by": "single.batch", "by_what": "a < b"},
          {"site": "other", "change": "acquire -> relaxed", "killed": False, "killed_by": ""}]
MUTATION = {"scopes": {"kernel": {"mutants": 8, "killed": 5, "survived": 3}, "c": {"mutants": 7000, "killed": 6999, "equivalent": 1}},
            "files": {}}
BEFORE = {"made": "2001-02-03T04:05:06Z", "subject": {"sha256": "0" * 64},
          "requirements": [{"id": "G1", "verdict": "failed"}, {"id": "G2", "verdict": "not checked"}, {"id": "G5", "verdict": "passed"}]}


class golden(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        self.build = self.root / "build"
        for name, text in TREE.items():
            self.write(name, text)
        (self.root / "bin/cxx").chmod(0o755)
        for name in PROGRAMS:
            shutil.copy(here.parent / name, self.root / "ci/evidence")
        self.stamp = {**sources.hashes(self.root), "command": ["ci/run.sh", "it"], "exit": 0, "ended": "2024-01-01T00:00:00Z"}

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def recorded(self, name, text, **stamp):
        path = self.write(f"build/{name}", text)
        sources.stamp_of(path).write_text(json.dumps({**self.stamp, **stamp}))
        return path

    def junit(self, name, listed, bad=(), ran=None, **stamp):
        """The record of a job: `bad` is {test: its status} of those that did not run to a good end."""
        cases = "".join(f'<testcase name="{one}" status="{dict(bad).get(one, "run")}"/>' for one in (listed if ran is None else ran))
        path = self.recorded(f"recorded/junit/{name}.xml", f"<testsuite>{cases}</testsuite>", **stamp)
        tests = [{"name": one, "properties": [{"name": "COST", "value": 1}, {"name": "LABELS", "value": labels.split()}]}
                 for one, labels in listed.items()]
        path.with_suffix(".json").write_text(json.dumps({"tests": [*tests, {"name": "not_built"}]}))

    def record_everything(self):
        for name, text in BUILDS.items():
            self.write(f"build/{name}/CMakeCache.txt", text.format(root=self.root))
        (self.build / "gcc-asan").mkdir()
        self.junit("gcc-release", LISTED, ran=RAN)
        self.junit("gcc-tsan", {**{name: LISTED[name] for name in RAN[:3]}, "core.a.G9_not_chosen": "unit fast G9"}, ran=RAN[:3])
        self.junit("valgrind-drd", {"core.a.G9_refused": "unit fast G9", "stress.GX": "stress fast G9"})
        self.junit("orders", {"orders": "orders G12"})
        self.junit("million", {"million": "throughput G14"})
        self.junit("gcc-debug-crash", {"stress.G6": "crash G6", "stress.G6_more": "crash slow G6"})
        self.junit("mutation", {"mutation": ""})
        self.junit("late", {"late": "fuzz G9"}, core="0")
        self.junit("unstamped", {"unstamped": "fuzz G9"})
        self.junit("other", {"other": "fuzz G9"}, checks="0")
        self.junit("torn", {"torn": "fuzz G9"})
        self.junit("empty", {"empty": "fuzz G9"}, ran=())
        self.junit("model", {"model": "model G1"})
        self.junit("not_a_job", {"not_a_job": "model G1"})
        (self.build / "recorded/junit/unstamped.xml.stamp").unlink()
        self.recorded("recorded/junit/torn.xml", "<testsuite")
        self.write("build/recorded/million.json", json.dumps(MILLION))
        self.write("build/recorded/orders.json", json.dumps(ORDERS))
        self.write("build/recorded/mutation.json", json.dumps(MUTATION))
        self.recorded("gcc-coverage/report/core/summary.json", json.dumps(
            {"root": ".", "branch_total": 4, "branch_covered": 3, "branch_percent": 75.0, "files": [1]}))
        self.recorded("clang19-mcdc/report/summary.json", json.dumps({"branch": {"covered": 0, "total": 5}}))

    def run_program(self, *words):
        """(exit code, what it printed) without what differs from one run to the next."""
        done = subprocess.run([sys.executable, "-B", *map(str, words)], cwd=self.root, capture_output=True, text=True)
        return done.returncode, self.plain(done.stdout), done.stderr

    def plain(self, text):
        machine = " ".join((platform.system(), platform.release(), platform.machine()))
        for what, instead in ((str(self.root), "ROOT"), (machine, "MACHINE")):
            text = text.replace(what, instead)
        return re.sub(r"(?!2024-01-01T00:00:00Z)20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "NOW", text)

    def gather(self):
        return self.run_program("ci/evidence/gather.py", "--root", self.root, "--build", self.build)

    def everything(self):
        """{file of golden/: its text}"""
        self.record_everything()
        code, lines, errors = self.gather()
        evidence = self.build / "evidence/evidence.json"
        made = {"lines.txt": f"{lines}exit {code}{errors}\n", "evidence.json": self.plain(evidence.read_text())}
        evidence.with_name("previous.json").write_text(json.dumps(BEFORE))
        self.assertEqual(self.run_program("ci/evidence/page.py", evidence, "page.html"), (0, "page: page.html\n", ""))
        page = self.plain((self.root / "page.html").read_text())
        return {**made, "page.html": re.sub(r"(?=<(?:h[123]|tr|li|p|details|summary|section)\b)", "\n", page)}

    def test_what_is_made_of_known_recordings_is_as_it_was(self):
        for name, text in self.everything().items():
            self.assertEqual(text, (here / "golden" / name).read_text(encoding="utf-8"), name)


def write():
    case = golden("everything")
    case.setUp()
    for name, text in case.everything().items():
        (here / "golden" / name).write_text(text, encoding="utf-8")
    case.doCleanups()


if __name__ == "__main__":
    write() if sys.argv[1:] == ["write"] else unittest.main()
