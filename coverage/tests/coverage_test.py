#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the coverage report counts what killed children ran, and fails when a test is taken out. Method:
a tiny project, built with the flags of the preset and reported by the script that reports the real one.

usage: coverage/tests/coverage_test.py [killed | floor]"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from presets import flags_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KEEPS_DUMP = "-Wl,-u,__gcov_dump"
COMPILE_FLAGS = flags_of("gcc-coverage")
LINK_FLAGS = flags_of("gcc-coverage", "CMAKE_EXE_LINKER_FLAGS_DEBUG")
# The line of tiny/core/product.cpp that only a process with this end has run.
ENDS = {"run_to_the_end": 5, "run_before_exit": 9, "run_before_own_sigkill": 13,
        "run_before_sigkill_of_parent": 17}
HELPERS = {
    "core_helper": [f"-I{ROOT}/harness/include"],
    "harness_helper": [f"-I{ROOT}/harness/include", f"{ROOT}/harness/src/support/child.cpp"],
    "other_branch": [],
}


class Project:
    """A copy of tiny/, its programs, and what they counted."""

    def __init__(self, folder, floors):
        self.root = Path(folder) / "tiny"
        shutil.copytree(HERE / "tiny", self.root)
        (self.root / "coverage").mkdir()
        (self.root / "coverage/floors.json").write_text(json.dumps({"core": {"folders": ["core/"], **floors}}))
        self.build = self.root / "build"
        self.build.mkdir()

    def build_and_run(self, program, link=None):
        done = subprocess.run(
            ["g++", "-std=gnu++20", *COMPILE_FLAGS, f"-I{self.root}", f"{self.root}/{program}.cpp",
             f"{self.root}/core/product.cpp", *HELPERS[program], *(LINK_FLAGS if link is None else link),
             "-o", program], cwd=self.build, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        done = subprocess.run([self.build / program], cwd=self.build)
        assert done.returncode == 0, f"{program}: exit {done.returncode}"

    def report(self):
        done = subprocess.run([sys.executable, ROOT / "coverage/report.py", "--root", self.root, "--build",
                               self.build], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def counted(self):
        files = json.loads((self.build / "report/core/coverage.json").read_text())["files"]
        lines = {x["line_number"]: x["count"] for f in files if f["file"].endswith("product.cpp")
                 for x in f["lines"]}
        return {end: lines[number] > 0 for end, number in ENDS.items()}


NO_FLOORS = {"line": 0, "branch": 0, "function": 0, "excluded_lines_max": 0}
FULL = {"line": 100, "branch": 100, "function": 100, "excluded_lines_max": 0}


def killed():
    """Every end is counted with either helper; without the preset's linker flag the kills are not."""
    for helper in ("core_helper", "harness_helper"):
        for link, expected in ((None, [True] * 4), ([], [True, False, False, False])):
            with tempfile.TemporaryDirectory() as folder:
                project = Project(folder, NO_FLOORS)
                project.build_and_run(helper, link)
                code, text = project.report()
                assert code == 0, text
                counts = list(project.counted().values())
                assert counts == expected, f"{helper}, linked with {link}: {counts}, not {expected}"
                print(f"{helper}, {'with' if link is None else 'without'} {KEEPS_DUMP}: {counts}")


def floor():
    """With both tests everything is reached; without one of them the report fails, and says at what."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder, FULL)
        project.build_and_run("core_helper")
        code, text = project.report()
        assert code == 1 and "core: branch coverage is 50.00 %, the floor 100 %" in text, text
        project.build_and_run("other_branch")
        code, text = project.report()
        assert code == 0, text
        print(text, end="")
        source = project.root / "core/product.cpp"
        source.write_text(source.read_text() + "// GCOVR_EXCL_LINE\n// GCOVR_EXCL_START: all\n")
        code, text = project.report()
        for wanted in ("EXCL_LINE without a reason", "EXCL_START: only single lines",
                       "core: 2 excluded lines, at most 0"):
            assert code == 1 and wanted in text, text


def main():
    assert KEEPS_DUMP in LINK_FLAGS
    for check in (killed, floor):
        if sys.argv[1:] in ([], [check.__name__]):
            check()
    return 0


if __name__ == "__main__":
    sys.exit(main())
