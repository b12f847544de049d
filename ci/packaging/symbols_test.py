#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the shared library exports exactly the committed symbols, so that no release changes its interface unnoticed.
Method: the dynamic symbols that nm finds are compared with the list.

usage: symbols_test.py LIBRARY LIST             exit 1 and a diff if they are not equal
       symbols_test.py LIBRARY LIST --self-test  exit 0 if changed lists are reported
       symbols_test.py LIBRARY LIST --write     writes the list, for an intended change
"""
import subprocess
import sys
from pathlib import Path


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", "-P", library], check=True, capture_output=True, text=True).stdout
    names = {line.split()[0] for line in out.splitlines()}
    # The version's symbol is an artefact of the linker.
    return sorted(name for name in names if not name.startswith("SHMFIFO_"))


def compare(found, listed):
    """The difference, a line per symbol."""
    names = ([("not in the list:   ", name) for name in sorted(set(found) - set(listed))] +
             [("not in the library:", name) for name in sorted(set(listed) - set(found))])
    out = subprocess.run(["c++filt"], input="\n".join(name.split("@")[0] for _, name in names), check=True,
                         capture_output=True, text=True).stdout
    return [f"{where} {name}   {text}" for (where, name), text in zip(names, out.split("\n"))]


def self_test(found):
    one_less, one_more = found[1:], found + ["shmfifo_gone@@SHMFIFO_1"]
    renamed = [name.replace("SHMFIFO_1", "SHMFIFO_2") for name in found]
    caught = (found and not compare(found, found) and len(compare(found, one_less)) == 1 and
              len(compare(found, one_more)) == 1 and len(compare(found, renamed)) == 2 * len(found))
    print("changed lists were noticed" if caught else "a changed list passed")
    return 0 if caught else 1


def main():
    library, path, *mode = sys.argv[1:]
    found = exported(library)
    if mode == ["--self-test"]:
        return self_test(found)
    if mode == ["--write"]:
        Path(path).write_text("\n".join(found) + "\n")
    difference = compare(found, Path(path).read_text().split())
    print("\n".join(difference) or f"{len(found)} symbols, as listed")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
