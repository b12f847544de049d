#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The guarantees as data: read from ci/requirements.yaml, found in the table of core/DESIGN.md, and
where tests name them. Used by ci/tidy.py, which keeps the three in step, and by ci/evidence.

usage: ci/requirements.py [--write]   print what core/DESIGN.md says as YAML; or write ci/requirements.yaml
"""
import hashlib
import re
import sys
from pathlib import Path

import yaml

LIST = "ci/requirements.yaml"
DOCUMENT = "core/DESIGN.md"
HEAD = """\
# The guarantees of core/DESIGN.md for programs to read: ci/evidence joins them with what tests recorded.
# Written by `ci/requirements.py --write`; ci/tidy.py complains when this file and the document differ.
"""
CITED = re.compile(r"checks ((?:G\d+(?:,? +|\b))+)")
MODEL = re.compile(r'"(G\d+(?: G\d+)*)"')
PROPERTY = re.compile(r"^\| P\d+ \|[^|]*\|([^|]*)\|")
TESTS = re.compile(r"(^|/)(tests?|property_tests|stress|fault|crash|sanitizers|coverage)/|_test\.(py|c|cpp|sh)$")
NOT_TESTS = re.compile(r"(^ci/tests/|^ci/evidence/)")  # the tests of these rules hold bad examples
CODE = (".cpp", ".hpp", ".c", ".h", ".py", ".sh", ".cmake", "CMakeLists.txt")


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def of_document(text):
    """The ids and promises in the document's table, in its order."""
    return dict(re.findall(r"^\| (G\d+) \| (.*) \|$", text, re.M))


def of_list(text):
    """[{id, text, sha256}] of the YAML."""
    found = yaml.safe_load(text) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) and {"id", "text", "sha256"} == set(one)
                                              for one in found):
        raise ValueError("not a list of id, text and sha256")
    return found


def named(name, text):
    """(line, id) for each guarantee that this file says it checks."""
    if NOT_TESTS.search(name):
        return
    property_table = name == "property_tests/README.md"
    if not property_table and not (TESTS.search(name) and name.endswith(CODE)):
        return
    for number, line in enumerate(text.split("\n"), 1):
        groups = CITED.findall(line)
        if name.startswith("property_tests/model/"):
            groups += MODEL.findall(line)
        if property_table:
            groups = PROPERTY.findall(line)
        for group in groups:
            for one in re.findall(r"G\d+", group):
                yield number, one


def make(document):
    """The YAML for a document."""
    parts = [HEAD]
    for one, text in of_document(document).items():
        quoted = text.replace("'", "''")
        parts.append(f"- id: {one}\n  text: '{quoted}'\n  sha256: {digest(text)}\n")
    return "".join(parts)


def main():
    root = Path(__file__).resolve().parent.parent
    text = make((root / DOCUMENT).read_text(encoding="utf-8"))
    if sys.argv[1:] == ["--write"]:
        (root / LIST).write_text(text, encoding="utf-8")
    elif not sys.argv[1:]:
        print(text, end="")
    else:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
