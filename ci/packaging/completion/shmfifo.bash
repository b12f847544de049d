# bash completion for shmfifo and the programs that come with it. Commands, options, values and segments are read
# from the program itself, so this file cannot become stale.

_shmfifo_help() { "${COMP_WORDS[0]}" "$@" --help 2> /dev/null; }

_shmfifo() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=() commands words=
  commands=$(_shmfifo_help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
  if ((COMP_CWORD > 1)) && grep -qx -- "${COMP_WORDS[1]}" <<< "$commands"; then
    command=("${COMP_WORDS[1]}")
  fi
  if [[ $previous == --* && $current != -* ]] &&
    words=$(_shmfifo_help "${command[@]}" | sed -n "s/^ *$previous TEXT:{\([^}]*\)}.*/\1/p") &&
    [[ -n $words ]]; then
    words=${words//,/ }
  elif [[ $current == -* ]]; then
    words=$(_shmfifo_help "${command[@]}" | grep -oE '^ +(-[a-z],? ?)*(--[a-z-]+)?' | tr ', ' '\n\n')
  elif ((COMP_CWORD == 1)); then
    words="--help $commands"
  elif [[ ${COMP_WORDS[0]##*/} == shmfifo && ${command[0]} != create && ${command[0]} != ls ]]; then
    words=$("${COMP_WORDS[0]}" ls 2> /dev/null | sed -n '2,$s/ .*//p')
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _shmfifo shmfifo message_producer message_consumer million_messages shmfifo_stress
