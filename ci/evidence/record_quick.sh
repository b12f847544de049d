#!/usr/bin/env bash
# Records what can be had in some minutes from a finished release build: a part of each kind of evidence,
# which the evidence calls a part.
set -uo pipefail
build=$(realpath "${1:?usage: ci/evidence/record_quick.sh BUILD-FOLDER}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
to=$PWD/build/recorded
litmus=harness/tests/litmus

record() {
  printf '\n== %s\n' "$2 $(basename "$3")"
  python3 -B ci/evidence/sources.py record "$@" || failed=1
}

failed=0
record --stdout "$to/litmus.json" "$build/harness/tests/rc11_litmus" --json \
  --programs $litmus/rc11_programs.json --verdicts $litmus/rc11_verdicts.csv
set -- "$build/property_tests/model/core_model"
record --stdout "$to/model.md" "$1" --table
record --fresh "$to/orders.json" "$1" --orders --seconds 60 --json "$to/orders.json"
set -- "$build/stress/crash/shmfifo_crash" "$build/stress/fault/shmfifo_fault" \
  "$build/stress/fault/shmfifo_fault_tools" "$build/stress/shmfifo_stress"
record --fresh "$to/crash.json" "$1" --quiet --snapshot --json "$to/crash.json"
record --fresh "$to/fault.json" "$2" --json "$to/fault.json"
record --fresh "$to/fault_tools.json" "$3" --tool "$build/stress/fault/shmfifo_faulted" --json "$to/fault_tools.json"
record --fresh "$to/stress.json" "$4" --queue core_ring_wait --producers 4 --consumers 4 --faults mixed \
  --fault-every 2000 --messages 100000 --json "$to/stress.json"
record --fresh "$to/junit/gcc-release.xml" ctest --test-dir "$build" -L "unit|property|canary" -LE "slow|soak" \
  --output-junit "$to/junit/gcc-release.xml"
exit $failed
