#!/bin/bash
# gearmand 1.1.20: a background job whose unique key is in use, be it by a job that runs already, is answered and never done
# Set-up: a worker takes a background job with unique key "account" and data "one". While it works, a client submits "two"
#   under the same key; then the worker finishes and asks for more. Next, with nobody at work, a job is submitted at low
#   priority, another key at normal priority, then the first key again at high priority with other data.
# A good guess: a key merges jobs that wait. Once a worker has taken its copy, "two" is a new job and is done afterwards. A
#   repeated key at high priority moves the waiting job up, with the first data or with the last.
# Seen: "two" is answered with JOB_CREATED and the handle of the job that runs, and the worker is never given it. The job that
#   waits keeps its low priority and its first data, and comes after the normal one.
# Why it matters: "something has changed, do it again" under a key loses the change if it falls into the run of the last one:
#   the worker has read the old state already. A background client has no way to know: the answer is the usual one.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages gearman-job-server=1.1.20+ds-1 libgearman8=1.1.20+ds-1 libevent-2.1-7=2.1.12-stable-8+deb12u1 \
    libevent-pthreads-2.1-7=2.1.12-stable-8+deb12u1 libmariadb3=1:10.11.19-0+deb12u1 libmemcached11=1.1.4-1 libhashkit2=1.1.4-1 \
    libboost-program-options1.74.0=1.74.0+ds1-21 libhiredis0.14=0.14.1-3 libpq5=15.20-0+deb12u1
server=$root/usr/sbin/gearmand
complete "$server"
port=$(free_port)
LD_LIBRARY_PATH=$folder/$lib "$server" -L 127.0.0.1 -p "$port" -l gearmand.log &
started+=($!)

cat >keys.py <<'PYTHON'
import socket
import struct
import sys
import time

CAN_DO, NO_JOB, WORK_COMPLETE, GRAB_JOB_UNIQ, JOB_ASSIGN_UNIQ = 1, 10, 13, 30, 31
SUBMIT, SUBMIT_HIGH, SUBMIT_LOW, JOB_CREATED = 18, 32, 34, 8  # in the background


class Connection:
    def __init__(self, port):
        for _ in range(100):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
                break
            except OSError:
                time.sleep(0.1)
        self.stream = self.socket.makefile("rb")

    def send(self, kind, *words):
        body = b"\0".join(word.encode() for word in words)
        self.socket.sendall(b"\0REQ" + struct.pack(">II", kind, len(body)) + body)

    def ask(self, kind, *words):
        self.send(kind, *words)
        answer, length = struct.unpack(">4xII", self.stream.read(12))
        return answer, [word.decode() for word in self.stream.read(length).split(b"\0")]


client, worker = Connection(int(sys.argv[1])), Connection(int(sys.argv[1]))
worker.send(CAN_DO, "work")


def submit(kind, key, data):
    answer, words = client.ask(kind, "work", key, data)
    return words[0] if answer == JOB_CREATED else "refused"


def take():
    answer, words = worker.ask(GRAB_JOB_UNIQ)
    return words if answer == JOB_ASSIGN_UNIQ else None


first = submit(SUBMIT, "account", "one")
running = take()
second = submit(SUBMIT, "account", "two")
print("while it runs:", "the same handle" if second == first else second)
worker.send(WORK_COMPLETE, running[0], "")
print("after it:", take())

handles = [submit(SUBMIT_LOW, "slow", "low"), submit(SUBMIT, "other", "normal"), submit(SUBMIT_HIGH, "slow", "high")]
print("repeated at high priority:", "the same handle" if handles[0] == handles[2] else handles[2])
done = []
while job := take():
    done.append(job[3])
    worker.send(WORK_COMPLETE, job[0], "")
print("done:", *done)
PYTHON
timeout 60 python3 -B keys.py "$port" | seen

want '^while it runs: the same handle$'
want '^after it: None$'
want '^repeated at high priority: the same handle$'
want '^done: normal low$'
verdict
