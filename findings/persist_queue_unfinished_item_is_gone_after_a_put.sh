#!/bin/bash
# persist-queue 0.5.1, persistqueue.Queue: whether an unfinished item comes back depends on what other items did meanwhile
# Set-up: "a" to "e" are put. An item is taken and not finished (no task_done), then the queue is opened anew: at once; after
#   another item was put; after three were taken and only the first one's task_done was called.
# A good guess: what was taken and not finished comes back, each item for itself, as the name of task_done suggests: "a",
#   "a", and "b" with "c".
# Seen: at once: "a" comes back. After a put: "a" is gone, for a put saves the reader's place too. After one task_done of
#   three: "b" and "c" are gone with it.
# Why it matters: in a quiet test an item survives the death of its worker, in service, where somebody puts all the time, it
#   is lost; and with two workers the faster one finishes the slower one's item.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages python3-persist-queue=0.5.1-1

cat >unfinished.py <<'PYTHON'
from persistqueue import Queue


def queue_of_five(path):
    queue = Queue(path)
    for item in "abcde":
        queue.put(item)
    return queue


def opened_anew(name, path):
    queue = Queue(path)
    print(f"{name}:", *(queue.get() for _ in range(queue.qsize())))


queue = queue_of_five("at_once")
queue.get()
opened_anew("taken", "at_once")

queue = queue_of_five("after_a_put")
queue.get()
queue.put("f")
opened_anew("taken, then another put", "after_a_put")

queue = queue_of_five("after_a_task")
for _ in range(3):
    queue.get()
queue.task_done()
opened_anew("three taken, one finished", "after_a_task")
PYTHON
PYTHONPATH=$root/usr/lib/python3/dist-packages timeout 30 python3 -B unfinished.py | seen

want '^taken: a b c d e$'
want '^taken, then another put: b c d e f$'
want '^three taken, one finished: d e$'
verdict
