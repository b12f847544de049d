#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What was found at every instruction, as a page of tables; takes half an hour.
# usage: stress/crash_report.sh BUILD_FOLDER [FILE]    BUILD_FOLDER: build/gcc-release, say, with its crash and fault
#                                                      programs; FILE: the page, by default build/CRASH.md
set -euo pipefail
case "${1:-}" in '' | -*) sed -n '4,5s/^# //p' "$0"; exit 2 ;; esac
build=$(realpath "$1") file=$(realpath -m "${2:-$(dirname "${BASH_SOURCE[0]}")/../build/CRASH.md}")
mkdir -p "$(dirname "$file")"
tables=$(mktemp -d)
trap 'rm -rf "$tables"' EXIT
"$build/stress/crash/shmfifo_crash" --quiet --snapshot --depth-two --kill --stop --stop-every 9 \
  --markdown "$tables/crash"
"$build/stress/fault/shmfifo_fault" --markdown "$tables/fault" > /dev/null
"$build/stress/fault/shmfifo_fault_tools" --tool "$build/stress/fault/shmfifo_faulted" \
  --markdown "$tables/tools" > /dev/null
{
  cat << 'TXT'
# Death and pause at every instruction, failure of every call

Made by `stress/crash_report.sh`.

## Instructions
`shmfifo_crash --snapshot --depth-two --kill --stop --stop-every 9` (`build/<preset>/stress/crash/`).
Instructions: of one run of the operation, system calls included. States: distinct contents of the segment
during the operation. Pictures: copies of a state, judged by fresh processes after all processes in it have died,
in two orders. Kills: real ones (SIGKILL), with living peers, at every instruction; one that is repeated while
nothing changes is killed at its first 16 visits (2 where the operation waits). Pauses: SIGSTOP, the others
continue, SIGCONT; here at every ninth instruction and at each change. Depth two: states left by a recoverer
that died itself. Drifted: runs that took another path than the trace and were killed there.

In the rows `..._for_sleeper` and `..._makes_room` a living consumer that waits for data, or a living producer
that waits for room, sleeps in its futex (checked in `/proc/PID/syscall`) while the victim is killed or paused.
It waits without a deadline, must read or use what the dead left, and then go on.

TXT
  cat "$tables/crash"
  cat << 'TXT'

## Failed calls
`shmfifo_fault`: each call that an operation of the library makes, the first three occurrences and the last
(every occurrence with `--all`), fails with each errno of its manual page, once and permanently; `short` is a
short result. `allocation` is each operator new. Refused: the error names the call and its errno. Tolerated:
the operation does without. In both cases no descriptor, mapping, name, lock or memory leaks, and the next
attempt works.

TXT
  cat "$tables/fault"
  cat << 'TXT'

## Failed calls under the operator's tool
`shmfifo_fault_tools`: the same under each command of `shmfifo`; of the allocations the first three, the last
and a sample between (all with `--all`).

TXT
  cat "$tables/tools"
} > "$file"
echo "$file"
