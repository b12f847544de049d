#!/bin/bash
# promtool 2.42.0, "tsdb create-blocks-from openmetrics": samples of the same millisecond, out of order or before 1970 are gone
# Set-up: OpenMetrics texts of one series with three samples, turned into blocks, which "promtool tsdb dump" then lists:
#   two samples within one millisecond (times are seconds with a fraction in this format, and these increase); times out of
#   order within a minute; the same out of order by hours; a time before 1970. The parser of python3-prometheus-client 0.16
#   reads the first text and the last.
# A good guess: each text either yields three samples, or an error that names the line.
# Seen: no error and exit code 0 in every case. Of one millisecond the first sample is kept; of those a minute out of order
#   the late one is missing; hours out of order all three are there, since blocks of two hours are written one after the
#   other; what lies before 1970 is missing. The listing of the new blocks counts what is left.
# Why it matters: a history that was concatenated from several files, or taken by something that measures faster than every
#   millisecond, loses samples in the import; which ones depends on where the two-hour blocks happen to begin.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages prometheus=2.42.0+ds-5+deb12u1 python3-prometheus-client=0.16.0-0.1
promtool=$root/usr/bin/promtool

# backfill NAME SAMPLE...: "VALUE TIME" each
backfill() {
    local name=$1 status
    shift
    rm -rf blocks
    {
        echo '# TYPE depth gauge'
        printf 'depth %s\n' "$@"
        echo '# EOF'
    } >"$name.txt"
    "$promtool" tsdb create-blocks-from openmetrics "$name.txt" blocks >create.log 2>create.err
    status=$?
    mkdir -p blocks/wal # which the listing wants to see
    echo "$name: exit code $status, $(wc -l <create.err) lines of errors, values: $("$promtool" tsdb dump blocks |
        awk '{ print $2 }' | sort -n | tr '\n' ' ')"
}
# read_by_python NAME
read_by_python() {
    PYTHONPATH=$root/usr/lib/python3/dist-packages python3 -B - "$1.txt" <<'PYTHON'
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with open(sys.argv[1], encoding="ascii") as file:
    samples = [sample for family in text_string_to_metric_families(file.read()) for sample in family.samples]
print(f"{sys.argv[1]}: Python reads {len(samples)} samples")
PYTHON
}
{
    backfill in_order "1 1600000060" "2 1600000061" "3 1600000062"
    backfill same_millisecond "1 1600000060.0011" "2 1600000060.0014" "3 1600000060.0021"
    backfill minute_out_of_order "1 1600000060" "2 1600000000" "3 1600000120"
    backfill hours_out_of_order "1 1600015600" "2 1600000000" "3 1600030000"
    backfill before_1970 "1 -5" "2 0" "3 7"
    read_by_python same_millisecond
    read_by_python before_1970
} | seen

want '^in_order: exit code 0, 0 lines of errors, values: 1 2 3 $'
want '^same_millisecond: exit code 0, 0 lines of errors, values: 1 3 $'
want '^minute_out_of_order: exit code 0, 0 lines of errors, values: 1 3 $'
want '^hours_out_of_order: exit code 0, 0 lines of errors, values: 1 2 3 $'
want '^before_1970: exit code 0, 0 lines of errors, values: 2 3 $'
want '^same_millisecond.txt: Python reads 3 samples$'
want '^before_1970.txt: Python reads 3 samples$'
verdict
