#!/usr/bin/env bash
# Commands for a build from the sources, installed below the home folder.
set -euo pipefail
cmake -S . -B build/by_hand -DSHMFIFO_DEVELOPER=OFF   # library, programs, manual pages, guides; no tests
cmake --build build/by_hand --parallel 2
cmake --install build/by_hand --prefix "$HOME/.local"  # find_package with CMAKE_PREFIX_PATH=$HOME/.local
"$HOME/.local/bin/shmfifo" ls
