#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: `ci/run.sh all` never reports more than it ran. Method: ci/all.py with a runner that logs its
calls and fails as the case asks: order, failures, what is run again, and the table are compared."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CI = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CI))
import jobs  # noqa: E402

RUNNER = """#!/bin/sh
echo "$1" >> "$CALLS"
echo "100% tests passed, 0 tests failed out of 7"
case " $FAIL " in *" $1 "*) exit 3 ;; esac
case " $HANG " in *" $1 "*) sleep 1000 & echo $! > "$CALLS.child"; wait ;; esac
"""
ALL = jobs.matrix()


class Case:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.calls = self.folder / "calls"
        self.runner = self.folder / "runner"
        self.runner.write_text(RUNNER)
        self.runner.chmod(0o755)

    def start(self, *options, fail="", hang=""):
        self.calls.write_text("")
        return subprocess.Popen([sys.executable, CI / "all.py", "--folder", self.folder / "state", "--runner",
                                 self.runner, *options], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                env={**os.environ, "CALLS": str(self.calls), "FAIL": fail, "HANG": hang})

    def end(self, process):
        """(exit code, jobs run, output)"""
        output, _ = process.communicate()
        return process.returncode, self.calls.read_text().split(), output

    def run(self, *options, fail=""):
        return self.end(self.start(*options, fail=fail))

    def child_of_a_hanging_job(self):
        child = Path(f"{self.calls}.child")
        while not child.exists() or not child.read_text().endswith("\n"):
            time.sleep(0.01)
        return int(child.read_text())


def lives(pid):
    """True if the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def stops_at_a_failure_and_goes_on_there(case):
    bad = ALL[2]
    code, ran, text = case.run(fail=bad)
    assert code == 1 and ran == ALL[:3], (code, ran)
    assert "FAILED (3)" in text and "not run" in text, text
    assert f"2 of {len(ALL)} jobs passed, 21 tests" in text, text
    code, ran, text = case.run()
    assert code == 0 and ran == ALL[2:], (code, ran)
    assert f"{len(ALL)} of {len(ALL)} jobs passed" in text and text.count("passed before") == 2, text
    assert case.run()[1] == [], "what had passed was run again"
    assert case.run("--fresh")[1] == ALL


def keeps_going_if_asked(case):
    code, ran, text = case.run("--keep-going", fail=ALL[0])
    assert code == 1 and ran == ALL and "not run" not in text, (code, ran, text)


def runs_only_what_is_asked(case):
    assert case.run("--only", ALL[1], "--only", ALL[0])[:2] == (0, ALL[:2])
    code, ran, text = case.run("--only", "no-such-job")
    assert code == 2 and ran == [] and "not in the matrix: no-such-job" in text, (code, ran, text)


def runs_several_at_a_time(case):
    code, ran, _ = case.run("--jobs", "3")
    assert code == 0 and sorted(ran) == sorted(ALL), (code, ran)


def does_not_trust_the_state_of_another_tree(case):
    assert case.run("--only", ALL[0])[1] == ALL[:1]
    state = case.folder / "state/state.json"
    text = state.read_text()
    state.write_text(text.replace('"tree": "', '"tree": "0'))
    assert case.run("--only", ALL[0])[1] == ALL[:1], "the state of another tree was believed"
    state.write_text("{ torn")
    assert case.run("--only", ALL[0])[1] == ALL[:1], "a torn state was believed"


def ends_all_it_started_when_it_is_interrupted(case):
    for number in (signal.SIGINT, signal.SIGTERM):
        process = case.start("--keep-going", "--fresh", hang=ALL[1])
        child = case.child_of_a_hanging_job()
        process.send_signal(number)
        code, ran, text = case.end(process)
        assert code == 130 and ran == ALL[:2], (code, ran, text)
        assert f"1 of {len(ALL)} jobs passed" in text and "FAILED (-15)" in text, text
        assert "goes on with what has not passed" in text and "Traceback" not in text, text
        while lives(child):  # for ever if it was left behind: ctest's time-out ends that
            time.sleep(0.01)
        Path(f"{case.calls}.child").unlink()


def refuses_words_that_it_does_not_know(case):
    for words, said in ((("--jobs", "0"), "--jobs must be at least 1"), (("--jobs", "x"), "invalid int"), (("word",), "unrecognized")):
        code, ran, text = case.run(*words)
        assert code == 2 and ran == [] and said in text, (code, ran, text)


def prints_a_row_for_each_job(case):
    code, _, text = case.run("--only", ALL[0], "--only", ALL[1], "--keep-going", fail=ALL[0])
    lines = [re.sub(r" \d:\d\d", " 0:00", line) for line in text.splitlines()]
    folder = case.folder / "state"
    assert lines == [f"ci: {ALL[0]} ...", f"ci: {ALL[0]} FAILED (3) after 0:00", f"ci: {ALL[1]} ...", f"ci: {ALL[1]} passed after 0:00",
                     "", f"{'job':20} {'tests':>6} {'time':>7}  {'verdict':14} log",
                     f"{ALL[0]:20} {'7':>6} {'0:00':>7}  {'FAILED (3)':14} {folder}/{ALL[0]}.log",
                     f"{ALL[1]:20} {'7':>6} {'0:00':>7}  {'passed':14} {folder}/{ALL[1]}.log",
                     "ci: 1 of 2 jobs passed, 14 tests"] and code == 1, text
    assert (folder / f"{ALL[1]}.log").read_text() == "100% tests passed, 0 tests failed out of 7\n"
    _, _, text = case.run("--only", ALL[2], fail=ALL[2])
    assert f"{ALL[2]:20} {'7':>6}" in text, text
    _, _, text = case.run(fail=ALL[0])  # nothing was run of the second
    assert f"{ALL[1]:20} {'7':>6} " in text and f"{ALL[2]:20} {'-':>6} {'0:00':>7}  {'not run':14} \n" in text, text


def remembers_only_for_the_tree_as_it_is(case):
    """A copy in a repository of its own, which is changed in each way that git distinguishes."""
    root = case.folder / "tree"
    (root / "ci").mkdir(parents=True)
    for name in ("all.py", "jobs.py"):
        shutil.copy(CI / name, root / "ci")
    (root / ".gitignore").write_text("__pycache__\n")

    def git(*words):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", root, *words], check=True, capture_output=True)

    def ran():
        case.calls.write_text("")
        done = subprocess.run([sys.executable, "-B", root / "ci/all.py", "--only", ALL[0], "--folder", case.folder / "state",
                               "--runner", case.runner], env={**os.environ, "CALLS": str(case.calls)}, capture_output=True)
        assert done.returncode == 0, done.stderr
        return case.calls.read_text().split() == [ALL[0]]

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    assert ran() and not ran()
    changes = (lambda: (root / "new.cpp").write_text("1"), lambda: (root / "new.cpp").write_text("2"),
               lambda: (root / "new.cpp").rename(root / "other.cpp"), lambda: (root / "ci/jobs.py").open("a").write("\n"),
               lambda: git("commit", "-qam", "second"), lambda: git("add", "other.cpp"))
    for number, change in enumerate(changes):
        change()
        assert ran(), f"change {number} was not noticed"
        assert not ran(), f"after change {number} nothing is remembered"


def main():
    cases = (refuses_words_that_it_does_not_know, prints_a_row_for_each_job, remembers_only_for_the_tree_as_it_is,
             stops_at_a_failure_and_goes_on_there, keeps_going_if_asked, runs_only_what_is_asked,
             runs_several_at_a_time, does_not_trust_the_state_of_another_tree,
             ends_all_it_started_when_it_is_interrupted)
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            case(Case(folder))
    print(f"{len(cases)} passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
