#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: two runs that have one pid, as in two containers on one /dev/shm, use no name of each other, and leave none.
Method: the command runs twice, each time in a pid namespace of its own, on a /dev/shm that nobody else sees; inotify
lists the names that each run makes.

usage: one_pid_test.py COMMAND..."""
import ctypes
import os
import select
import struct
import subprocess
import sys
import time

SHM = "/dev/shm"
INSIDE = "--inside"
CREATED = 0x100  # IN_CREATE
EVENT = struct.Struct("iIII")
PATIENCE_S = 30
libc = ctypes.CDLL(None, use_errno=True)


def enter_namespace():
    """Runs this script again with mounts of its own, as root or as root of a user namespace."""
    command = [sys.executable, "-B", __file__, INSIDE, *sys.argv[1:]]
    for how in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        if subprocess.run([*how, "true"], stderr=subprocess.DEVNULL).returncode == 0:
            os.execvp(how[0], [*how, *command])
    sys.exit("no mount namespace: run as root, or allow user namespaces (kernel.unprivileged_userns_clone)")


def created_names(watch):
    names = set()
    while select.select([watch], [], [], 0)[0]:
        events = os.read(watch, 1 << 16)
        while events:
            length = EVENT.unpack_from(events)[3]
            names.add(events[EVENT.size:EVENT.size + length].rstrip(b"\0").decode())
            events = events[EVENT.size + length:]
    return names


def run(command, watch):
    done = subprocess.run(["unshare", "--pid", "--fork", "--kill-child", *command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"exit {done.returncode}: {done.stdout}{done.stderr}")
    return created_names(watch)


def main(command):
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", SHM], check=True)
    watch = libc.inotify_init1(os.O_CLOEXEC)
    libc.inotify_add_watch(watch, SHM.encode(), CREATED)
    first, second = run(command, watch), run(command, watch)
    if not first or not second:
        sys.exit(f"no name was made: {first}, {second}")
    if first & second:
        sys.exit(f"both runs used {sorted(first & second)}")
    end = time.monotonic() + PATIENCE_S
    while os.listdir(SHM):
        if time.monotonic() > end:
            sys.exit(f"left behind: {os.listdir(SHM)}")
        time.sleep(0.01)
    print(f"{len(first)} and {len(second)} names, none in common")


if sys.argv[1] == INSIDE:
    main(sys.argv[2:])
else:
    enter_namespace()
