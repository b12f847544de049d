#!/usr/bin/env bash
# Makes a manual page from the --help of a program and its commands.
# usage: man_page.sh PROGRAM VERSION OUTPUT.1.gz WHAT_IT_IS [COMMAND...]
set -euo pipefail
program=$1 version=$2 output=$3 what=$4
shift 4

include=$(mktemp)
trap 'rm -f "$include"' EXIT
for command in "$@"; do
  [ "$command" != "$1" ] || echo "[COMMANDS]"
  printf '.SS %s\n.nf\n' "$command"
  # A backslash, and a dot or quote at the beginning of a line, are special to troff.
  "$program" "$command" --help | sed -e 's/\\/\\e/g' -e "s/^[.']/\\\\\&&/" -e 's/-/\\-/g'
  printf '.fi\n'
done > "$include"

page=${output%.gz}
more=()
[ ! -s "$include" ] || more=(--include="$include")
help2man --no-info --name="$what" --version-string="$version" \
  --source=shmfifo --output="$page" "${more[@]}" "$program"
gzip -9nf "$page"
