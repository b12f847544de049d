#!/usr/bin/env bash
# Fuzzes each target for a while and says what came of it. Finds are left in build/fuzz/finds/TARGET;
# a find becomes a file in property_tests/regressions/TARGET, in the commit of its fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=60
targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    -h | --help)
      echo "usage: property_tests/fuzz/run_fuzzers.sh [--seconds N] [TARGET...]   N for each target, default 60"
      exit 0 ;;
    -*) echo "run_fuzzers.sh: unknown option '$1' (try --help)" >&2; exit 2 ;;
    *) targets+=("$1"); shift ;;
  esac
done
[ ${#targets[@]} -gt 0 ] || targets=(fuzz_attach fuzz_poll fuzz_ops fuzz_toctou fuzz_history fuzz_args)

build=build/fuzz
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="${SHMFIFO_FUZZ_COMPILER:-clang++}" \
  -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSHMFIFO_FUZZ=ON > /dev/null
cmake --build "$build" --parallel "${SHMFIFO_FUZZ_JOBS:-1}" --target fuzz_corpus "${targets[@]}" > /dev/null

status=0
for target in "${targets[@]}"; do
  grown=$build/grown/$target finds=$build/finds/$target log=$build/$target.log
  mkdir -p "$grown" "$finds"
  kept=property_tests/regressions/$target
  [ -d "$kept" ] || kept=
  # A message is four kilobytes at the most here; a hang is anything above ten seconds.
  "$build/property_tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 -max_len=20000 \
    -print_final_stats=1 -artifact_prefix="$finds/" "$grown" "$build/property_tests/fuzz/corpus/$target" \
    ${kept:+"$kept"} > "$log" 2>&1 || status=1
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 || true)
  echo "$target: ${runs:-?} executions in $seconds s, ${coverage:-cov: ?} edges," \
    "$(find "$finds" -type f | wc -l) finds (log: $log)"
done
exit "$status"
