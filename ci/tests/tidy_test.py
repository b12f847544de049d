#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: every rule of ci/tidy.py can fail. Method: a small clean tree passes; each bad example, put into
it, is found by its own rule and by no other."""
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
import requirements  # noqa: E402

TIDY = Path(__file__).resolve().parent.parent / "tidy.py"
HEAD = "// SPDX-License-Identifier: MIT\n"
SYNC = HEAD + "// SYNC a: release\n" + "\n" * 16 + "// SYNC a: acquire\n"

TABLE = "| `a` | see `core/src/sync.cpp` |\n| G1 | order |\n| G2 | it's dense |\n"
LISTED = requirements.make(TABLE)

CLEAN = {
    "core/include/shmfifo/config.hpp": HEAD,
    "core/include/shmfifo/protocol/bell.hpp": HEAD + '#include "shmfifo/config.hpp"\n',
    "core/src/sync.cpp": SYNC,
    "core/src/long.cpp": HEAD + "// LONG: a table\nvoid f() {\n" + "  g();\n" * 70 + "}\n",
    "core/src/short.cpp": HEAD + "void f() {\n" + "  g();\n" * 68 + "}\n" + "int x{0};\n" * 70 + "void g() {}\n",
    "core/DESIGN.md": TABLE,
    "ci/requirements.yaml": LISTED,
    "harness/src/own.hpp": HEAD + '#include <atomic>\n#include "own.hpp"\n#include "shmfifo/harness/own.hpp"\n',
    "core/tests/x_test.cpp": HEAD + '#include "shmfifo/harness/support/names.hpp"\n' + "// checks G1, G2\n",
    "property_tests/model/model_x.cpp": HEAD + 'registration x{{"x", "G1 G2"}};\n',
    "property_tests/README.md": "| P01 | a sentence | G2 | a test |\n",
    "ci/run.sh": "#!/bin/sh\n",
}
BAD = [
    ("licence_line", "core/src/x.cpp", "int x;\n"),
    ("line_length", "core/src/x.cpp", HEAD + "// " + "x" * 98 + "\n"),
    ("file_length", "core/src/x.cpp", HEAD + "int x;\n" * 450),
    ("function_length", "core/src/x.cpp", HEAD + "void f(\n    int x) {\n" + "  g();\n" * 69 + "}\n"),
    ("function_length", "core/src/x.cpp", HEAD + "class c {\n  int f() {\n" + "    g();\n" * 69 + "  }\n};\n"),
    ("core_layers", "core/include/shmfifo/config.hpp", HEAD + '#include "shmfifo/protocol/bell.hpp"\n'),
    ("core_layers", "core/include/shmfifo/unknown.hpp", HEAD),
    ("core_layers", "core/src/x.cpp", HEAD + '#include "shmfifo/harness/model.hpp"\n'),
    ("core_layers", "core/src/x.cpp", HEAD + '#include "shmfifo/harness/support/names.hpp"\n'),
    ("core_layers", "core/tests/x_test.cpp", HEAD + '#include "shmfifo/harness/model.hpp"\n'),
    ("pillars", "harness/src/x.cpp", HEAD + '#include "shmfifo/shmfifo.hpp"\n'),
    ("pillars", "harness/src/x.cpp", HEAD + '#include "bell.hpp"\n'),
    ("protocol_purity", "core/include/shmfifo/protocol/bell.hpp", HEAD + "std::atomic<int> around;\n"),
    ("protocol_purity", "core/include/shmfifo/protocol/bell.hpp", HEAD + "void f() { std::memcpy(a, b, 8); }\n"),
    ("sync_points", "core/src/sync.cpp", HEAD + "// SYNC a: release\n"),
    ("sync_points", "core/src/x.cpp", SYNC.replace("SYNC a", "SYNC b")),
    ("documents_name_real_files", "core/README.md", "see `core/src/gone.cpp`\n"),
    ("requirements_list", "core/DESIGN.md", TABLE.replace("dense", "very dense")),
    ("requirements_list", "core/DESIGN.md", TABLE + "| G3 | bounds |\n"),
    ("requirements_list", "ci/requirements.yaml", LISTED.replace(requirements.digest("order"), "0" * 64)),
    ("requirements_list", "ci/requirements.yaml", LISTED.replace("  text:", "  txt:")),
    ("requirements_and_tests", "core/tests/x_test.cpp", HEAD + "// checks G1 G2 G3\n"),
    ("requirements_and_tests", "property_tests/model/model_x.cpp", HEAD + 'x{{"x", "G1 G4"}};\n'),
    ("requirements_and_tests", "property_tests/README.md", "| P01 | a sentence | G2 G5 | a test |\n"),
    ("no_leftovers", "core/src/x.cpp", HEAD + "// TO" + "DO later\n"),
    ("no_leftovers", "core/src/x.cpp", HEAD + "GTEST_" + "SKIP();\n"),
    ("silenced_lints", "core/src/x.cpp", HEAD + "int x;  // NO" + "LINT\n"),
    ("silenced_lints", "core/src/x.cpp", HEAD + "int x;  // NO" + "LINT(bugprone-x)\n"),
    ("silenced_lints", "core/src/x.cpp", HEAD + "// NO" + "LINTBEGIN(*): all of it\n"),
    ("scripts_can_be_run", "ci/x.py", "#!/usr/bin/env python3\n"),
    ("scripts_can_be_run", "ci/x.sh", "echo\n"),
]


def run(files):
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["git", "init", "-q", root], check=True)
        for name, text in files.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755 if name.endswith(".sh") else 0o644)
        done = subprocess.run([sys.executable, TIDY, root], capture_output=True, text=True)
        findings = [line.split(": ")[1] for line in done.stdout.splitlines() if line.count(": ") >= 2
                    and not line.startswith("tidy:")]
        return done.returncode, findings


def main():
    failures = 0
    if run(CLEAN) != (0, []):
        print("the clean tree was not accepted:", run(CLEAN))
        failures += 1
    # A guarantee that no test names: the list and the document have one more.
    more = TABLE + "| G3 | bounds |\n"
    unnamed = run({**CLEAN, "core/DESIGN.md": more, "ci/requirements.yaml": requirements.make(more)})
    if unnamed != (1, ["requirements_and_tests"]):
        print("a guarantee that no test names was accepted:", unnamed)
        failures += 1
    for rule, name, text in BAD:
        code, findings = run({**CLEAN, name: text})
        if code != 1 or set(findings) != {rule}:
            print(f"{rule}: bad example {name} gave exit {code}, findings {findings}")
            failures += 1
    print(f"{len(BAD) + 2 - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
