#!/bin/bash
# mosquitto 2.0.11: a shared subscription drops messages that an idle member would take
# Set-up: max_queued_messages 10. Two members of $share/group/work with QoS 1: "away" has a session that lasts and is not
#   connected, "here" is connected and takes at once. 100 messages with QoS 1 are published, 20 ms apart; then "away" returns.
#   Once with members that speak MQTT 3.1.1, once with members that speak MQTT 5.
# A good guess: "here" gets all 100. Or the broker takes turns until the queue of "away" is full, and "here" gets the rest.
# Seen: strict turns all along: "here" gets the 50 with even numbers; of the other 50 "away" gets the first 10 when it is
#   back, and 40 are dropped. Each of the 100 was acknowledged with reason code 0, "success" (MQTT 5).
# Why it matters: one worker of a pool that restarts costs its share of all messages sent meanwhile, beside colleagues with
#   nothing to do, and the publisher, which asked for "at least once", is not told.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages mosquitto=2.0.11-1.2+deb12u2 mosquitto-clients=2.0.11-1.2+deb12u2 libmosquitto1=2.0.11-1.2+deb12u2 libwrap0=7.6.q-32 \
    libdlt2=2.18.8-6 libcjson1=1.7.15-1+deb12u4 libwebsockets17=4.1.6-3 libev4=1:4.33-1 libuv1=1.44.2-1+deb12u1
broker=$root/usr/sbin/mosquitto
complete "$broker" "$root/usr/bin/mosquitto_pub" "$root/usr/bin/mosquitto_sub"
export LD_LIBRARY_PATH=$folder/$lib

port=$(free_port)
printf 'listener %s 127.0.0.1\nallow_anonymous true\nmax_queued_messages 10\nuser %s\n' "$port" "$(id -un)" >broker.conf
"$broker" -c broker.conf >broker.log 2>&1 &
started+=($!)

publish=(timeout 30 "$root/usr/bin/mosquitto_pub" -h 127.0.0.1 -p "$port" -V 5 -q 1)
subscribe=("$root/usr/bin/mosquitto_sub" -h 127.0.0.1 -p "$port" -q 1)
for _ in $(seq 50); do "${publish[@]}" -t hello -n 2>/dev/null && break; sleep 0.1; done

# slowly enough for "here" to be idle before each message
paced() { for number in $(seq 100); do echo "$number"; sleep 0.02; done; }

# work_with VERSION OPTION...: what became of 100 messages; the options make the session of "away" last
work_with() {
    local version=$1 listener
    local away=(timeout 30 "${subscribe[@]}" -V "$version" -i "away$version" -t "\$share/group/work$version" -c "${@:2}")
    "${away[@]}" -E
    "${subscribe[@]}" -V "$version" -i "here$version" -t "\$share/group/work$version" >"taken$version.txt" &
    listener=$!
    started+=("$listener")
    sleep 1
    paced | "${publish[@]}" -t "work$version" -l -d >publisher.log
    sleep 1
    end_process "$listener"
    {
        echo "MQTT $version: acknowledged with success: $(grep -c 'received PUBACK (Mid: [0-9]*, RC:0)' publisher.log)"
        echo "MQTT $version: here: $(wc -l <"taken$version.txt"), even: $(grep -c '[02468]$' "taken$version.txt")"
        echo "MQTT $version: away: $("${away[@]}" -W 2 2>/dev/null | tr '\n' ' ')"
    } | seen
}
work_with 311
work_with 5 -x 1000

for version in 311 5; do
    want "^MQTT $version: acknowledged with success: 100$"
    want "^MQTT $version: here: 50, even: 50$"
    want "^MQTT $version: away: 1 3 5 7 9 11 13 15 17 19 $"
done
verdict
