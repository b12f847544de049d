#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copies sources and plants the bugs of bugs.py in the copy, each behind a switch of its own.

usage: plant.py ROOT COPY FILE...      every FILE of ROOT goes to COPY, and COPY/planted.hpp is made

Fails if the old text of an edit does not occur exactly once, if two edits overlap, or if the file of an edit is not
among the files: a bug that is no longer planted would pass for one that nothing finds.
"""
import re
import sys
from pathlib import Path

from bugs import BUGS

HEADER = """// SPDX-License-Identifier: MIT
#pragma once
// Made by plant.py: which planted bug this process has. The environment chooses it, or the program does.
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <type_traits>
namespace shmfifo::planted {{
enum name {{ none, {ids} }};
inline constexpr const char* names[] = {{"none", {names}}};
inline name bug = none;
// False: there is no such bug.
inline bool choose(std::string_view wanted) noexcept {{
  for (unsigned i = 0; i < sizeof names / sizeof *names; ++i) {{
    if (wanted != names[i]) continue;
    bug = static_cast<name>(i);
    return true;
  }}
  return false;
}}
inline const bool is_chosen = [] {{
  const char* wanted = std::getenv("SHMFIFO_PLANTED");
  if (wanted == nullptr || *wanted == 0 || choose(wanted)) return true;
  std::fprintf(stderr, "SHMFIFO_PLANTED=%s: there is no such planted bug\\n", wanted);
  std::exit(2);
}}();
[[gnu::always_inline]] inline constexpr bool is(name one) noexcept {{
  return !std::is_constant_evaluated() && bug == one;
}}
// Makes the moment long in which another thread does harm.
inline void linger() noexcept {{
  for (int i = 0; i < 100000; ++i) asm volatile("");
}}
}}  // namespace shmfifo::planted
"""


class Refused(Exception):
    """An edit does not fit the sources."""


def find(file, text, bug, old):
    """Where the old text stands: (begin, end). White space in it stands for any white space."""
    spots = list(re.finditer(r"\s+".join(map(re.escape, old.split())), text))
    if len(spots) != 1:
        raise Refused(f"{file}: the text of '{bug}' occurs {len(spots)} times, not once:\n  {old}")
    return spots[0].span()


def plant(file, text, edits):
    """The text with edits, [(bug's name, edit)], in it. Several bugs may replace the same statements; else edits must
    not overlap."""
    spots, refusals = {}, []
    for bug, edit in edits:
        try:
            spots.setdefault(find(file, text, bug, edit.old), []).append((bug, edit))
        except Refused as why:
            refusals.append(str(why))
    if refusals:
        raise Refused("\n".join(refusals))
    limit, later = len(text), ""
    for (begin, end), ours in sorted(spots.items(), reverse=True):
        bug, edit = ours[0]
        if end > limit:
            raise Refused(f"{file}: the edits of '{bug}' and '{later}' overlap at\n  {edit.old}")
        if len(ours) > 1 and not all(one.is_statement for _, one in ours):
            raise Refused(f"{file}: '{bug}' and '{ours[1][0]}' edit the same expression\n  {edit.old}")
        if edit.is_statement:
            new = "".join(f"if ({switch(name)}) {{\n{one.new}\n}} else " for name, one in ours)
            new += f"{{\n{text[begin:end]}\n}}"
        else:
            new = edit.new.replace("PLANTED", switch(bug))
        text = text[:begin] + new + text[end:]
        limit, later = begin, bug
    first = text.index("#include")
    return text[:first] + '#include "planted.hpp"\n' + text[first:]


def switch(bug):
    return f"::shmfifo::planted::is(::shmfifo::planted::{bug})"


def make_header(bugs):
    names = [bug.name for bug in bugs]
    for name in names:
        if names.count(name) > 1:
            raise Refused(f"two planted bugs are called '{name}'")
    return HEADER.format(ids=", ".join(names), names=", ".join(f'"{name}"' for name in names))


def copies(root, files, bugs):
    """{file: its text with the bugs in it}"""
    edits = {}
    for bug in bugs:
        for edit in bug.edits:
            edits.setdefault(edit.file, []).append((bug.name, edit))
    gone = sorted(set(edits) - set(files))
    if gone:
        raise Refused(f"'{edits[gone[0]][0][0]}' edits {gone[0]}, which is not among the files")
    made, refusals = {"planted.hpp": make_header(bugs)}, []
    for file in files:
        text = (root / file).read_text(encoding="utf-8")
        try:
            made[file] = plant(file, text, edits[file]) if file in edits else text
        except Refused as why:
            refusals.append(str(why))
    if refusals:
        raise Refused("\n".join(refusals))
    return made


def main(root, copy, *files):
    for file, text in copies(Path(root), files, BUGS).items():
        target = Path(copy) / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Refused as why:
        sys.exit(f"plant.py: {why}")
