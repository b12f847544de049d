#!/bin/bash
# queuelib 1.6.2 FifoDiskQueue: after its process was killed, it is empty, and what it pops next is not what was pushed
# Set-up: a process opens the queue, pushes "old0" to "old4", pops two and ends without close(). A second process opens the
#   same queue and pushes and pops. In another folder: a queue that was closed in order is opened, two are popped, one is
#   pushed, and the process ends without close().
# A good guess: a queue on disk: the second process finds the 3 that are left, or all 5; or an error. What it pushes itself
#   comes out in order after them.
# Seen: the length is 0. "new" is pushed, the length is 1, and pop returns "old0", which had been popped before the end. Then
#   "newer" and "newest" are pushed and pops return "old1" and "old2"; now the length is 0 again, and close() removes the
#   files with "new" and all that follows in them. The queue that was closed once comes back as of that close: the two pops
#   and the push are undone.
# Why it matters: not just loss: every reader after the crash gets items of the past under a length that counts the new ones,
#   so "popped equals pushed" holds while each single item is wrong.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages python3-queuelib=1.6.2-2

cat >kill.py <<'PYTHON'
import os

from queuelib import FifoDiskQueue


def in_a_process_that_dies(work, path):
    child = os.fork()
    if child == 0:
        work(FifoDiskQueue(path))
        os._exit(0)
    os.waitpid(child, 0)


def push(queue, *items):
    for item in items:
        queue.push(item.encode())


def pop(queue, count):
    return " ".join(str(item and item.decode()) for item in (queue.pop() for _ in range(count)))


def first_life(queue):
    push(queue, *(f"old{i}" for i in range(5)))
    pop(queue, 2)


in_a_process_that_dies(first_life, "killed")
queue = FifoDiskQueue("killed")
print("length after the kill:", len(queue))
push(queue, "new")
print(f"new was pushed: length {len(queue)}, popped {pop(queue, 1)}")
push(queue, "newer", "newest")
print(f"newer and newest were pushed: length {len(queue)}, popped {pop(queue, 3)}")
queue.close()
print("files after close:", "some" if os.path.exists("killed") else "none")


def second_life(queue):
    pop(queue, 2)
    push(queue, "b0")


queue = FifoDiskQueue("closed")
push(queue, "a0", "a1", "a2")
queue.close()
in_a_process_that_dies(second_life, "closed")
queue = FifoDiskQueue("closed")
print(f"closed once: length {len(queue)}, popped {pop(queue, 4)}")
PYTHON
PYTHONPATH=$root/usr/lib/python3/dist-packages timeout 30 python3 -B kill.py | seen

want '^length after the kill: 0$'
want '^new was pushed: length 1, popped old0$'
want '^newer and newest were pushed: length 2, popped old1 old2 None$'
want '^files after close: none$'
want '^closed once: length 3, popped a0 a1 a2 None$'
verdict
