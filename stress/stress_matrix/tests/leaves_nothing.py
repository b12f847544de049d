#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: however a run ends, it leaves no process and no name; what others left is cleared away.
Method: end the supervisor, or its whole session, by SIGKILL or SIGINT in the middle of a run, and look at
/proc and /dev/shm; plant names of dead and of living owners and see which ones the next run removes."""
import os
import signal
import subprocess
import sys
import time

STRESS = sys.argv[1]
SHM = "/dev/shm"
PATIENCE_S = 30  # until the test gives up; nothing is judged by it but "never"


def names(beginning):
    return [n for n in os.listdir(SHM) if n.startswith(beginning)]


def processes(mark):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{pid}/stat", "rb") as file:
                state = file.read().rsplit(b")", 1)[1].split()[0]
        except OSError:
            continue
        if mark.encode() in words and state != b"Z":
            found.append(int(pid))
    return found


def wait_until(condition, what, rest=lambda: ""):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"never: {what}; {rest()}")
        time.sleep(0.01)


def describe(pids):
    text = ""
    for pid in pids:
        for part in ("comm", "wchan", "status"):
            try:
                with open(f"/proc/{pid}/{part}", encoding="utf-8") as file:
                    text += f"{pid} {part}: {file.read()}\n"
            except OSError:
                pass
    return text


def killed_run(queue, end_it):
    mark = str(os.getpid() * 1000 + killed_run.count)  # the seed: in the command line of every actor
    killed_run.count += 1
    run = subprocess.Popen([STRESS, "--queue", queue, "--duration", "600", "--producers", "2", "--consumers", "2",
                            "--faults", "mixed", "--seed", mark], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, start_new_session=True)
    beginning = f"shmfifo-run-{run.pid}-"
    # A supervisor, its guardian and four actors.
    wait_until(lambda: names(beginning) and len(processes(mark)) >= 5, f"{queue} runs")
    time.sleep(0.2)
    end_it(run.pid)
    run.wait()
    wait_until(lambda: not processes(mark), f"the processes of {queue} are gone", lambda: describe(processes(mark)))
    wait_until(lambda: not names(beginning), f"the names of {queue} are gone")


killed_run.count = 0


def own_start_time():
    with open("/proc/self/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[19]


def stale_names():
    child = subprocess.Popen(["true"])
    child.wait()
    dead = f"shmfifo-run-{child.pid}-1-0-"
    living = f"shmfifo-run-{os.getpid()}-{own_start_time()}-0-"
    try:
        for name in (dead, dead + "more", living):
            with open(f"{SHM}/{name}", "wb") as file:
                file.write(b"left")
        subprocess.run([STRESS, "--messages", "1000", "--seed", "1"], check=True, stdout=subprocess.DEVNULL)
        if names(dead):
            sys.exit("the names of a dead owner stayed")
        if not names(living):
            sys.exit("the name of a living owner was removed")
    finally:
        for name in names(dead) + names(living):
            os.unlink(f"{SHM}/{name}")


for tested in ("core_ring_wait", "core_log"):
    killed_run(tested, lambda pid: os.kill(pid, signal.SIGKILL))
    killed_run(tested, lambda pid: os.killpg(pid, signal.SIGKILL))
    killed_run(tested, lambda pid: os.kill(pid, signal.SIGINT))
stale_names()
print("nothing was left behind")
