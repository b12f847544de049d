#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: each check of ci/lint.py rejects its kind of fault. Method: a small tree that passes all of them; then, for
each check, the same tree with one bad file, which that check must reject in the expected words."""
import json
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

CI = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CI))
import lint  # noqa: E402

LICENCE = "// SPDX-License-Identifier: MIT\n"
CMAKE = """cmake_minimum_required(VERSION 3.25)
project(tiny LANGUAGES CXX)
add_library(tiny core/src/tiny.cpp)
add_library(again core/src/tiny.cpp)
add_library(together core/apps/one.cpp core/apps/two.cpp)
set_target_properties(together PROPERTIES UNITY_BUILD ON)
target_sources(tiny PUBLIC FILE_SET HEADERS BASE_DIRS core/src FILES core/src/tiny.hpp)
set_target_properties(tiny PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
"""
PRESET = {"version": 6, "configurePresets": [
    {"name": "clang-release", "generator": "Ninja", "binaryDir": "${sourceDir}/build/clang-release",
     "cacheVariables": {"CMAKE_CXX_COMPILER": "clang++", "CMAKE_EXPORT_COMPILE_COMMANDS": "ON"}}]}
GOOD = {
    ".gitignore": "build/\n",
    "CMakeLists.txt": CMAKE,
    "CMakePresets.json": json.dumps(PRESET),
    "core/src/tiny.hpp": LICENCE + "#pragma once\nint twice(int number);\n",
    "core/src/tiny.cpp": LICENCE + '#include "tiny.hpp"\n\nint twice(int number) {\n  return 2 * number;\n}\n',
    "core/apps/one.cpp": LICENCE + "int one() {\n  return 1;\n}\n",
    "core/apps/two.cpp": LICENCE + "int two() {\n  return 2;\n}\n",
    "run.sh": '#!/usr/bin/env bash\necho "$1"\n',
    ".github/workflows/ci.yml": "on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: true\n",
}
OF_A_SIZE = "number * sizeof(sizeof(number))"
# (check, file, its text, what the check must say)
BAD = [
    ("clang-format", "core/src/bad.cpp", LICENCE + "int  f();\n", "clang-format-violations"),
    ("shellcheck", "bad.sh", "#!/usr/bin/env bash\nrm -rf $1/*\n", "SC2086"),
    ("codespell", "bad.md", "It will " + "rec" + "ieve it.\n", "receive"),
    ("actionlint", ".github/workflows/ci.yml", GOOD[".github/workflows/ci.yml"].replace("runs-on", "runs_on"),
     "runs-on"),
    ("tidy", "core/src/bad.cpp", "int f();\n", "licence_line"),
    ("cppcheck", "core/src/bad.cpp", LICENCE + "int f() {\n  int a[2] = {};\n  return a[2];\n}\n",
     "arrayIndexOutOfBounds"),
    ("headers", "core/src/tiny.hpp", GOOD["core/src/tiny.hpp"] + "std::size_t size();\n", "std"),
    ("clang-tidy", "core/src/tiny.cpp", GOOD["core/src/tiny.cpp"].replace("2 * number", OF_A_SIZE),
     "bugprone-sizeof-expression"),
    ("clang-tidy", "core/apps/two.cpp", GOOD["core/apps/two.cpp"].replace("2;", "sizeof(sizeof(2));"),
     "bugprone-sizeof-expression"),
    ("clang-tidy", "core/src/in_no_target.cpp", GOOD["core/src/tiny.cpp"].replace("2 * number", OF_A_SIZE),
     "bugprone-sizeof-expression"),
]


def tree(folder, changed):
    root = Path(folder)
    for name, text in {**GOOD, **changed}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        (root / name).chmod(0o755 if text.startswith("#!") else 0o644)
    for name in (".clang-format", ".clang-tidy"):
        shutil.copy(CI.parent / name, root / name)
    subprocess.run(["git", "init", "-q", root], check=True)
    # What the check of headers would have made.
    subprocess.run(["cmake", "--preset", "clang-release"], cwd=root, check=True, capture_output=True)
    return root


def run(root, *options):
    done = subprocess.run([sys.executable, "-B", CI / "lint.py", "--root", root, *options],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def main():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        code, text = run(tree(folder, {}))
        cases = xml.parse(Path(folder) / "build/recorded/junit/lint.xml").getroot()
        if code != 0 or len(cases) != len(lint.CHECKS) or cases.get("failures") != "0":
            failures.append(f"the good tree: exit {code}, {len(cases)} cases\n{text}")
    without = set(lint.CHECKS) ^ {name for name, *_ in BAD}
    if without:
        failures.append(f"checks without a bad example: {without}")
    for name, file, bad, words in BAD:
        if name == "actionlint" and not lint.actionlint.is_there():
            print("actionlint: not installed, so not tried")
            continue
        with tempfile.TemporaryDirectory() as folder:
            code, text = run(tree(folder, {file: bad}), "--only", name)
            cases = xml.parse(Path(folder) / "build/recorded/junit/lint.xml").getroot()
            if code != 1 or words not in text or cases.get("failures") != "1":
                failures.append(f"{name}, {file}: exit {code}, expected 1 and '{words}':\n{text}")
    print("\n".join(failures))
    print(f"{len(BAD)} bad examples, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
