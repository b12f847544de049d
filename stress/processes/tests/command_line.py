#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the command line of shmfifo_stress keeps its contract: exit codes, the seed first, replay, files; that of a
program with a user's queue, too. Method: run them with right and wrong arguments, and judge a saved history whole and
damaged. usage: command_line.py SHMFIFO_STRESS PROGRAM-WITH-THE-QUEUE-socket PROGRAM-WITH-ill_behaved_queues"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

STRESS, USERS, ILL_BEHAVED = sys.argv[1:]


def run(*words, program=STRESS, **variables):
    return subprocess.run([program, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, **variables})


def check(condition, what, seen=""):
    if not condition:
        sys.exit(f"not so: {what}\n{seen}")


def usage():
    for words in (["--queue", "nonsense"], ["--producers", "0"], ["--nonsense"], ["--mode", "heap"],
                  ["--faults", "fire"], ["--queue", "core_ring_wait_single", "--producers", "2"],
                  ["--messages", "x"], ["--messages", str(2**64 - 1)], ["--slots", "0"], ["--stall-ms", "1"],
                  ["--consumers", "0", "--observers", "0"], ["soak", "--hours", "-1"],
                  *(["--queue", "pipe", "--scenario", word] for word in ("intruder", "recoverer", "creator"))):
        seen = run(*words)
        check(seen.returncode == 2, f"{words} is a usage error", seen)
        check(seen.stderr, f"{words} is explained", seen)
    check(run("--help").returncode == 0, "--help")
    listed = run("--list")
    check(listed.returncode == 0 and "core_ring_overwrite" in listed.stdout, "--list", listed)


def files(folder):
    at = lambda name: os.path.join(folder, name)
    seen = run("--producers", "2", "--consumers", "2", "--observers", "1", "--messages", "20000", "--faults", "mixed",
               "--fault-every", "500", "--stall-ms", "20000", "--time-limit", "500", "--json", at("json"), "--junit", at("junit"), "--save-history", at("history"))
    check(seen.returncode == 0, "a run of the core is ok", seen)
    check(re.match(r"seed \d+\n", seen.stdout), "the seed comes first", seen)
    with open(at("json"), encoding="utf-8") as file:
        facts = json.load(file)
    check("; last look 20 ms\n" in seen.stdout and facts["last_look_ms"] == 20, "the last look is stated", facts)
    check(facts["verdict"] == "ok" and facts["kills"] + facts["pauses"] > 0, "the JSON tells the run", facts)
    check(f"--seed {facts['seed']}" in facts["replay"] and f"seed {facts['seed']}\n" in seen.stdout,
          "the replay command has the seed", facts)
    check("--stall-ms 20000 --time-limit 500" in facts["replay"], "and the limits", facts)
    suite = xml.etree.ElementTree.parse(at("junit")).getroot()
    check(suite.get("tests") == "1" and suite.get("failures") == "0", "the JUnit file tells the run")

    judged = run("--judge", at("history"))
    check(judged.returncode == 0 and "\nok\n" in judged.stdout, "the saved history is ok again", judged)
    with open(at("history"), "r+b") as file:
        file.seek(-24 + 8, os.SEEK_END)  # the identity in the last event, an observer's
        word = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([word[0] ^ 1]))
    judged = run("--judge", at("history"))
    check(judged.returncode == 1 and "violation: " in judged.stdout, "a changed history is a violation", judged)
    with open(at("history"), "wb") as file:
        file.write(b"nonsense")
    check(run("--judge", at("history")).returncode == 3, "nothing is known of a file that is no history")
    seen = run("--messages", "1000", "--last-look-ms", "7", "--json", at("json"))
    with open(at("json"), encoding="utf-8") as file:
        check(" --last-look-ms 7" in json.load(file)["replay"], "another one is replayed, too", seen)
    replayed = run(*facts["replay"].split()[1:])
    check(replayed.returncode == 0, "the replay command works", replayed)


def soak(folder):
    state = os.path.join(folder, "state")
    words = ["soak", "--hours", "1", "--round", "2000", "--state", state]
    first = run(*words, "--messages", "5000")
    check(first.returncode == 0 and "round 0: " in first.stdout, "a soak runs", first)
    second = run(*words, "--messages", "9000")
    check(second.returncode == 0 and "round 0: " not in second.stdout and "round 3: " in second.stdout,
          "a soak goes on where it stopped", second)
    with open(state, encoding="utf-8") as file:
        check(json.load(file)["sent"] >= 8900, "the sums are kept")
    idle = run("soak", "--hours", "1", "--round", "1", "--state", state + "-of-short-rounds")
    check(idle.returncode == 3 and "unknown: faults that were asked for did not happen" in idle.stdout,
          "a round without faults ends a soak", idle)
    check(run(*words, "--seed", "99").returncode == 3, "another seed's state is refused")


def faults():
    """A run shows nothing about deaths if nobody died."""
    seen = run("--messages", "20000", "--faults", "mixed", "--fault-every", "1000000")
    check(seen.returncode == 3, "a run without the faults it was asked for is unknown", seen)
    check("\nunknown: faults that were asked for did not happen: no producer was killed, no consumer was killed, nobody "
          "was paused" in seen.stdout and "--fault-every" in seen.stdout, "and says what to change", seen)
    for words in (["--duration", "5"], ["--producers", "2", "--faults", "kill-producers"], ["--faults", "kill-consumers"],
                  ["--faults", "kill"], ["--faults", "stop"], ["--scenario", "recoverer"], ["--scenario", "creator"]):
        seen = run("--messages", "2000", "--faults", "mixed", "--fault-every", "1000000", *words)
        check(seen.returncode == 3 and "\nunknown: faults that were asked for did not happen: " in seen.stdout,
              f"so is one with {words}", seen)
    seen = run("--messages", "20000", "--faults", "mixed", "--producers", "2", "--consumers", "2")
    check(seen.returncode == 0, "the default injects enough", seen)


def ill_behaved(folder):
    at = lambda name: os.path.join(folder, name)
    seen = run("--queue", "ends_in_destroy", "--messages", "1000", "--json", at("early.json"), "--junit",
               at("early.junit"), "--save-history", at("early.history"), program=ILL_BEHAVED)
    check(seen.returncode == -signal.SIGABRT, "a queue ends the program when it is destroyed", seen)
    check(seen.stdout.endswith("\nok\n"), "after the verdict was printed", seen)
    for name in ("early.json", "early.junit", "early.history"):
        check(os.path.getsize(at(name)) > 0, f"and {name} was written")
    for queue, where in (("throws_in_create", "create "), ("throws_when_made", "")):
        seen = run("--queue", queue, program=ILL_BEHAVED)
        check(seen.returncode == 3, f"{queue} is no verdict", seen)
        check(seen.stderr == f"{ILL_BEHAVED}: {where}threw something that is no std::exception\n",
              f"{queue} gets a sentence", seen)
    for words in (["--list"], ["--queue", "socket"]):
        seen = run(*words, program=ILL_BEHAVED, SHMFIFO_TEST_TWO_OF_ONE_NAME="1")
        check(seen.returncode == 2 and "two queues are registered as 'ends_in_destroy'" in seen.stderr,
              "a name stands for one queue", seen)


def users_program():
    words = ["--queue", "socket", "--messages", "5000", "--slots", "64", "--seed", "7", "--faults", "stop",
             "--fault-every", "1000000"]
    seen = run(*words, program=USERS)
    replay = re.search("^replay: (.*)$", seen.stdout, re.MULTILINE)
    check(replay and replay[1].startswith(USERS + " --queue socket "), "the replay line names the user's program", seen)
    again = subprocess.run(replay[1].split(), capture_output=True, text=True, check=False)
    check(again.returncode == seen.returncode == 3, "which can be run", again)
    refused = run("--queue", "nonsense", program=USERS)
    check(refused.stderr.startswith(USERS + ": "), "and so do its errors", refused)


usage()
faults()
users_program()
with tempfile.TemporaryDirectory() as temporary:
    files(temporary)
    ill_behaved(temporary)
    soak(temporary)
print("the command line keeps its contract")
