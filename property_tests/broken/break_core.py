#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copies the core and seeds the bugs of mutants.py into the copy, each behind a switch of its own.

usage: break_core.py SOURCE_ROOT OUTPUT      (both hold core/include and core/src)

Fails if an edit's old text does not occur exactly once, or two edits overlap: a bug that is no
longer seeded would otherwise pass for one that every property finds.
"""
import sys
from pathlib import Path

from mutants import MUTANTS

HEADER = """// SPDX-License-Identifier: MIT
#pragma once
// Made by break_core.py: which seeded bug is switched on in this process.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
namespace shmfifo::broken_core {{
enum class bug {{ none, {ids} }};
inline bug chosen() noexcept {{
  const char* wish = std::getenv("SHMFIFO_BROKEN");
  if (wish == nullptr || *wish == 0) return bug::none;
  constexpr const char* names[] = {{{names}}};
  for (unsigned i = 0; i < sizeof names / sizeof *names; ++i) {{
    if (std::strcmp(wish, names[i]) == 0) return static_cast<bug>(i + 1);
  }}
  std::fprintf(stderr, "SHMFIFO_BROKEN=%s: there is no such seeded bug\\n", wish);
  std::exit(2);
}}
inline const bug active = chosen();
constexpr bool is(bug b) noexcept {{ return !std::is_constant_evaluated() && active == b; }}
// Makes the moment long in which another thread does harm.
inline void linger() noexcept {{
  for (volatile int i = 0; i < 100000; i = i + 1) {{
  }}
}}
}}  // namespace shmfifo::broken_core
"""


def edits_by_file():
    found = {}
    for name, _, _, edits in MUTANTS:
        for file, old, new in edits:
            switch = f"::shmfifo::broken_core::is(::shmfifo::broken_core::bug::{name})"
            found.setdefault(file, []).append((name, old, new.replace("BROKEN", switch)))
    return found


def break_text(file, text, edits):
    """Several edits of one old text (different bugs in one place) are nested, others must not overlap."""
    spots = []
    merged = {}
    for name, old, new in edits:
        if text.count(old) != 1:
            raise SystemExit(f"{file}: the text of '{name}' occurs {text.count(old)} times, not once:\n  {old}")
        merged.setdefault(old, []).append((name, new))
    for old, news in merged.items():
        if len(news) == 1:
            new = news[0][1]
        elif old.endswith(";"):  # statements: the first switched-on bug decides
            new = "".join(f"if (::shmfifo::broken_core::is(::shmfifo::broken_core::bug::{name})) {{ {n} }} else "
                          for name, n in news) + "{ " + old + " }"
        else:
            raise SystemExit(f"{file}: several bugs edit the expression\n  {old}")
        spots.append((text.index(old), old, new))
    spots.sort(reverse=True)
    limit = len(text)
    for at, old, new in spots:
        if at + len(old) > limit:
            raise SystemExit(f"{file}: edits overlap at\n  {old}")
        text = text[:at] + new + text[at + len(old):]
        limit = at
    first = text.index("#include")
    return text[:first] + '#include "shmfifo/broken_core.hpp"\n' + text[first:]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    edits = edits_by_file()
    for folder in ("core/include/shmfifo", "core/include/shmfifo/protocol", "core/src"):
        for path in sorted((source / folder).glob("*.?pp")):
            name = f"{folder}/{path.name}"
            text = path.read_text()
            if name in edits:
                text = break_text(name, text, edits.pop(name))
            target = output / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_text() != text:
                target.write_text(text)
    if edits:
        raise SystemExit(f"these files are gone: {', '.join(edits)}")
    names = [name for name, _, _, _ in MUTANTS]
    text = HEADER.format(ids=", ".join(names), names=", ".join(f'"{n}"' for n in names))
    target = output / "core/include/shmfifo/broken_core.hpp"
    if not target.exists() or target.read_text() != text:
        target.write_text(text)


if __name__ == "__main__":
    main()
