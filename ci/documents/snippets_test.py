#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a broken snippet of any kind is reported. Method: small documents, a correct one of each kind, then each broken
once; the check must refuse those with file and line. usage: snippets_test.py BUILD"""
import subprocess
import sys
import tempfile
from pathlib import Path

CHECK = Path(__file__).resolve().parent / "snippets.py"
PROGRAM = "```cpp\n#include <shmfifo/shmfifo.hpp>\nint main() { return 0; }\n```\n"
FRAGMENT = "<!-- given: extern int n; -->\n```cpp\n#include <shmfifo/status.hpp>\n++n;\n```\n"
QUOTE = "<!-- from core/CMakeLists.txt -->\n```cmake\nfind_package(Threads REQUIRED)\n```\n"
SHELL = "```sh\nshmfifo create a --slots 8 > file\nhead -n 1 file\n```\n```text\nname...a\n```\n"
RIGHT = [PROGRAM, FRAGMENT, QUOTE, SHELL]
BAD = [
    (PROGRAM, "return 0", "return 1", "it fails: exit code 1"),
    (PROGRAM, "return 0;", "return 0", "it does not compile"),
    (PROGRAM, "shmfifo.hpp", "no_such.hpp", "it does not compile"),
    (FRAGMENT, "extern int n;", "", "it does not compile"),
    (QUOTE, "Threads", "Theads", "core/CMakeLists.txt does not have these lines"),
    (QUOTE, "<!-- from core/CMakeLists.txt -->\n", "", "'cmake' is neither compiled nor run"),
    (SHELL, "--slots", "--slods", "it fails: exit code 2"),
    (SHELL, "name...a", "name...b", "it prints"),
    (SHELL, "```sh", "```", "'' is neither compiled nor run"),
]


def check(build, folder, text):
    document = folder / "guides" / "guide.md"
    document.write_text("# A guide\n\n" + text, encoding="utf-8")
    done = subprocess.run([sys.executable, "-B", CHECK, build, document], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def main(build):
    failures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "guides").mkdir()
        code, said = check(build, folder, "\n".join(RIGHT))
        if code != 0:
            failures.append(f"right ones were refused: {said}")
        for text, old, new, wanted in BAD:
            code, said = check(build, folder, text.replace(old, new))
            if code == 0 or wanted not in said or "guide.md:" not in said:
                failures.append(f"'{old}' as '{new}': exit code {code}, not '{wanted}' but '{said}'")
    if failures:
        sys.exit("\n".join(failures))
    print(f"{len(BAD)} broken snippets were refused")


if __name__ == "__main__":
    main(sys.argv[1])
