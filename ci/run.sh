#!/usr/bin/env bash
# The one entry point, for people and for CI: installs what is missing, configures, builds and runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

presets=(
  gcc-debug gcc-release clang-debug clang-release
  gcc-asan-ubsan clang-asan-ubsan gcc-tsan clang-tsan clang-msan
  valgrind-memcheck valgrind-helgrind valgrind-drd
  hardened gcc-O0 gcc-O3-lto arm64
)

list() {
  cat << 'TXT'
million        the main job: one million messages, measured and gated (arguments go to million_messages)
all            the matrix of ci/jobs.py, cheapest first, with a table at the end (--only NAME, --keep-going, ...)
test           every fast test there is, in release; .ci/run adds the instruments' before a change lands
gcc-debug      configure, build and test with this preset (arguments go to ctest)
gcc-release
clang-debug
clang-release
gcc-asan-ubsan     the core and its canaries under an instrument: what each sees is in sanitizers/README.md
clang-asan-ubsan
gcc-tsan
clang-tsan
clang-msan
valgrind-memcheck
valgrind-helgrind
valgrind-drd
hardened           with the checks of library, compiler and linker that a shipped program may keep
gcc-O0
gcc-O3-lto
arm64              built for another processor and run in qemu
model          the core's protocol in the model checker (arguments go to core_model: --test, --dot FILE, ...)
orders         every memory order of the core, one step weaker: which model test notices
soak           hours of many shapes with kills and pauses, resumable (arguments go to shmfifo_stress soak)
crash-full     death and pause at every instruction, also of the recoverer, in builds of both compilers
fuzz           the fuzz targets, one after the other (--seconds N for each, names of targets)
coverage       which lines, branches and functions the tests reach; fails below coverage/floors.json (core: it alone)
mcdc           lines, regions, branches and MC/DC of the core as clang sees them; fails below coverage/floors_clang.json
package        the Debian packages and what projects downstream see of them (arguments go to ctest)
lint           the checks of ci/lint.py: formatting, clang-tidy, cppcheck, scripts, spelling, ... (--only CHECK)
list           these names
TXT
}

usage() {
  echo "usage: ci/run.sh NAME [ARGUMENTS]"
  echo
  list
}

say() { printf '\n== %s\n' "$*"; }

# No more jobs than there is memory for: a translation unit with all headers takes most of a gigabyte.
jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}

# build PRESET [CMAKE-BUILD-ARGUMENTS]
build() {
  local preset=$1 log
  shift
  log=$(mktemp)
  if ! cmake --preset "$preset" > "$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  cmake --build --preset "$preset" --parallel "$(jobs)" "$@"
}

run_preset() {
  local preset=$1
  shift
  say "$preset"
  build "$preset"
  ctest --preset "$preset" --output-junit junit.xml "$@"
}

# coverage [core] [CTEST-ARGUMENTS]: all that counts (coverage/README.md says what does not), or the core by its
# own tests alone, which must reach its floors.
coverage() {
  local targets=() parts=() tests=(-L 'unit|property|fuzz|model|stress') failed=0
  if [ "${1:-}" = core ]; then
    shift
    targets=(--target sanitizer_programs)
    parts=(--part core)
    tests=(-L unit -R '^core[.]')
  fi
  say "gcc-coverage"
  build gcc-coverage "${targets[@]}"
  # Counters are added to what is there: begin with nothing.
  find build/gcc-coverage -name '*.gcda' -delete
  ctest --preset gcc-coverage "${tests[@]}" -LE 'slow|soak|crash|canary' --output-junit junit.xml "$@" || failed=1
  say "coverage"
  coverage/report.py "${parts[@]}" || failed=1
  return "$failed"
}

# one_case NAME COMMAND...: what is no ctest is a JUnit of one case.
one_case() {
  local job=$1 begin=$SECONDS code=0 failure=''
  shift
  "$@" || code=$?
  [ "$code" -eq 0 ] || failure="<failure message=\"exit $code\"/>"
  mkdir -p "build/$job"
  cat > "build/$job/junit.xml" << XML
<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="$job" tests="1" failures="$((code != 0))">
  <testcase classname="ci" name="$job" time="$((SECONDS - begin))">$failure</testcase>
</testsuite>
XML
  return "$code"
}

name=${1:-}
[ $# -gt 0 ] && shift
case "$name" in
  '' | -h | --help) usage; [ -n "$name" ] ;;
  list) list ;;
  million)
    ci/install_packages.sh
    build gcc-release --target million_messages
    one_case million build/gcc-release/stress/million_messages "$@"
    ;;
  test)
    ci/install_packages.sh
    run_preset gcc-release -LE 'slow|soak'
    ;;
  soak)
    ci/install_packages.sh
    build gcc-release --target shmfifo_stress
    mkdir -p build/soak
    one_case soak build/gcc-release/stress/shmfifo_stress soak --state build/soak/state.json \
      --save-history build/soak/history "$@"
    ;;
  fuzz)
    ci/install_packages.sh
    one_case fuzz property_tests/fuzz/run_fuzzers.sh "$@"
    ;;
  crash-full)
    ci/install_packages.sh
    for preset in gcc-debug gcc-release clang-debug clang-release; do
      say "$preset"
      build "$preset" --target shmfifo_crash shmfifo_crash_seeded shmfifo_fault \
        shmfifo_resources_test shmfifo_faulted shmfifo_fault_tools
      ctest --preset "$preset" -L crash --output-junit junit.xml "$@"
    done
    ;;
  model | orders)
    ci/install_packages.sh
    build gcc-release --target core_model
    [ "$name" = orders ] && set -- --orders --seconds 60 "$@"
    one_case "$name" build/gcc-release/property_tests/model/core_model "$@"
    ;;
  all)
    exec python3 ci/all.py "$@"
    ;;
  coverage)
    ci/install_packages.sh
    coverage "$@"
    ;;
  mcdc)
    ci/install_packages.sh
    build clang19-mcdc
    rm -rf build/clang19-mcdc/profiles
    ctest --preset clang19-mcdc --output-junit junit.xml "$@"
    coverage/mcdc.py
    ;;
  package)
    ci/install_packages.sh
    run_preset package "$@"
    say "packages"
    ls -l build/package/ci/packaging/packages/*.deb
    ;;
  lint)
    ci/install_packages.sh
    exec python3 -B ci/lint.py "$@"
    ;;
  *)
    for preset in "${presets[@]}"; do
      if [ "$name" = "$preset" ]; then
        ci/install_packages.sh
        run_preset "$preset" "$@"
        exit
      fi
    done
    echo "ci/run.sh: there is no job '$name'. The jobs are:" >&2
    list >&2
    exit 2
    ;;
esac
