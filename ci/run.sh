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
test           everything that must pass before a change lands
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
evidence       what was recorded for each guarantee, as JSON and as a page (--run quick records the cheap jobs first)
package        the Debian packages and what projects downstream see of them (arguments go to ctest)
lint           formatting, clang-tidy, shell scripts, spelling, and the rules of ci/tidy.py
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

# record [--stdout | --keep] FILE COMMAND...: FILE is made by the command, and counts as evidence for
# the sources of now.
record() {
  python3 -B ci/evidence/sources.py record "$@"
}

# run_tests NAME PRESET [CTEST-ARGUMENTS]
run_tests() {
  local file=$PWD/build/recorded/junit/$1.xml preset=$2
  shift 2
  record "$file" ctest --preset "$preset" --output-junit "$file" "$@"
}

run_preset() {
  local preset=$1
  shift
  say "$preset"
  build "$preset"
  run_tests "$preset" "$preset" "$@"
}

lint() {
  local failed=0
  say "clang-format"
  git ls-files '*.cpp' '*.hpp' '*.c' '*.h' | xargs -r clang-format --dry-run -Werror || failed=1
  say "shellcheck"
  git ls-files '*.sh' .ci/run | xargs -r shellcheck || failed=1
  say "codespell"
  git ls-files '*.cpp' '*.hpp' '*.c' '*.h' '*.md' '*.sh' '*.py' | xargs -r codespell || failed=1
  say "ci/tidy.py"
  python3 ci/tidy.py || failed=1
  say "headers that compile alone, in clang-release"
  build clang-release --target all all_verify_interface_header_sets > /dev/null || failed=1
  say "clang-tidy"
  git ls-files 'core/*.cpp' | xargs -r -P "$(jobs)" -n 1 clang-tidy -p build/clang-release --quiet 2> /dev/null || failed=1
  [ "$failed" -eq 0 ] && say "lint: nothing found"
  return "$failed"
}

name=${1:-}
[ $# -gt 0 ] && shift
case "$name" in
  '' | -h | --help) usage; [ -n "$name" ] ;;
  list) list ;;
  million)
    ci/install_packages.sh
    build gcc-release --target million_messages
    [ $# -gt 0 ] && exec build/gcc-release/stress/million_messages "$@"
    record build/recorded/million.json build/gcc-release/stress/million_messages \
      --json build/recorded/million.json
    ;;
  test)
    ci/install_packages.sh
    run_preset gcc-release -LE 'slow|soak'
    run_preset clang-debug -L 'unit|property|fuzz' -LE 'slow|soak'
    ;;
  soak)
    ci/install_packages.sh
    build gcc-release --target shmfifo_stress
    mkdir -p build/soak
    record --keep build/soak/state.json build/gcc-release/stress/shmfifo_stress soak \
      --state build/soak/state.json --save-history build/soak/history "$@"
    ;;
  fuzz)
    ci/install_packages.sh
    record --stdout build/recorded/fuzz.txt property_tests/fuzz/run_fuzzers.sh "$@"
    ;;
  crash-full)
    ci/install_packages.sh
    for preset in gcc-debug gcc-release clang-debug clang-release; do
      say "$preset"
      build "$preset" --target shmfifo_crash shmfifo_crash_seeded shmfifo_fault \
        shmfifo_resources_test shmfifo_faulted shmfifo_fault_tools
      run_tests "$preset-crash" "$preset" -L crash "$@"
    done
    ;;
  model | orders)
    ci/install_packages.sh
    build gcc-release --target core_model
    model=build/gcc-release/property_tests/model/core_model recorded=build/recorded
    if [ $# -gt 0 ]; then
      [ "$name" = orders ] && set -- --orders --seconds 60 "$@"
      exec "$model" "$@"
    elif [ "$name" = orders ]; then
      record "$recorded/orders.json" "$model" --orders --seconds 60 --json "$recorded/orders.json"
    else
      record --stdout "$recorded/model.md" "$model" --table
    fi
    ;;
  evidence)
    ci/install_packages.sh
    if [ "${1:-} ${2:-}" = "--run quick" ]; then
      shift 2
      build gcc-release
      ci/evidence/record_quick.sh build/gcc-release
    fi
    status=0
    python3 -B ci/evidence/gather.py "$@" || status=$?
    python3 -B ci/evidence/page.py build/evidence/evidence.json build/evidence/index.html
    python3 -B ci/evidence/pictures.py build/evidence/index.html build/evidence/pictures
    exit "$status"
    ;;
  package)
    ci/install_packages.sh
    run_preset package "$@"
    say "packages"
    ls -l build/package/ci/packaging/packages/*.deb
    ;;
  lint)
    ci/install_packages.sh
    lint
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
