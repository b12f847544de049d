#!/usr/bin/env bash
# The one entry point, for people and for CI: installs what is missing, configures, builds and runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }

# No more jobs than there is memory for: a translation unit with all headers takes most of a gigabyte.
jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}

# has KIND PRESET: is there a build or test preset of that name? Without one, all is built, and every test may run.
has() { cmake "--list-presets=$1" 2> /dev/null | grep -q "^ *\"$2\""; }

# build PRESET [CMAKE-BUILD-ARGUMENTS]
build() {
  local preset=$1 log folder=("build/$1")
  shift
  log=$(cmake --preset "$preset" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
  if has build "$preset"; then folder=(--preset "$preset"); fi
  cmake --build "${folder[@]}" --parallel "$(jobs)" "$@"
}

# record [--file | --stdout | --keep FILE] COMMAND...: FILE is made by the command, and counts as evidence for the sources
# of now (ci/evidence/sources.py --help).
record() {
  python3 -B ci/evidence/sources.py record "$@"
}

# run_tests NAME PRESET [CTEST-ARGUMENTS]: twice as many tests at a time as there are processors, as those that start
# processes wait for them about half of their time. Those that take more than one, or measure, say so to ctest.
run_tests() {
  local file=$PWD/build/recorded/junit/$1.xml preset=$2 tests=(--preset "$2")
  shift 2
  has test "$preset" || tests=(--test-dir "build/$preset" --output-on-failure --no-tests=error)
  mkdir -p build/recorded/junit
  ctest --test-dir "build/$preset" --show-only=json-v1 > "${file%.xml}.json" # the labels, which JUnit does not have
  record --file "$file" ctest "${tests[@]}" --parallel "$(($(nproc) * 2))" --output-junit "$file" "$@"
}

# run_preset PRESET [CTEST-ARGUMENTS]: without arguments what the preset selects; where it selects nothing, every fast
# test, or, in the other builds of the same code as gcc-release, those that take seconds (crash-full has the others) and
# run something that the preset compiled.
run_preset() {
  local preset=$1 of_the_tree='^(ci[.](actionlint|all|count_tests|evidence|jobs|lint|reference|tests|tidy)|coverage)[.]'
  shift
  if [ $# -eq 0 ]; then
    case "$preset" in
      gcc-release) set -- -LE 'slow|soak' ;;
      gcc-debug | clang-debug | clang-release) set -- -LE 'slow|soak|crash|stress' -E "$of_the_tree" ;;
    esac
  fi
  say "$preset"
  build "$preset"
  run_tests "$preset" "$preset" "$@"
}

# one_case LABELS [--file | --stdout | --keep FILE] COMMAND...: a job that is no ctest is a JUnit of one case.
one_case() {
  local labels=$1
  shift
  record --case "$name" --labels "$labels" "$@"
}

# The jobs that are more than a preset: job_NAME [ARGUMENTS]; ci/jobs.py lists all of them.
job_list() { python3 -B ci/jobs.py --list; }
job_all() { exec python3 -B ci/all.py "$@"; }
job_test() { run_preset gcc-release "$@"; }

job_million() {
  build million
  local program=build/million/stress/million_messages json=build/recorded/million.json
  [ $# -gt 0 ] && exec "$program" "$@"
  one_case "throughput G14" --file $json $program --json $json
}

job_soak() {
  build gcc-release --target shmfifo_stress
  mkdir -p build/soak
  one_case "stress G1 G2 G3 G4 G5 G6 G7 G11" --keep build/soak/state.json build/gcc-release/stress/shmfifo_stress soak \
    --state build/soak/state.json --save-history build/soak/history "$@"
}

job_fuzz() {
  one_case "fuzz G1 G2 G3 G4 G5 G7 G9" --stdout build/recorded/fuzz.txt property_tests/fuzz/run_fuzzers.sh "$@"
}

job_crash-full() {
  local preset
  for preset in gcc-debug gcc-release clang-debug clang-release; do
    say "$preset"
    build "$preset" --target shmfifo_crash shmfifo_crash_planted shmfifo_fault shmfifo_fault_planted \
      shmfifo_resources_test shmfifo_faulted shmfifo_fault_tools
    run_tests "$preset-crash" "$preset" -R '^stress\.(crash|fault)' "$@"
  done
}

core_model() {
  build gcc-release --target core_model
  model=build/gcc-release/property_tests/model/core_model
}

job_model() {
  core_model
  [ $# -gt 0 ] && exec "$model" "$@"
  one_case "" --stdout build/recorded/model.md "$model" --table
}

job_orders() {
  core_model
  [ $# -gt 0 ] && exec "$model" --orders --seconds 60 "$@"
  one_case "orders G12" --file build/recorded/orders.json "$model" --orders --seconds 60 \
    --json build/recorded/orders.json
}

job_evidence() {
  local status=0
  if [ "${1:-} ${2:-}" = "--run quick" ]; then
    shift 2
    ci/run.sh gcc-release || status=$? # a failure is evidence, too
    ci/run.sh orders || status=$?
  fi
  python3 -B ci/evidence/gather.py "$@" || status=$?
  python3 -B ci/evidence/page.py build/evidence/evidence.json build/evidence/index.html
  return "$status"
}

# job_coverage [core] [CTEST-ARGUMENTS]: all that counts (coverage/README.md says what does not), or the core by its
# own tests alone, which must reach its floors.
job_coverage() {
  # Of the crash tests only those that take seconds: what they step through has counters in it. Of the model's
  # random programs one of five, and of its tests of the protocol not the longest: these run no other line. What no
  # counted test runs is not built.
  local targets=(--target core/all harness/all stress/all coverage/all property_tests property_tests/model/all property_tests/fuzz/all
    model_planted_test)
  local parts=() failed=0 tests=(-LE 'slow|soak|throughput'
    -E '^(ci|coverage|sanitizers|property_tests[.]planted)[.]|^property_tests_planted_NOT_BUILT$|^stress[.]crash[.][G0-9._]*(a_million|every_state_that_a_dead|living|a_paused|planted_program_without)|^property_tests[.]model[.]late[._]|random_(programs|symmetry)[.].*/[2-5]$')
  if [ "${1:-}" = core ]; then
    shift
    targets=(--target sanitizer_programs)
    parts=(--part core)
    tests=(-L unit -R '^core[.]' -LE 'slow|soak')
  fi
  say "gcc-coverage"
  build gcc-coverage "${targets[@]}"
  # Counters are added to what is there: begin with nothing, neither counters nor maps of what is no longer built.
  find build/gcc-coverage -name '*.gcda' -delete
  ninja -C build/gcc-coverage -t cleandead > /dev/null
  find build/gcc-coverage -name '*.gcno' | while read -r map; do [ -e "${map%.gcno}.o" ] || rm -f "$map"; done
  run_tests coverage gcc-coverage "${tests[@]}" "$@" || failed=1
  say "coverage"
  record --file "$PWD/build/gcc-coverage/report/core/summary.json" coverage/report.py "${parts[@]}" || failed=1
  return "$failed"
}

job_mcdc() {
  CCACHE_DISABLE=1 build clang19-mcdc # the map of the code holds the folder's name
  rm -rf build/clang19-mcdc/profiles
  run_tests mcdc clang19-mcdc "$@"
  record --file "$PWD/build/clang19-mcdc/report/summary.json" coverage/mcdc.py
}

# job_mutation [--changed REV [ARGUMENTS] | ARGUMENTS]: every mutant, or those of the lines changed since REV, or a step.
job_mutation() {
  local engine=coverage/mutation/mutation.py json=build/recorded/mutation.json
  [ "${1:-}" = --changed ] && exec "$engine" changed "${@:2}"
  [ $# -gt 0 ] && exec "$engine" "$@"
  "$engine" prepare
  "$engine" reach
  "$engine" run
  one_case "" --file $json "$engine" report --output $json
}

job_package() {
  run_preset package "$@"
  say "packages"
  ls -l build/package/ci/packaging/packages/*.deb
}

job_docs() {
  one_case "" python3 -B ci/documents/reference_test.py tree build/reference
  echo "build/reference/html/index.html"
}

job_lint() {
  ci/actionlint.py --install || echo "lint: the workflows are not checked by actionlint"
  exec python3 -B ci/lint.py "$@"
}

command -v python3 > /dev/null || ci/install_packages.sh python # reads the list of jobs
name=${1:-}
[ $# -gt 0 ] && shift
case "$name" in
  '' | -h | --help)
    printf 'usage: ci/run.sh NAME [ARGUMENTS]\n\n'
    job_list
    [ -n "$name" ]
    exit
    ;;
esac
if ! groups=$(python3 -B ci/jobs.py --packages "$name"); then
  echo "ci/run.sh: there is no job '$name'. The jobs are:" >&2
  job_list >&2
  exit 2
fi
read -ra groups <<< "$groups"
[ ${#groups[@]} -eq 0 ] || ci/install_packages.sh "${groups[@]}"

# Compiled once, not again in another preset, another clone or after a switch of branches. Paths below the checkout
# count as relative: they are what clones differ in.
if command -v ccache > /dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=${CMAKE_C_COMPILER_LAUNCHER-ccache}
  export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
  export CCACHE_BASEDIR=${CCACHE_BASEDIR-$PWD} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR-1}
fi
if declare -F "job_$name" > /dev/null; then
  "job_$name" "$@"
else
  run_preset "$name" "$@"
fi
