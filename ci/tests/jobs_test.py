#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the list of jobs is the only one, and a job is one row of it and one preset. Method: a copy of ci/ and of
the presets; a row and a preset are added there, or one of the two is left out, or another name is wrong."""
import ast
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent


class jobs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "ci").mkdir()
        for name in ("ci/jobs.py", "ci/all.py", "ci/run.sh", "ci/install_packages.sh", "CMakePresets.json"):
            shutil.copy(ROOT / name, self.root / name)
        for included in json.loads((ROOT / "CMakePresets.json").read_text()).get("include", []):
            (self.root / included).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / included, self.root / included)

    def edit(self, name, old, new):
        text = (self.root / name).read_text()
        self.assertEqual(text.count(old), 1, old)
        (self.root / name).write_text(text.replace(old, new))

    def add_row(self, name="gcc-new", preset="gcc-new", packages="build cache"):
        """One more row of JOBS, before the last one: the list as it is written does not matter."""
        path = self.root / "ci/jobs.py"
        tree = ast.parse(path.read_text())
        rows = next(node.value.elts for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "JOBS")
        rows.insert(-1, ast.parse(f"Job({name!r}, {preset!r}, 1, 'ci', {packages!r}, 'a new job')", mode="eval").body)
        path.write_text(ast.unparse(tree))

    def add_preset(self):
        old = '"configurePresets": ['
        self.edit("CMakePresets.json", old, old + '{ "name": "gcc-new", "inherits": "gcc-release" },')

    def run_script(self, *words):
        done = subprocess.run(words, cwd=self.root, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def check(self):
        return self.run_script(sys.executable, "ci/jobs.py", "--check")

    def matrix(self, when):
        return json.loads(self.run_script(sys.executable, "ci/jobs.py", "--json", when)[1])["include"]

    def test_the_list_fits_presets_and_scripts(self):
        self.assertEqual(self.check()[0], 0, self.check()[1])

    def test_a_row_and_a_preset_are_a_job(self):
        self.add_row()
        self.add_preset()
        self.assertEqual(self.check()[0], 0, self.check()[1])
        self.assertIn("\ngcc-new            a new job\n", self.run_script("ci/run.sh", "list")[1])
        self.assertIn({"job": "gcc-new", "arguments": ""}, self.matrix("ci"))
        self.assertIn("gcc-new", self.run_script(sys.executable, "ci/all.py", "--only", "no-such-job")[1])

    def test_a_row_and_a_preset_are_configured_built_tested_and_recorded(self):
        (self.root / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(tiny NONE)\nenable_testing()\n"
            "add_custom_target(made ALL COMMAND ${CMAKE_COMMAND} -E touch made)\n"
            "add_test(NAME tiny.is_made COMMAND ${CMAKE_COMMAND} -E cat made)\n")
        (self.root / "ci/evidence").mkdir()
        shutil.copy(ROOT / "ci/evidence/sources.py", self.root / "ci/evidence")
        self.add_row(packages="")
        self.add_preset()
        code, text = self.run_script("ci/run.sh", "gcc-new")
        self.assertEqual(code, 0, text)
        recorded = self.root / "build/recorded/junit"
        self.assertIn('name="tiny.is_made"', (recorded / "gcc-new.xml").read_text())
        self.assertEqual([one["name"] for one in json.loads((recorded / "gcc-new.json").read_text())["tests"]],
                         ["tiny.is_made"])
        self.assertTrue((recorded / "gcc-new.xml.stamp").is_file())
        self.assertNotEqual(self.run_script("ci/run.sh", "gcc-new", "-R", "no_such_test")[0], 0)

    def test_a_row_without_a_preset_is_reported(self):
        self.add_row()
        self.assertEqual(self.check(), (1, "job gcc-new has neither a preset nor a function in ci/run.sh\n"
                                           "preset gcc-new is named by a job and does not exist\n"))

    def test_a_preset_without_a_row_is_reported(self):
        self.add_preset()
        self.assertEqual(self.check(), (1, "preset gcc-new is built by no job\n"))

    def test_a_function_without_a_row_a_row_twice_and_an_unknown_group_are_reported(self):
        self.edit("ci/run.sh", "job_docs() {", "job_new() { :; }\njob_docs() {")
        self.assertIn("ci/run.sh has a function for new, which is no job", self.check()[1])
        for _ in range(2):
            self.add_row(packages="build nothing")
        self.assertIn("a name is listed twice", self.check()[1])
        self.assertIn("needs the packages nothing", self.check()[1])

    def test_each_workflow_has_its_jobs_and_their_arguments(self):
        nightly = {one["job"]: one["arguments"] for one in self.matrix("nightly")}
        self.assertEqual(nightly, {"orders": "", "soak": "--hours 4", "crash-full": "", "fuzz": "--seconds 2400",
                                   "mutation": ""})
        self.assertGreater(len(self.matrix("ci")), 20)
        for when in ("ci", "nightly"):
            text = (ROOT / f".github/workflows/{when}.yml").read_text()
            self.assertIn(f"ci/jobs.py --json {when}", text)
            self.assertIn("matrix: ${{ fromJSON(needs.list.outputs.jobs) }}", text)
        self.assertIn("  all-checks:\n", (ROOT / ".github/workflows/ci.yml").read_text())

    def test_jobs_of_the_matrix_are_ordered_by_their_minutes_and_listed_with_their_help(self):
        (self.root / "ci/print.py").write_text(
            "import jobs\nprint(*((job.name, job.minutes, job.when, job.help) for job in jobs.JOBS), sep='\\n')\nprint(jobs.matrix())\n")
        code, text = self.run_script(sys.executable, "-B", "ci/print.py")
        self.assertEqual(code, 0, text)
        *rows, order = map(ast.literal_eval, text.splitlines())
        minutes = {name: cost for name, cost, when, _ in rows if when == "ci"}
        self.assertEqual(sorted(order), sorted(minutes))
        self.assertEqual([minutes[name] for name in order], sorted(minutes.values()))
        self.assertEqual(self.run_script("ci/run.sh", "list")[1], "".join(f"{name:19}{text}\n" for name, _, _, text in rows))
        self.assertEqual({when for _, _, when, _ in rows}, {"ci", "nightly", "hand"})

    def test_unknown_words_are_refused(self):
        for words, expected in ((("--packages", "no-such-job"), 2), (("--packages",), 2), (("--packages", "all", "x"), 2), ((), 2),
                                (("--json", "weekly"), 2), (("--json",), 2), (("--check", "x"), 2), (("-h",), 0), (("--help",), 0)):
            code, text = self.run_script(sys.executable, "-B", "ci/jobs.py", *words)
            self.assertEqual(code, expected, words)
            self.assertEqual("usage: ci/jobs.py" in text, words[:1] != ("--packages",) or len(words) != 2, words)

    def test_what_a_job_names_must_be_there(self):
        self.edit("ci/run.sh", "job_docs() {", "job_documents() {")
        self.add_row("gcc-O0", "gcc-O9")
        self.add_preset()
        self.assertEqual(self.check(), (1, "job docs has neither a preset nor a function in ci/run.sh\n"
                                           "preset gcc-O9 is named by a job and does not exist\n"
                                           "preset gcc-new is built by no job\n"
                                           "ci/run.sh has a function for documents, which is no job\n"
                                           "a name is listed twice\n"))

    def test_million_needs_a_compiler_a_build_and_three_libraries(self):
        groups = self.run_script(sys.executable, "ci/jobs.py", "--packages", "million")[1].split()
        self.assertEqual(self.run_script("ci/install_packages.sh", "--list", *groups)[1].split(),
                         ["cmake", "g++", "libcli11-dev", "libfmt-dev", "ninja-build", "nlohmann-json3-dev"])
        without = [f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in ("Boost", "GTest", "rapidcheck", "Python3")]
        for preset, configures in (("million", True), ("gcc-release", False)):
            code, text = self.run_script("cmake", "-S", str(ROOT), "-B", str(self.root / preset), "--preset", preset,
                                         *without)
            self.assertEqual(code == 0, configures, text)

    def test_the_packages_of_groups_are_listed_once_and_an_unknown_group_is_refused(self):
        listed = self.run_script("ci/install_packages.sh", "--list")[1].split()
        self.assertEqual(listed, sorted(set(listed)))
        self.assertEqual(self.run_script("ci/install_packages.sh", "--list", "valgrind", "bare")[1].split(),
                         ["googletest", "libboost-context-dev", "valgrind"])
        self.assertEqual(self.run_script("ci/install_packages.sh", "--list", "no-such-group"),
                         (2, "install_packages.sh: there is no group 'no-such-group'\n"))

    def test_an_unknown_job_is_refused_with_the_list(self):
        code, text = self.run_script("ci/run.sh", "no-such-job")
        self.assertEqual(code, 2)
        self.assertIn("there is no job 'no-such-job'", text)
        self.assertIn("\nlint ", text)


if __name__ == "__main__":
    unittest.main()
