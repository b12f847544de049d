#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: however million_messages ends, it leaves no name in /dev/shm and no process.
Method: runs are ended by each signal at the worst moment, while a segment (with --peers: a queue of others, whose
library puts its own word before the name) has a name; then names and
processes (found by a mark in their environment) must be gone. First the check itself must notice a
name and a process that are left on purpose."""
import os
import re
import secrets
import signal
import subprocess
import sys
import time
import uuid

PROGRAM = sys.argv[1]
PEERS = sys.argv[2:] == ["--peers"]
WORST = ["--messages", "300000", "--executions", "20", *sys.argv[2:]]
PATIENCE_S = 30


def processes(mark):
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                environment = file.read().split(b"\0")
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                state = file.read().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if f"SHMFIFO_TEST_MARK={mark}".encode() in environment and state not in "ZX":
            found.append(int(entry))
    return found


def beginning_of(pid):
    """The beginning of the names of this run, which maps the file that shows that it lives; None before that."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        found = re.search("/dev/shm/(shmfifo-million-[0-9a-f]{16}-)lock", file.read())
    return found and found[1]


def names(beginning):
    return [n for n in os.listdir("/dev/shm") if beginning in n]


def at_the_worst(beginning):
    return any(not n.startswith(beginning) if PEERS else not n.endswith("-lock") for n in names(beginning))


def left_over(beginning, mark):
    """The names and processes that are still there after a while."""
    end = time.monotonic() + PATIENCE_S
    while True:
        rest = [f"/dev/shm/{n}" for n in names(beginning)] + [f"process {p}" for p in processes(mark)]
        if not rest or time.monotonic() > end:
            return rest
        time.sleep(0.01)


def start(mark):
    return subprocess.Popen([PROGRAM, *WORST], env={**os.environ, "SHMFIFO_TEST_MARK": mark},
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)


def wait_for_name(run):
    """The beginning of its names, once a segment has a name besides the lock."""
    end = time.monotonic() + PATIENCE_S
    while run.poll() is None and time.monotonic() < end:
        beginning = beginning_of(run.pid)
        if beginning and at_the_worst(beginning):
            return beginning
    raise SystemExit(f"no segment got a name: {run.stderr.read()}")


def clean_up(beginning, mark):
    for process in processes(mark):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for name in names(beginning) if beginning else []:
        os.unlink(f"/dev/shm/{name}")


def the_check_can_fail():
    global PATIENCE_S
    mark = uuid.uuid4().hex
    culprit = subprocess.Popen(["sleep", "600"], env={"SHMFIFO_TEST_MARK": mark})
    beginning = f"shmfifo-million-{secrets.token_hex(8)}-"
    name = f"/dev/shm/{beginning}canary"
    patience, PATIENCE_S = PATIENCE_S, 0.2
    try:
        with open(name, "w", encoding="ascii"):
            pass
        rest = left_over(beginning, mark)
    finally:
        clean_up(beginning, mark)
        culprit.wait()
        PATIENCE_S = patience
    if rest != [name, f"process {culprit.pid}"]:
        raise SystemExit(f"the check is blind: it reported {rest}")


def killed(what, end_run, expected):
    mark = uuid.uuid4().hex
    run = start(mark)
    beginning = None
    try:
        beginning = wait_for_name(run)
        end_run(run, mark)
        run.wait(timeout=PATIENCE_S)
        rest = left_over(beginning, mark)
    finally:
        clean_up(beginning, mark)
        run.wait()
    if rest:
        raise SystemExit(f"{what}: left over: {', '.join(rest)}")
    if run.returncode != expected:
        raise SystemExit(f"{what}: exit {run.returncode}, expected {expected}: {run.stderr.read()}")
    print(f"{what}: nothing left")


def kill_a_child(run, mark):
    children = [p for p in processes(mark) if p != run.pid and os.getpgid(p) == run.pid]
    os.kill(children[0], signal.SIGKILL)


def main():
    the_check_can_fail()
    killed("SIGKILL of the program", lambda run, _: run.kill(), -signal.SIGKILL)
    killed("SIGKILL of all its group", lambda run, _: os.killpg(run.pid, signal.SIGKILL),
           -signal.SIGKILL)
    killed("Ctrl-C", lambda run, _: os.killpg(run.pid, signal.SIGINT), -signal.SIGINT)
    killed("SIGTERM", lambda run, _: run.terminate(), -signal.SIGTERM)
    killed("SIGKILL of one of the two actors", kill_a_child, 1)


if __name__ == "__main__":
    main()
