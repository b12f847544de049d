#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Doxygen's input filter: the comments of this project are plain, and belong to the code beside them.

A block of // lines belongs to what follows it, the first block of a header to the file, and a // behind code to
that code. Line numbers do not change, so warnings point at the source. The heading of a page gets its path as a
label, because several are called README.md.
"""
import os
import re
import sys

lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
if sys.argv[1].endswith(".md"):
    label = re.sub(r"\W", "_", os.path.relpath(sys.argv[1]))
    print(f"{lines[0]} {{#{label}}}", *lines[1:], sep="\n")
    sys.exit()
head = next((i for i, line in enumerate(lines) if i > 0 and line.startswith("//")), None)


def comment(line):
    """The column at which this line's comment begins, what stands before it, and its text."""
    found = re.match(r"(.*?)//(?!/) ?(.*)", line)
    return (found.end(1), found.group(1).rstrip(), found.group(2)) if found else (None, line, "")


# What speaks to a tool, not to a reader, is no part of the pages. In two pieces: a word to look for, silencing nothing.
FOR_TOOLS = re.compile("clang-format|NO" + "LINT|---")

column_behind = None  # of a comment behind code, which the next lines may continue
for number, line in enumerate(lines):
    column, code, text = comment(line)
    if number + 1 == head:
        print("/// @file")
    elif number == 0 or FOR_TOOLS.match(text):
        print(code)
    elif column is None:
        column_behind = None
        print(line)
    elif code == "" and column != column_behind:
        print(f"{' ' * column}/// {text}")
    else:
        column_behind = column
        more = comment(lines[number + 1])
        last = more[0] != column or more[1] != ""
        print(f"{code}{'  /**< ' if code else ' ' * column}{text}{' */' if last else ''}")
