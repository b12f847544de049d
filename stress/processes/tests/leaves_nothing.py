#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: however a run ends, it leaves no process and no name, and names that killed runs left are removed.
Method: end the supervisor, or its whole session, by SIGKILL or SIGINT in the middle of a run, and look at
/proc and /dev/shm; make names of dead and of living runs, let a run go on in another pid namespace, and see
which names the next run removes."""
import fcntl
import os
import re
import secrets
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


def beginnings(pids):
    """The beginnings of the names of these processes: each maps the file that shows that its run lives."""
    found = set()
    for pid in pids:
        try:
            with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
                found.update(re.findall("/dev/shm/(shmfifo-run-[0-9a-f]{16}-)lock", file.read()))
        except OSError:
            pass
    return found


def start_run(queue, *before):
    mark = str(secrets.randbits(63))  # the seed: in the command line of every actor
    run = subprocess.Popen([*before, STRESS, "--queue", queue, "--duration", "600", "--producers", "2", "--consumers",
                            "2", "--faults", "mixed", "--seed", mark], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, start_new_session=True)
    # A supervisor, its guardian and four actors.
    wait_until(lambda: len(beginnings(processes(mark))) == 1 and len(processes(mark)) >= 5, f"{queue} runs")
    beginning, = beginnings(processes(mark))
    wait_until(lambda: len(names(beginning)) > 1, f"{queue} has a name")
    return run, mark, beginning


def killed_run(queue, end_it):
    run, mark, beginning = start_run(queue)
    time.sleep(0.2)
    end_it(run.pid)
    run.wait()
    wait_until(lambda: not processes(mark), f"the processes of {queue} are gone", lambda: describe(processes(mark)))
    wait_until(lambda: not names(beginning), f"the names of {queue} are gone")


def next_run(*before):
    subprocess.run([*before, STRESS, "--messages", "1000", "--seed", "1"], check=True, stdout=subprocess.DEVNULL)


def stale_names():
    dead, living = (f"shmfifo-run-{secrets.token_hex(8)}-" for _ in range(2))
    lock = os.open(f"{SHM}/{living}lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    try:
        for name in (dead, dead + "more", dead + "lock", living):
            with open(f"{SHM}/{name}", "wb"):
                pass
        next_run()
        if names(dead):
            sys.exit("the names of a dead run stayed")
        if len(names(living)) != 2:
            sys.exit("the names of a living run were removed")
    finally:
        for name in names(dead) + names(living):
            os.unlink(f"{SHM}/{name}")


def two_containers():
    """Two runs of one pid on one /dev/shm; then the first is killed with its guardian."""
    container = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        container.append("--map-root-user")
    run, mark, beginning = start_run("core_ring_wait", *container)
    before = set(names(beginning))
    next_run(*container)
    if not before <= set(names(beginning)):
        sys.exit("a run in another pid namespace was taken for dead")
    run.kill()
    run.wait()
    wait_until(lambda: not processes(mark), "the killed container is gone", lambda: describe(processes(mark)))
    next_run()
    if names(beginning):
        sys.exit("the names of a killed container stayed")


for tested in ("core_ring_wait", "core_log"):
    killed_run(tested, lambda pid: os.kill(pid, signal.SIGKILL))
    killed_run(tested, lambda pid: os.killpg(pid, signal.SIGKILL))
    killed_run(tested, lambda pid: os.kill(pid, signal.SIGINT))
stale_names()
two_containers()
print("nothing was left behind")
