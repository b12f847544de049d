#!/bin/bash
# Wireshark 4.0.17: what its tools make of the count of lost packets in a capture
# Set-up: two captures in pcapng form, as dumpcap ends them: an interface, five packets, and an interface statistics block, in
#   which the first says that 7 packets were lost and the second 11. editcap copies the first, editcap -r takes two packets of
#   it, reordercap sorts it, mergecap joins both, and capinfos describes it.
# A good guess: the statistics are a block of the format like any other; a copy keeps it, joined files have both or their sum,
#   and capinfos shows the count.
# Seen: no file that is written has a statistics block: nothing says any more that packets are missing. capinfos counts the
#   blocks ("Number of stat entries = 1") and shows none of what is in them. No warning, exit code 0.
# Why it matters: whoever judges a recording by its gaps trusts the recorder's own count of losses. After one pass through a
#   tool that only copies, a capture with losses is like one without.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages wireshark-common=4.0.17-0+deb12u3 libwiretap13=4.0.17-0+deb12u3 libwsutil14=4.0.17-0+deb12u3 \
    libglib2.0-0=2.74.6-2+deb12u9 libgcrypt20=1.10.1-3+deb12u1 libpcre2-8-0=10.42-1+deb12u2 libgnutls30=3.7.9-2+deb12u7
programs=$root/usr/bin
complete "$programs/editcap" "$programs/reordercap" "$programs/mergecap" "$programs/capinfos"

cat >pcapng.py <<'PYTHON'
"""pcapng.py write FILE LOST MINUTE: a capture. pcapng.py read FILE: its packets, and the losses that it reports."""
import struct
import sys


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def stamp(microseconds):
    return struct.pack("<II", microseconds >> 32, microseconds & 0xFFFFFFFF)


def write(name, lost, minute):
    begin = 1700000000000000 + minute * 60000000
    file = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    file += block(1, struct.pack("<HHI", 1, 0, 65535) + option(2, b"eth0") + option(0, b""))
    for number in range(5):
        file += block(6, struct.pack("<I", 0) + stamp(begin + number) + struct.pack("<II", 60, 60) + bytes(60))
    counts = option(4, struct.pack("<Q", 5 + lost)) + option(5, struct.pack("<Q", lost)) + option(0, b"")
    file += block(5, struct.pack("<I", 0) + stamp(begin + 5) + counts)
    with open(name, "wb") as out:
        out.write(file)


def read(name):
    with open(name, "rb") as source:
        file = source.read()
    at, packets, losses = 0, 0, []
    while at < len(file):
        kind, size = struct.unpack("<II", file[at:at + 8])
        packets += kind == 6
        if kind == 5:
            option_at = at + 20
            while True:
                code, length = struct.unpack("<HH", file[option_at:option_at + 4])
                if code == 0:
                    break
                if code == 5:
                    losses.append(int.from_bytes(file[option_at + 4:option_at + 4 + length], "little"))
                option_at += 4 + length + -length % 4
        at += size
    print(f"{packets} packets, losses reported: {losses or 'none'}")


if sys.argv[1] == "write":
    write(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    read(sys.argv[2])
PYTHON
python3 -B pcapng.py write one.pcapng 7 0
python3 -B pcapng.py write two.pcapng 11 1

# after WHAT TOOL ARGUMENT...: runs it and describes the file out.pcapng
after() {
    local what=$1 tool=$2 code
    shift 2
    rm -f out.pcapng
    with_libraries "$programs/$tool" "$@" >tool.log 2>&1
    code=$?
    echo "$what: exit code $code, $(python3 -B pcapng.py read out.pcapng), warnings: $(grep -ciE 'warn|lost|drop|statist' tool.log)"
}
echo "as captured: $(python3 -B pcapng.py read one.pcapng)" | seen
after copied editcap one.pcapng out.pcapng | seen
after selected editcap -r one.pcapng out.pcapng 1-2 | seen
after sorted reordercap one.pcapng out.pcapng | seen
after joined mergecap -w out.pcapng one.pcapng two.pcapng | seen
with_libraries "$programs/capinfos" one.pcapng | grep -iE 'stat entries|drop|lost' | sed 's/^ */described: /' | seen

want '^as captured: 5 packets, losses reported: \[7\]$'
want '^copied: exit code 0, 5 packets, losses reported: none, warnings: 0$'
want '^selected: exit code 0, 2 packets, losses reported: none, warnings: 0$'
want '^sorted: exit code 0, 5 packets, losses reported: none, warnings: 0$'
want '^joined: exit code 0, 10 packets, losses reported: none, warnings: 0$'
want '^described: Number of stat entries = 1$'
never '^described: .*(drop|lost)'
verdict
