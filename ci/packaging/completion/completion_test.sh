#!/usr/bin/env bash
# Goal: completion offers what the program has. Method: the completion function is called as bash
# would, and its answers are compared. usage: completion_test.sh PROGRAM
set -euo pipefail
program=$1
# shellcheck source=/dev/null
source "$(dirname "$0")/shmfifo.bash"

name="shmfifo-test-$$-completion"
# Removes the name when this script has ended, however it ends.
# shellcheck disable=SC2016
exec 9> >(setsid sh -c 'cat > /dev/null; rm -f "/dev/shm/$1"' reaper "$name")

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
complete_words "--help --json --openmetrics --watch" stat --
complete_words "--force --help --json -h" rm -
complete_words "--pretouch --producers-role" create --pr
complete_words "overwrite reject wait" create --when-full ""
complete_words "log" create --mode l
complete_words "$name" stat "$name"
complete_words "$name" tail --count 3 "$name"
complete_words "" create "$name"
complete_words "" stat "$name-and-more"
echo "completion offers what the program has"
