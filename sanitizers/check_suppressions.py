#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No report of an instrument is suppressed in this tree.

usage: check_suppressions.py ROOT        exit 1 and the places, if there is one

The first one needed must change this file, so that each has its reason beside it and fails once it matches nothing
(print_suppressions=1 of TSan and LSan, -s of valgrind show that).
"""
import os
import re
import sys
from pathlib import Path

# Files and words that suppress reports.
FILES = ("*.supp", "*suppressions*.txt", "*ignorelist*")
WORDS = re.compile(r"suppressions=|--suppressions|no_sanitize|__tsan_default_suppressions|"
                   r"fsanitize-(?:ignorelist|blacklist)|ANNOTATE_BENIGN|AnnotateIgnore")
SOURCES = (".cpp", ".hpp", ".cmake", ".txt", ".json", ".sh")


def tree(root):
    """All files but those of git and of builds, which are not even entered: they are many."""
    for folder, below, names in os.walk(root):
        if Path(folder) == root:
            below[:] = [b for b in below if b not in (".git", "out") and not b.startswith("build")]
        yield from (Path(folder) / name for name in names)


def findings(root):
    files = sorted(tree(root))
    for file in files:
        if any(file.match(pattern) for pattern in FILES):
            yield f"{file}: a file of suppressions"
        if file.suffix in SOURCES:
            for number, line in enumerate(file.read_text(errors="replace").split("\n"), 1):
                if found := WORDS.search(line):
                    yield f"{file}:{number}: '{found.group(0)}'"


def main():
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    count = 0
    for finding in findings(Path(sys.argv[1])):
        print(finding)
        count += 1
    print(f"{count} suppressions")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
