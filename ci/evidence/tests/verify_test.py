# SPDX-License-Identifier: MIT
"""Goal: shmfifo-verify says all of what differs, failed or could not be run again, and ends with it. Method: a small prefix
and evidence, with scripts in the place of the compiler and of what it makes; all lines and all calls are compared."""
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
here = Path(__file__).resolve().parent
sys.path.append(str(here.parent))
import shmfifo_verify as verify  # noqa: E402

HEADERS = {"core/include/shmfifo/a.hpp": "a", "core/include/shmfifo/protocol/b.hpp": "b", "core/c/include/shmfifo.h": "c"}
EVIDENCE = {
    "version": "1.2.3", "made": "2024-01-01T00:00:00Z",
    "subject": {"sha256": "abc", "files": {**{name: hashlib.sha256(text.encode()).hexdigest() for name, text in HEADERS.items()},
                                           "core/src/d.cpp": "0", "other/include/e.hpp": "0"}},
    "requirements": [
        {"id": "G1", "verdict": "passed", "methods": {"unit": {"verdict": "passed"}, "model": {"verdict": "failed"},
                                                      "crash": {"verdict": "passed"}}},
        {"id": "G12", "verdict": "passed in part", "methods": {}}],
    "not_checked_in_this_run": [1, 2, 3], "not_verified": ["this", "that"], "assumptions": ["those"]}
SUMMARY = """shmfifo 1.2.3: evidence of 2024-01-01T00:00:00Z, 5 files, sources abc
  G1  passed         """ + """ passed: unit crash; failed: model
  G12 passed in part """ + """\x20
  not counted: 3 kinds of recordings; not verified at all: 2 points (--points)
"""
GOOD = "validated: the headers are those that the evidence is about\n"
BAD = "NOT VALIDATED: "
# Logs its words, and makes of the file `program` what it was asked for; fails if there is none.
COMPILER = """#!/bin/sh
echo "$0 $*" >> ROOT/calls
for word; do target=$word; done
echo compiling
cat ROOT/program > "$target" && chmod +x "$target"
"""
PROGRAM = '#!/bin/sh\necho "program $*" >> ROOT/calls\n'
COMES_BACK = PROGRAM + "echo 1000 messages came back\n"
FLAGS = "-std=c++20 -O2 "
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=all "


class verified(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        for name, text in HEADERS.items():
            self.write(name.split("include/")[1], text, "include")
        self.evidence(EVIDENCE)

    def write(self, name, text, folder=".", mode=0o644):
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("ROOT", str(self.root)))
        path.chmod(mode)
        return path

    def evidence(self, what, name="share/shmfifo/evidence.json"):
        self.write(name, json.dumps(what))

    def run_verify(self, *words, program=here.parent / "shmfifo_verify.py", **environment):
        """(exit code, what was printed, with ROOT for the folder)"""
        prefix = [] if program.is_relative_to(self.root) else ["--prefix", self.root]
        done = subprocess.run([sys.executable, "-B", program, *prefix, *words], input="typed\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment})
        return done.returncode, done.stdout.replace(str(self.root), "ROOT")

    def test_what_fits_is_validated_and_summed_up(self):
        self.assertEqual(self.run_verify(), (0, SUMMARY + GOOD))
        self.assertEqual(self.run_verify("--points"), (0, SUMMARY + "not verified:\n  - this\n  - that\nassumptions:\n  - those\n" + GOOD))
        installed = self.root / "bin/shmfifo-verify"
        installed.parent.mkdir()
        shutil.copy(here.parent / "shmfifo_verify.py", installed)
        self.assertEqual(self.run_verify(program=installed), (0, SUMMARY + GOOD))
        self.evidence({**EVIDENCE, "version": "9"}, "other.json")
        self.assertEqual(self.run_verify("--evidence", self.root / "other.json"), (0, SUMMARY.replace("1.2.3", "9") + GOOD))

    def test_each_difference_and_each_failure_is_a_line(self):
        (self.root / "include/shmfifo.h").unlink()
        self.write("include/shmfifo/a.hpp", "A")
        for name in ("shmfifo_more.h", "shmfifo/z.hpp", "shmfifo/protocol/y.hpp", "else.h", "shmfifo/x.h", "shmfifo/deep/x.hpp"):
            self.write(name, "", "include")
        first, second = EVIDENCE["requirements"]
        self.evidence({**EVIDENCE, "requirements": [{**first, "verdict": "failed"}, {**second, "verdict": "not checked"}]})
        code, text = self.run_verify()
        self.assertEqual((code, [line for line in text.splitlines() if line.startswith(BAD)], "\nvalidated" in text), (1, [
            f"{BAD}ROOT/include/shmfifo.h is missing", f"{BAD}ROOT/include/shmfifo/a.hpp is not the file that the evidence is about",
            *(f"{BAD}the evidence says nothing about ROOT/include/{name}"
              for name in ("shmfifo/protocol/y.hpp", "shmfifo/z.hpp", "shmfifo_more.h")),
            f"{BAD}G1 failed"], False))

    def test_without_evidence_nothing_is_validated(self):
        path = self.root / "share/shmfifo/evidence.json"
        for text, why in ((None, f"[Errno 2] No such file or directory: 'ROOT/{path.relative_to(self.root)}'"), ("{", ""), ("{}", "'subject'")):
            path.unlink(missing_ok=True)
            if text:
                path.write_text(text)
            code, said = self.run_verify()
            self.assertEqual(code, 2)
            self.assertTrue(said.startswith(f"{BAD}no evidence that can be read: {why}"), said)

    def rerun(self, program=COMES_BACK, libraries=("libshmfifo.a",), stress="", **environment):
        """(exit code, lines of the rerun and of the verdict)"""
        compiler = self.write("compilers/cxx", COMPILER, mode=0o755)
        (self.root / "calls").unlink(missing_ok=True)
        if program:
            self.write("program", program)
        for library in libraries:
            self.write(library, "", "lib")
        if stress:
            self.write("shmfifo_stress", stress, "bin", 0o755)
        code, text = self.run_verify("--rerun", "quick", **{"CXX": str(compiler), **environment})
        self.assertTrue(text.startswith(SUMMARY), text)
        return code, text.removeprefix(SUMMARY).splitlines()

    def calls(self):
        """Without the names of temporary folders and segments."""
        text = (self.root / "calls").read_text().replace(str(self.root), "ROOT")
        names = re.findall(r"program /shmfifo-verify-[0-9a-f]{16}\n", text)
        self.assertEqual(len(names), len(set(names)))
        text = re.sub(r"(?<=program /shmfifo-verify-)[0-9a-f]{16}", "NAME", text)
        return re.sub(r"-o \S+/shmfifo-verify-\w+/round_trip", "-o PROGRAM", text).splitlines()

    def test_a_round_trip_is_compiled_with_each_library_and_run(self):
        stress = PROGRAM.replace("program", "stress")
        self.assertEqual(self.rerun(libraries=("libshmfifo.so", "libshmfifo.a", "libother.a"), stress=stress), (0, [
            *(f"rerun: round trip with libshmfifo.{kind}{sanitizers}: passed"
              for kind in ("a", "so") for sanitizers in ("", " under sanitizers")),
            "rerun: 50,000 messages under kills and pauses: passed", GOOD.strip()]))
        self.assertEqual(self.calls(), [
            *(line for kind in ("a", "so") for extra in ("", SANITIZE) for line in (
                f"ROOT/compilers/cxx {FLAGS}{extra}-I ROOT/include ROOT/share/shmfifo/round_trip.cpp ROOT/lib/libshmfifo.{kind} "
                "-pthread -Wl,-rpath,ROOT/lib -o PROGRAM", "program /shmfifo-verify-NAME")),
            "stress --queue core_ring_wait --producers 2 --consumers 2 --faults mixed --messages 50000 --time-limit 60"])

    def test_a_rerun_that_fails_is_shown_with_its_output(self):
        failed = "rerun: round trip with libshmfifo.a{}: FAILED"
        for program, output in ((COMES_BACK + "cat\nexit 3\n", ["1000 messages came back", "exit code 3"]),
                                (PROGRAM + "echo 999 messages came back >&2\n", ["999 messages came back", "exit code 0"])):
            self.assertEqual(self.rerun(program), (1, [failed.format(""), *output, failed.format(" under sanitizers"), *output,
                                                       f"{BAD}the rerun failed"]))
        (self.root / "program").unlink()
        code, lines = self.rerun(program="")
        self.assertEqual((code, lines[:2], lines[3], lines[-1]), (1, [failed.format(""), "compiling"], "exit code 1",
                                                                 f"{BAD}the rerun failed"))
        self.assertEqual([line.split()[0] for line in self.calls()], ["ROOT/compilers/cxx"] * 2)

    def test_one_failure_of_several_fails_the_rerun(self):
        once = PROGRAM + '[ -e ROOT/once ] || { : > ROOT/once; exit 4; }\necho 1000 messages came back\n'
        code, lines = self.rerun(once)
        self.assertEqual((code, lines[0], lines[-2:]), (1, "rerun: round trip with libshmfifo.a: FAILED", [
            "rerun: round trip with libshmfifo.a under sanitizers: passed", f"{BAD}the rerun failed"]))
        self.assertEqual(self.rerun(stress="#!/bin/sh\necho lost\nexit 5\n"), (1, [
            "rerun: round trip with libshmfifo.a: passed", "rerun: round trip with libshmfifo.a under sanitizers: passed",
            "rerun: 50,000 messages under kills and pauses: FAILED", "lost", "exit code 5", f"{BAD}the rerun failed"]))

    def test_without_a_library_or_a_compiler_the_rerun_fails(self):
        self.assertEqual(self.rerun(libraries=()), (1, ["rerun: no library in ROOT/lib", f"{BAD}the rerun failed"]))
        (self.root / "empty").mkdir()
        self.assertEqual(self.rerun(CXX="", PATH=str(self.root / "empty")), (1, ["rerun: no C++ compiler (set CXX)", f"{BAD}the rerun failed"]))

    def test_the_first_compiler_that_is_found_is_used(self):
        (self.root / "tools").mkdir()
        for tool in ("cat", "chmod"):
            (self.root / "tools" / tool).symlink_to(shutil.which(tool))
        path = f"{self.root}/compilers:{self.root}/tools"
        for name in ("clang++", "g++", "c++"):
            self.write(name, COMPILER, "compilers", 0o755)
            self.assertEqual(self.rerun(CXX="", PATH=path)[0], 0)
            self.assertIn(f"/compilers/{name} -std", self.calls()[0])

    def test_a_command_that_does_not_end_fails(self):
        late = subprocess.TimeoutExpired("it", 600)
        with mock.patch.object(verify.subprocess, "run", side_effect=late) as run:
            self.assertEqual(verify.run(["it", 5]), (1, "no end after 600 seconds"))
        self.assertEqual((run.call_args.args, run.call_args.kwargs["timeout"]), ((["it", "5"],), 600))

    def test_a_wrong_word_is_refused(self):
        self.assertEqual(self.run_verify("--rerun", "slow")[0], 2)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            verify.summary(EVIDENCE)
        self.assertEqual(out.getvalue(), SUMMARY)


if __name__ == "__main__":
    unittest.main()
