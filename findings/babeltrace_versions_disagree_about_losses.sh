#!/bin/bash
# Babeltrace 1.5.11 and Babeltrace 2.0.4: what each says about the losses that one and the same trace records
# Set-up: a trace in the Common Trace Format, written by hand: a stream of two packets, whose counter of discarded events is 5
#   in the first and 12 in the second; then one whose packets are numbered 0 and 4 and whose counter goes from 0 to 9. Each is
#   read by both, and by Babeltrace 2 with a time range (--begin) that holds the whole second packet.
# A good guess: both report 5 and 7 discarded events; of the second trace both report 9 events and 3 packets; a time range
#   that holds the second packet still says 7.
# Seen: Babeltrace 1 says 5 and 7; Babeltrace 2 says "may have discarded" for the first packet, without a number, and 7. Of
#   the second trace Babeltrace 1 reports the 9 events and not a word about the 3 packets, which it does report when no event
#   was discarded; Babeltrace 2 reports both. With a time range that begins in the gap between the packets the 7 turn into
#   "may have discarded". Exit codes are 0 throughout.
# Why it matters: "recorded plus discarded equals produced" holds or not depending on the reader and on a time range; a
#   script that sums the numbers in the warnings takes "may have" for none.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages babeltrace=1.5.11-1+b2 libbabeltrace1=1.5.11-1+b2 libpopt0=1.19+dfsg-1 babeltrace2=2.0.4-1+b6 libbabeltrace2-0=2.0.4-1+b6
bin=$root/usr/bin
complete "$bin/babeltrace" "$bin/babeltrace2"
export BABELTRACE_PLUGIN_PATH=$folder/$lib/babeltrace2/plugins

trace_writer
# losses NAME TRACE PROGRAM ARGUMENT...: what the program reports, shortened, and its exit code
losses() {
    local name=$1 trace=$2 status
    shift 2
    with_libraries "$bin/$1" --clock-seconds "${@:2}" "$trace" >events.txt 2>warnings.txt
    status=$?
    echo "$name: $(grep -oE 'discarded [0-9]+ (events|packets)|may have discarded events|lost [0-9]+ trace packets' warnings.txt |
        paste -sd ';'), $(wc -l <events.txt) events, exit code $status"
}
python3 -B trace.py counted 64 0:5 1:12
python3 -B trace.py both 64 0:0 4:9
python3 -B trace.py packets 64 0:0 4:0
{
    losses "counted, 1" counted babeltrace
    losses "counted, 2" counted babeltrace2
    losses "counted, 2 from 150 ns" counted babeltrace2 --begin 0.000000150
    losses "both, 1" both babeltrace
    losses "both, 2" both babeltrace2
    losses "packets, 1" packets babeltrace
    losses "packets, 2" packets babeltrace2
} | seen

want '^counted, 1: discarded 5 events;discarded 7 events, 2 events, exit code 0$'
want '^counted, 2: may have discarded events;discarded 7 events, 2 events, exit code 0$'
want '^counted, 2 from 150 ns: may have discarded events, 1 events, exit code 0$'
want '^both, 1: discarded 9 events, 2 events, exit code 0$'
want '^both, 2: discarded 9 events;discarded 3 packets, 2 events, exit code 0$'
want '^packets, 1: lost 3 trace packets, 2 events, exit code 0$'
want '^packets, 2: discarded 3 packets, 2 events, exit code 0$'
verdict
