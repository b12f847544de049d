#!/bin/bash
# Babeltrace 2.0.4 and 1.5.11: counters of losses that come round mean nearly 2 to the 64 losses, or not
# Set-up: traces in the Common Trace Format, in which the stream declares its two counters (discarded events, packet number)
#   with 16 or 32 bits, as the format allows. The counter of discarded events goes from its highest value less one to 3, then
#   to 8: that is 5 events lost and 5 more. Then packet numbers that come round without a gap: 65534, 65535, 0, 1.
# A good guess: the readers know the width, it is in the metadata, and compute modulo that width: 5 and 5, and no lost packet.
# Seen: with 16 bits both report 2^64 - 2^16 + 5 discarded events, then 5. With 32 bits Babeltrace 2 reports 2^64 - 2^32 + 5,
#   but Babeltrace 1 gets it right. Where packet numbers come round, and none is missing, Babeltrace 2 reports 2^64 - 2^16
#   lost packets, Babeltrace 1 none. Exit codes are 0 and all events are shown.
# Why it matters: counters of 32 bits are natural for 32-bit tracers, and a long overload brings them round. A sum over the
#   warnings overflows in 64 bits, and a rule "no packet lost" fails on a complete trace.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages babeltrace=1.5.11-1+b2 libbabeltrace1=1.5.11-1+b2 libpopt0=1.19+dfsg-1 babeltrace2=2.0.4-1+b6 libbabeltrace2-0=2.0.4-1+b6
bin=$root/usr/bin
complete "$bin/babeltrace" "$bin/babeltrace2"
export BABELTRACE_PLUGIN_PATH=$folder/$lib/babeltrace2/plugins
trace_writer

# losses NAME TRACE PROGRAM: the numbers that the program reports, and its exit code
losses() {
    local status
    with_libraries "$bin/$3" "$2" >events.txt 2>warnings.txt
    status=$?
    echo "$1: $(grep -oE '(discarded|lost) [0-9]+ (trace )?(events|packets?)' warnings.txt | paste -sd ';')," \
        "$(wc -l <events.txt) events, exit code $status"
}
python3 -B trace.py events16 16 0:65534 1:3 2:8
python3 -B trace.py events32 32 0:4294967294 1:3 2:8
python3 -B trace.py packets16 16 65534:0 65535:0 0:0 1:0
for trace in events16 events32 packets16; do
    losses "$trace, 1" "$trace" babeltrace
    losses "$trace, 2" "$trace" babeltrace2
done | seen

want '^events16, 1: discarded 65534 events;discarded 18446744073709486085 events;discarded 5 events, 3 events, exit code 0$'
want '^events16, 2: discarded 18446744073709486085 events;discarded 5 events, 3 events, exit code 0$'
want '^events32, 1: discarded 4294967294 events;discarded 5 events;discarded 5 events, 3 events, exit code 0$'
want '^events32, 2: discarded 18446744069414584325 events;discarded 5 events, 3 events, exit code 0$'
want '^packets16, 1: , 4 events, exit code 0$'
want '^packets16, 2: discarded 18446744073709486080 packets, 4 events, exit code 0$'
verdict
