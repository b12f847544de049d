#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a program's manual page and its completion have every option of its --help and of its commands'. Method: the
names are taken from the help texts and looked up in both; one removed from both must be reported missing.
usage: options_test.py PROGRAM PAGE.1.gz"""
import gzip
import re
import subprocess
import sys
from pathlib import Path

COMPLETION = Path(__file__).resolve().parent / "completion/shmfifo.bash"
ASK = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shmfifo; printf "%s\\n" "${COMPREPLY[@]}"'


def output(*words):
    return subprocess.run(words, text=True, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout


def options(text):
    """The names at the beginning of a line of help: `  -h,--help   Print ...`."""
    return {name for line in re.findall(r"^  (-[^ ]*)", text, re.M) for name in line.split(",")}


def missing(wanted, page, offered):
    plain = re.sub(r"\\f.", "", page).replace("\\-", "-")  # no changes of font
    unknown = {name for name in wanted if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", plain)}
    return {"page": unknown, "completion": wanted - offered}


def main(program, page_file):
    page = gzip.decompress(Path(page_file).read_bytes()).decode()
    assert page.startswith(".\\\" DO NOT MODIFY") and ".SH NAME" in page, "this is no manual page"
    general = output(program, "--help")
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", general, re.M)
    commands = re.findall(r"^  ([a-z]+) ", listed[1], re.M) if listed else []
    count = 0
    for command in [[], *([name] for name in commands)]:
        wanted = options(output(program, *command, "--help"))
        offered = set(output("bash", "-c", ASK, str(COMPLETION), program, *command, "-").split())
        assert wanted, f"no options in the help of '{command}'"
        lacking = missing(wanted, page, offered)
        if lacking != {"page": set(), "completion": set()}:
            sys.exit(f"{Path(program).name} {' '.join(command)}: lacking in {lacking}")
        count += len(wanted)
        one = max(wanted, key=len)
        spoilt = missing(wanted, page.replace(one.replace("-", "\\-"), ""), offered - {one})
        assert one in spoilt["page"] and one in spoilt["completion"], f"that {one} is lacking goes unnoticed"
    print(f"{Path(program).name}: {count} options of {len(commands)} commands, all in page and completion")


if __name__ == "__main__":
    main(*sys.argv[1:])
