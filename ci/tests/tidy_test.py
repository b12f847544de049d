#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: every rule of ci/tidy.py can fail. Method: a small clean tree passes; each bad example, put into
it, is found by its own rule and by no other."""
import subprocess
import sys
import tempfile
from pathlib import Path

TIDY = Path(__file__).resolve().parent.parent / "tidy.py"
HEAD = "// SPDX-License-Identifier: MIT\n"
SYNC = HEAD + "// SYNC a: release\n" + "\n" * 16 + "// SYNC a: acquire\n"

CLEAN = {
    "core/include/shmfifo/config.hpp": HEAD,
    "core/include/shmfifo/bell.hpp": HEAD + '#include "shmfifo/config.hpp"\n',
    "core/src/sync.cpp": SYNC,
    "core/DESIGN.md": "| `a` | see `core/src/sync.cpp` |\n",
}
BAD = [
    ("licence_line", "core/src/x.cpp", "int x;\n"),
    ("line_length", "core/src/x.cpp", HEAD + "// " + "x" * 98 + "\n"),
    ("file_length", "core/src/x.cpp", HEAD + "int x;\n" * 450),
    ("core_layers", "core/include/shmfifo/config.hpp", HEAD + '#include "shmfifo/bell.hpp"\n'),
    ("core_layers", "core/include/shmfifo/unknown.hpp", HEAD),
    ("core_layers", "core/src/x.cpp", HEAD + '#include "shmfifo/harness/model.hpp"\n'),
    ("protocol_purity", "core/include/shmfifo/bell.hpp", HEAD + "std::atomic<int> around;\n"),
    ("protocol_purity", "core/include/shmfifo/bell.hpp", HEAD + "void f() { std::memcpy(a, b, 8); }\n"),
    ("sync_points", "core/src/sync.cpp", HEAD + "// SYNC a: release\n"),
    ("sync_points", "core/src/x.cpp", SYNC.replace("SYNC a", "SYNC b")),
    ("documents_name_real_files", "core/README.md", "see `core/src/gone.cpp`\n"),
    ("no_leftovers", "core/src/x.cpp", HEAD + "// TO" + "DO later\n"),
    ("no_leftovers", "core/src/x.cpp", HEAD + "GTEST_" + "SKIP();\n"),
    ("silenced_lints", "core/src/x.cpp", HEAD + "int x;  // NO" + "LINT\n"),
    ("silenced_lints", "core/src/x.cpp", HEAD + "int x;  // NO" + "LINT(bugprone-x)\n"),
    ("silenced_lints", "core/src/x.cpp", HEAD + "// NO" + "LINTBEGIN(*): all of it\n"),
]


def run(files):
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["git", "init", "-q", root], check=True)
        for name, text in files.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, TIDY, root], capture_output=True, text=True)
        findings = [line.split(": ")[1] for line in done.stdout.splitlines() if line.count(": ") >= 2
                    and not line.startswith("tidy:")]
        return done.returncode, findings


def main():
    failures = 0
    if run(CLEAN) != (0, []):
        print("the clean tree was not accepted:", run(CLEAN))
        failures += 1
    for rule, name, text in BAD:
        code, findings = run({**CLEAN, name: text})
        if code != 1 or set(findings) != {rule}:
            print(f"{rule}: bad example {name} gave exit {code}, findings {findings}")
            failures += 1
    print(f"{len(BAD) + 1 - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
