#!/bin/bash
# beanstalkd 1.12 with a log (-b -f0): a release is undone by a restart, with its new priority, unless it has a delay
# Set-up: four jobs, which are put with priorities 1 to 4. "released" is reserved and released with priority 99; "delayed" the
#   same with a delay of 300 s; "buried" is reserved, buried with priority 99, kicked and reserved again; "timed" has a time to
#   run of 1 s and times out twice. The server is killed or stopped, and started with the same log, which it writes at once.
# A good guess: what was answered with RELEASED is in the log: priority 99 and the counts that stats-job shows.
# Seen: after the restart "released" has priority 1 again, and its reserves and releases are 0; "timed" has never been
#   delivered nor timed out. "delayed" and "buried" keep priority 99 and the counts as of the delay and the kick. An orderly
#   stop does the same as a kill.
# Why it matters: "back into the queue, behind the others" is taken back, so the job that was put aside comes first again;
#   and "bury what was delivered ten times" starts from nothing for just the jobs that kill or hang their workers.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages beanstalkd=1.12-2+b1
server=$root/usr/bin/beanstalkd
complete "$server"

cat >counts.py <<'PYTHON'
import os
import signal
import socket
import subprocess
import sys
import time

signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
program, port, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
NAMES = ("released", "delayed", "buried", "timed")


def start():
    return subprocess.Popen([program, "-l", "127.0.0.1", "-p", str(port), "-b", "log", "-f0"])


class Client:
    def __init__(self):
        for _ in range(100):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
                break
            except OSError:
                time.sleep(0.1)
        self.stream = self.socket.makefile("rb")

    def ask(self, command, *lines):
        self.socket.sendall("\r\n".join((command, *lines, "")).encode())
        answer = self.stream.readline().decode().split()
        if answer[0] in ("RESERVED", "OK"):
            return self.stream.read(int(answer[-1]) + 2).decode().strip()
        return " ".join(answer)

    def counts(self, job):
        stats = dict(line.split(": ") for line in self.ask(f"stats-job {job}").split("\n")[1:])
        return ", ".join(f"{key} {stats[key]}" for key in ("pri", "reserves", "timeouts", "releases", "buries", "kicks"))


def live(client):
    """Makes the three jobs and gives each its history."""
    for job, name in enumerate(NAMES, 1):
        seconds = 1 if name == "timed" else 600
        client.ask(f"put {job} 0 {seconds} {len(name)}", name)
    client.ask("reserve-job 1")
    client.ask("release 1 99 0")
    client.ask("reserve-job 2")
    client.ask("release 2 99 300")
    client.ask("reserve-job 3")
    client.ask("bury 3 99")
    client.ask("kick-job 3")
    client.ask("reserve-job 3")
    for deliveries in (1, 2):
        client.ask("reserve-job 4")
        while f"timeouts {deliveries}" not in client.counts(4):
            time.sleep(0.2)


def report(when, client):
    for job, name in enumerate(NAMES, 1):
        print(f"{how}, {when}, {name}: {client.counts(job)}")


os.mkdir("log")
server = start()
try:
    client = Client()
    live(client)
    report("before", client)
    server.send_signal(getattr(signal, how))
    server.wait()
    server = start()
    report("after", Client())
finally:
    server.kill()
    server.wait()
PYTHON
for how in SIGKILL SIGTERM; do
    with_libraries timeout 60 python3 -B counts.py "$server" "$(free_port)" "$how" | seen
    rm -rf log
done

for how in SIGKILL SIGTERM; do
    want "^$how, before, released: pri 99, reserves 1, timeouts 0, releases 1, buries 0, kicks 0$"
    want "^$how, before, delayed: pri 99, reserves 1, timeouts 0, releases 1, buries 0, kicks 0$"
    want "^$how, before, buried: pri 99, reserves 2, timeouts 0, releases 0, buries 1, kicks 1$"
    want "^$how, before, timed: pri 4, reserves 2, timeouts 2, releases 0, buries 0, kicks 0$"
    want "^$how, after, released: pri 1, reserves 0, timeouts 0, releases 0, buries 0, kicks 0$"
    want "^$how, after, delayed: pri 99, reserves 1, timeouts 0, releases 1, buries 0, kicks 0$"
    want "^$how, after, buried: pri 99, reserves 1, timeouts 0, releases 0, buries 1, kicks 1$"
    want "^$how, after, timed: pri 4, reserves 0, timeouts 0, releases 0, buries 0, kicks 0$"
done
verdict
