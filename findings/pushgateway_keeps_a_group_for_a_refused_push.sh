#!/bin/bash
# Pushgateway 1.5.1: a push that is refused leaves a group behind, and the HELP of a metric changes by itself
# Set-up: job "a" pushes a counter, job "b" the same counter with another HELP text, job "c" the same name as a gauge, which
#   is refused with 400. Then the gateway is read 200 times, with nothing pushed in between.
# A good guess: the refused push leaves no trace. Of the two texts one is shown, always the same: the first or the last.
# Seen: group "c" exists from now on: push_time_seconds is 0 for it, that is 1970, and it stays until it is deleted by hand.
#   The HELP of the counter is now one text and now the other, from one read to the next.
# Why it matters: "time since the last push" is over fifty years for a job that never got one through, so an alert on it
#   names a group nobody has; and two reads of an unchanged gateway are not equal, which breaks comparing and caching them.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools curl python3
packages prometheus-pushgateway=1.5.1-2+b5

port=$(free_port)
"$root/usr/bin/prometheus-pushgateway" --persistence.file= --web.listen-address="127.0.0.1:$port" >gateway.log 2>&1 &
started+=($!)
url=http://127.0.0.1:$port/metrics
curl -s --retry 30 --retry-connrefused --retry-delay 1 -o /dev/null "$url" || cannot "no server"

# push JOB TYPE HELP: status of the push
push() {
    printf '# HELP jobs_total %s\n# TYPE jobs_total %s\njobs_total 5\n' "$3" "$2" |
        curl -s -o refusal -w '%{http_code}' -X PUT --data-binary @- "$url/job/$1"
}
{
    echo "a: $(push a counter Jobs.)"
    echo "b, other help: $(push b counter 'Jobs done.')"
    echo "c, other type: $(push c gauge Jobs.)"
    curl -s "$url" | grep -E '^(jobs_total|push_time_seconds)' | sed -E 's/ [1-9][0-9.e+]{6,}$/ NOW/'
} | seen
for _ in $(seq 200); do curl -s "$url" | grep '^# HELP jobs_total'; done | sort -u | seen
curl -s -X DELETE "$url/job/c"
echo "groups after deleting c: $(curl -s "$url" | grep -c '^push_time_seconds{')" | seen

want '^a: 200$'
want '^b, other help: 200$'
want '^c, other type: 400$'
want '^push_time_seconds\{instance="",job="a"\} NOW$'
want '^push_time_seconds\{instance="",job="c"\} 0$'
never '^jobs_total\{instance="",job="c"\}'
want '^# HELP jobs_total Jobs\.$'
want '^# HELP jobs_total Jobs done\.$'
want '^groups after deleting c: 2$'
verdict
