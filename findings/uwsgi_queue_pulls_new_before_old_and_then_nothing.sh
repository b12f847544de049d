#!/bin/bash
# uWSGI 2.0.21, its shared queue (--queue): overrun once, it is no FIFO any more and hides the next item
# Set-up: a queue with 4 slots, used through the Python plugin: "1" to "6" are pushed, so that two are overwritten; everything
#   is pulled; then "7" is pushed and pulled.
# A good guess: a ring: pulls give 3, 4, 5, 6, then None; afterwards 7.
# Seen: every push returns True. Pulls give 5, 6, 3, 4: pushing moves past the reader's place without taking it along. Then
#   None, and "7" is pushed with True but pull still says None: it lies in slot 2 while the reader waits at slot 0. After
#   "8" in slot 3 and "9" in slot 0 pulls give 9, then None, and so does queue_pop, which takes from the other end; 7 and 8
#   still lie in their slots and only queue_get, by number, shows them.
# Why it matters: the overwritten items are the loss one plans for; the order is not, nor are items that nobody is given
#   although the queue is nearly empty. After one overrun "pull until None" stops too early for good.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

packages uwsgi-core=2.0.21-5.1 uwsgi-plugin-python3=2.0.21-5.1 libyajl2=2.1.0-3+deb12u2 libpcre3=2:8.39-15 \
    libjansson4=2.14-2 libmatheval1=1.1.11+dfsg-5
plugins=$root/usr/lib/uwsgi/plugins
complete "$root/usr/bin/uwsgi-core" "$plugins/python311_plugin.so"

cat >overrun.py <<'PYTHON'
import os
import sys

import uwsgi

sys.stdout = open("result.txt", "w", encoding="ascii")  # uWSGI puts its own words on both streams


def push(*items):
    return [uwsgi.queue_push(str(item).encode()) for item in items]


def pull(count):
    return " ".join(item.decode() if item else "None" for item in (uwsgi.queue_pull() for _ in range(count)))


def slots():
    return f"next push into slot {uwsgi.queue_slot()}, next pull from slot {uwsgi.queue_pull_slot()}"


print("slots:", uwsgi.queue_size)
print("every push was fine:", all(push(1, 2, 3, 4, 5, 6)))
print("pulled:", pull(5))
print("another push was fine:", all(push(7)))
print("pulled after the push of 7:", pull(2))
print("then:", slots())
push(8, 9)
print("pulled after 8 and 9:", pull(3))
print("popped:", uwsgi.queue_pop())
print("lying in slots 0 to 3:", " ".join(item.decode() if item else "-" for item in map(uwsgi.queue_get, range(4))))
sys.stdout.flush()
os._exit(0)
PYTHON
with_libraries timeout 30 "$root/usr/bin/uwsgi-core" --plugins-dir "$plugins" --plugin python311 --queue 4 \
    --wsgi-file overrun.py --socket 127.0.0.1:0 >uwsgi.log 2>&1
seen <result.txt

want '^slots: 4$'
want '^every push was fine: True$'
want '^pulled: 5 6 3 4 None$'
want '^another push was fine: True$'
want '^pulled after the push of 7: None None$'
want '^then: next push into slot 3, next pull from slot 0$'
want '^pulled after 8 and 9: 9 None None$'
want '^popped: None$'
want '^lying in slots 0 to 3: - - 7 8$'
verdict
