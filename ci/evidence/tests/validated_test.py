# SPDX-License-Identifier: MIT
"""Goal: shmfifo_VALIDATED and shmfifo-verify accept the files that the evidence is about, and refuse any other by
name. Method: a prefix with the core's real headers and evidence gathered for them, then one edit each. Needs no compiler."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
here = Path(__file__).resolve().parent
root = here.parent.parent.parent
sys.path.append(str(here.parent))
import gather  # noqa: E402

cmake = shutil.which("cmake")


class validated(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prefix = Path(folder.name)
        shutil.copytree(root / "core/include", self.prefix / "include")
        shutil.copy(root / "core/c/include/shmfifo.h", self.prefix / "include")
        (self.prefix / "share/shmfifo").mkdir(parents=True)
        (self.prefix / "nothing").mkdir()
        self.evidence = self.prefix / "share/shmfifo/evidence.json"
        self.write(gather.gather(root, self.prefix / "nothing"))
        self.header = self.prefix / "include/shmfifo/protocol/layout.hpp"

    def write(self, what):
        self.evidence.write_text(json.dumps(what, indent=1) + "\n")

    def answers(self):
        """What CMake says, what the program says, and whether each calls it validated."""
        script = self.prefix / "check.cmake"
        script.write_text(f'include("{here.parent}/shmfifo_validated.cmake")\n'
                          f'shmfifo_check_evidence(answer "{self.evidence}" "{self.prefix}/include" '
                          '"core/include|core/c/include")\n'
                          'message(STATUS "answer ${answer}")\n')
        by_cmake = subprocess.run([cmake, "-P", script], capture_output=True, text=True)
        self.assertEqual(by_cmake.returncode, 0, by_cmake.stderr)
        verify = subprocess.run([sys.executable, here.parent / "shmfifo_verify.py", "--prefix", self.prefix],
                                capture_output=True, text=True)
        return "answer TRUE" in by_cmake.stdout, by_cmake.stdout, verify.returncode, verify.stdout

    def check_refused(self, name, code=1):
        good, told, exit_code, verified = self.answers()
        self.assertFalse(good)
        self.assertIn(name, told)
        self.assertEqual(exit_code, code)
        self.assertIn("NOT VALIDATED", verified)
        self.assertIn(name, verified)

    def test_the_headers_of_the_evidence_are_validated(self):
        good, told, code, verified = self.answers()
        self.assertTrue(good, told)
        self.assertEqual(code, 0, verified)
        self.assertNotIn("not validated", told)

    def test_one_edited_header_is_named(self):
        self.header.write_text(self.header.read_text() + "\n")
        self.check_refused("include/shmfifo/protocol/layout.hpp")

    def test_a_missing_header_is_named(self):
        self.header.unlink()
        self.check_refused("include/shmfifo/protocol/layout.hpp")

    def test_a_header_that_the_evidence_does_not_know_is_named(self):
        for name in ("include/shmfifo/more.hpp", "include/shmfifo/protocol/more.hpp", "include/shmfifo_more.h"):
            (self.prefix / name).write_text("\n")
            self.check_refused(name)
            (self.prefix / name).unlink()

    def test_evidence_of_a_failure_is_refused(self):
        evidence = json.loads(self.evidence.read_text())
        evidence["requirements"][0]["verdict"] = "failed"
        self.write(evidence)
        self.check_refused("failed")

    def test_no_evidence_is_not_validated(self):
        self.evidence.unlink()
        self.check_refused("evidence.json", code=2)

    def test_a_reader_that_has_seen_enough_is_no_fault(self):
        read, write = os.pipe()
        os.close(read)
        with open(write, "w") as nobody:
            done = subprocess.run([sys.executable, here.parent / "shmfifo_verify.py", "--prefix", self.prefix],
                                  stdout=nobody, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, ""))

    def test_a_core_source_that_differs_keeps_the_evidence_from_being_installed(self):
        for edited in (False, True):
            source, to = self.prefix / f"source{edited}", self.prefix / f"to{edited}"
            for folder in ("core/include", "core/src", "core/c/include", "core/c/src"):
                shutil.copytree(root / folder, source / folder)
            if edited:
                (source / "core/src/roles.cpp").write_text("\n")
            done = subprocess.run([cmake, f"-Devidence={self.evidence}", f"-Dsource={source}",
                                   f"-Ddestination={to}", "-P", here.parent / "install_evidence.cmake"],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual((to / "evidence.json").is_file(), not edited, done.stdout)
            self.assertEqual("core/src/roles.cpp" in done.stdout, edited)


if __name__ == "__main__":
    unittest.main()
