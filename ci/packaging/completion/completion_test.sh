#!/usr/bin/env bash
# Goal: completion offers what the program has. Method: the completion function is called as bash
# would, and its answers are compared. usage: completion_test.sh PROGRAM
set -euo pipefail
program=$1
# shellcheck source=/dev/null
source "$(dirname "$0")/shmfifo.bash"

# A name and its lock by the scheme of shmfifo/harness/support/names.hpp: not one whose lock a cleaner removed
# before it was held.
until [ /dev/fd/9 -ef "${lock:-}" ]; do
  beginning=shmfifo-test-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')-
  lock=/dev/shm/${beginning}lock
  exec 9> "$lock"
  flock --shared 9
done
name=${beginning}completion
trap 'rm -f "/dev/shm/$name" "$lock"' EXIT
# Removes both when this script and its children have ended, however they end.
# shellcheck disable=SC2016
(setsid bash -c 'exec 8< "$1" 9>&-; flock 8; rm -f "$2" "$1"' reaper "$lock" "/dev/shm/$name" \
  < /dev/null > /dev/null 2>&1 &)

# complete_words EXPECTED WORDS... : the last word is the one to complete.
complete_words() {
  local expected=$1 found
  shift
  COMP_WORDS=("$program" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _shmfifo
  found=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
  if [ "$found" != "$expected " ]; then
    echo "for '$*': found '$found', expected '$expected '" >&2
    exit 1
  fi
}

"$program" create "$name" --slots 8 > /dev/null
complete_words "--help create dump forget ls recover rm stat tail verify" ""
complete_words "recover rm" r
complete_words "--directory --help --json --openmetrics --owner --watch" stat --
complete_words "--directory --force --help --json -h" rm -
complete_words "--pretouch --producers-role" create --pr
complete_words "overwrite reject wait" create --when-full ""
complete_words "log" create --mode l
complete_words "$name" stat "$name"
complete_words "$name" tail --count 3 "$name"
complete_words "" create "$name"
complete_words "" stat "$name-and-more"
echo "completion offers what the program has"
