#!/usr/bin/env bash
# A project without a build system: compiles with what pkg-config says, and no more.
# usage: build.sh COMPILER OUTPUT
set -euo pipefail
cd "$(dirname "$0")"
read -ra flags <<< "$(pkg-config --cflags --libs shmfifo)"
"$1" -std=c++20 -O2 -o "$2" ../round_trip.cpp "${flags[@]}"
