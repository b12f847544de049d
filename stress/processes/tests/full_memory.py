#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a full /dev/shm is a clear error at the start, leaves nothing behind, and never ends a running queue.
Method: a mount namespace with a /dev/shm of 16 MB; a log that does not fit, a ring that fits, and
a ring that runs while the rest is filled."""
import os
import subprocess
import sys

SHM = "/dev/shm"
INSIDE = "--inside"


def enter_namespace():
    """Runs this script again as root of a user namespace, or as root, with private mounts."""
    command = [sys.executable, __file__, INSIDE, sys.argv[1]]
    for how in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        if subprocess.run(how + ["true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            sys.exit(subprocess.run(how + command, check=False).returncode)
    sys.exit("no mount namespace: run as root, or allow user namespaces (kernel.unprivileged_userns_clone)")


def check(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


def main(stress):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", SHM], check=True)

    log = subprocess.run([stress, "--queue", "core_log", "--messages", "1000000", "--seed", "1"], capture_output=True,
                         text=True, check=False)
    check(log.returncode == 3, f"a log that does not fit is refused (exit code {log.returncode})")
    cause = "in /dev/shm failed: No space left on device. That file system is full"
    check(cause in log.stderr, f"the cause and the cure are named: {log.stderr}")
    check(not os.listdir(SHM), "nothing is left of it")

    ring = [stress, "--queue", "core_ring_wait", "--producers", "4", "--consumers", "4", "--seed", "2", "--faults",
            "mixed", "--messages", "400000"]
    check(subprocess.run(ring, stdout=subprocess.DEVNULL, check=False).returncode == 0, "a ring that fits works")

    running = subprocess.Popen(ring, stdout=subprocess.DEVNULL)
    while all(name.endswith("-lock") for name in os.listdir(SHM)):
        check(running.poll() is None, "the ring was there before it ended")
    filled = 0
    with open(f"{SHM}/filler", "wb", buffering=0) as file:
        try:
            while True:
                filled += file.write(b"x" * 65536)
        except OSError:
            pass
    check(running.wait() == 0, "a ring goes on while all the rest of the memory is taken")
    check(filled > 8 << 20, "the rest was taken")
    check(os.listdir(SHM) == ["filler"], "nothing else is left")
    print("full memory is an error at the start and never later")


if sys.argv[1] == INSIDE:
    main(sys.argv[2])
else:
    enter_namespace()
