# SPDX-License-Identifier: MIT
"""The lines that differ from an earlier revision."""
import re
from pathlib import Path

from tree import git

FILE = re.compile(r"\+\+\+ (?:b/(.*)|/dev/null)")
HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def changed_lines(root, revision):
    """{file: its lines that are not as in `revision`}, also of files that git does not know yet. Where lines were only
    taken away, their neighbours have changed."""
    found, name = {}, None
    for line in git(root, "diff", "-U0", "--no-ext-diff", "--no-color", "--no-renames", revision, "--").splitlines():
        if file := FILE.match(line):
            name = file.group(1)
        elif (hunk := HUNK.match(line)) and name:
            first, count = int(hunk.group(1)), int(hunk.group(2) or 1)
            found.setdefault(name, set()).update(range(first, first + count) if count else (first, first + 1))
    for name in git(root, "ls-files", "-o", "--exclude-standard", "-z").split("\0")[:-1]:
        found[name] = set(range(1, 1 + (Path(root) / name).read_bytes().count(b"\n")))
    return found
