#!/usr/bin/env bash
# Passes when a command ends with the given exit code and its output contains the given text.
# usage: expect_exit.sh CODE TEXT COMMAND...
set -u
code=$1
text=$2
shift 2
output=$("$@" 2>&1)
got=$?
printf '%s\n' "$output"
[ "$got" -eq "$code" ] || { echo "exit code $got instead of $code" >&2; exit 1; }
case "$output" in
  *"$text"*) exit 0 ;;
esac
echo "the output does not contain '$text'" >&2
exit 1
