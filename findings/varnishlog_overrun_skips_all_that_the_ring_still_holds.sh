#!/bin/bash
# Varnish 7.1.1: a log reader that was overrun gets nothing of what the shared-memory ring still holds
# Set-up: varnishd with a log ring (vsl) of 1 MiB, in which about 1300 requests have room. varnishlog reads the requests and is
#   stopped by a signal; while it is stopped there are first 300 requests, then, in a second round, 4000; each time it goes on
#   afterwards, and 10 more requests follow.
# A good guess: the 300 all come. Of the 4000 the oldest are gone, and the reader goes on with the oldest that is intact, so
#   that some 1300 come: that is what an overwriting ring is for.
# Seen: the 300 come. Of the 4000 none comes: "Log overrun", then "Log reacquired" at the end of the log; the 10 that follow
#   come. Exit code 0.
# Why it matters: the size of the ring does not say how much history survives an overrun: a reader that is late by one record
#   loses as much as one that is late by the whole ring. The last second before a trouble, which is in the ring, is not read.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools gcc python3
packages varnish=7.1.1-2+deb12u1 libvarnishapi3=7.1.1-2+deb12u1 libjemalloc2=5.3.0-1
lib_varnish=$folder/$lib/varnish
complete "$root/usr/sbin/varnishd" "$root/usr/bin/varnishlog"
export LD_LIBRARY_PATH=$folder/$lib:$lib_varnish

cat >answer.vcl <<'VCL'
vcl 4.1;
backend default none;
sub vcl_recv { return (synth(200, "OK")); }
VCL
cat >requests.py <<'PYTHON'
"""requests.py PORT NAME COUNT: asks for /NAME/0, /NAME/1 and so on, one after the other."""
import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
for number in range(int(sys.argv[3])):
    connection.request("GET", f"/{sys.argv[2]}/{number}")
    connection.getresponse().read()
PYTHON
port=$(free_port)
"$root/usr/sbin/varnishd" -F -j none -n "$folder/varnish" -a "127.0.0.1:$port" -l 1m -f "$folder/answer.vcl" \
    -p "vmod_path=$lib_varnish/vmods" -p "vcl_path=$folder/$root/usr/share/varnish/vcl" >varnishd.log 2>&1 &
server=$!
started+=("$server")
ask() { python3 -B requests.py "$port" "$@" 2>>requests.err; }
for _ in $(seq 100); do ask ready 1 && break; sleep 0.2; done
ask ready 1 || cannot "varnishd does not answer"

"$root/usr/bin/varnishlog" -n "$folder/varnish" -g request -i ReqURL >log.txt 2>log.err &
reader=$!
started+=("$reader")
sleep 1
# late BURST: what comes of a burst while the reader is stopped, and of the 10 requests that follow
late() {
    kill -STOP "$reader"
    ask "burst$1" "$1"
    kill -CONT "$reader"
    sleep 2
    ask "after$1" 10
    sleep 2
    echo "burst of $1: $(grep -c "/burst$1/" log.txt) came, then $(grep -c "/after$1/" log.txt) of 10"
}
late 300 | seen
echo "overruns after 300: $(grep -c 'Log overrun' log.err)" | seen
late 4000 | seen
kill "$reader"
wait "$reader"
echo "exit code $?, overruns after 4000: $(grep -c 'Log overrun' log.err), reacquired: $(grep -c 'Log reacquired' log.err)" | seen
end_process "$server"

want '^burst of 300: 300 came, then 10 of 10$'
want '^overruns after 300: 0$'
want '^burst of 4000: 0 came, then 10 of 10$'
want '^exit code 0, overruns after 4000: 1, reacquired: 1$'
verdict
