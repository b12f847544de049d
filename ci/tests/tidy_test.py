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

TABLE = "| `a` | see `core/src/sync.cpp` |\n| G1 | order |\n| G2 | it's dense |\n"

CLEAN = {
    "core/include/shmfifo/config.hpp": HEAD,
    "core/include/shmfifo/protocol/bell.hpp": HEAD + '#include "shmfifo/config.hpp"\n',
    **{f"core/include/shmfifo/protocol/{unit}.hpp": HEAD + "int x;\n" * 440 for unit in ("claim", "mark", "poll")},
    "core/include/shmfifo/shmfifo.hpp": HEAD + "// The interface:\n//   call();\n//\n//   other();\n",
    "README.md": "```cpp\nusing namespace shmfifo;\n\ncall();\n\nother();\n```\n",
    "core/src/sync.cpp": SYNC,
    "core/src/long.cpp": HEAD + "// LONG: a table\nvoid f() {\n" + "  g();\n" * 70 + "}\n",
    "core/src/short.cpp": HEAD + "void f() {\n" + "  g();\n" * 68 + "}\n" + "int x{0};\n" * 70 + "void g() {}\n",
    "core/DESIGN.md": TABLE,
    "harness/src/own.hpp": HEAD + '#include <atomic>\n#include "own.hpp"\n#include "shmfifo/harness/own.hpp"\n',
    "core/tests/x_test.cpp": HEAD + '#include "shmfifo/harness/support/names.hpp"\n' + "TEST(x, G1_a_sentence) {}\n",
    "core/tests/support/testing.hpp": HEAD,
    "property_tests/model/model_x.cpp": HEAD + 'registration x{{"x.G1.G2_a_sentence"}};  // G77_is not a name\n',
    "ci/tests/x_test.py": "def test_G88_of_a_rule\n",
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
    ("core_tests_are_no_library", "stress/x.cpp", HEAD + '#include "support/testing.hpp"\n'),
    ("protocol_purity", "core/include/shmfifo/protocol/bell.hpp", HEAD + "std::atomic<int> around;\n"),
    ("protocol_purity", "core/include/shmfifo/protocol/bell.hpp", HEAD + "void f() { std::memcpy(a, b, 8); }\n"),
    ("protocol_budget", "core/include/shmfifo/protocol/bell.hpp", HEAD + "\n// no code\n" * 20 + "int x;\n" * 181),
    ("sync_points", "core/src/sync.cpp", HEAD + "// SYNC a: release\n"),
    ("sync_points", "core/src/x.cpp", SYNC.replace("SYNC a", "SYNC b")),
    ("synopsis", "README.md", "```cpp\nusing namespace shmfifo;\n\ncall();\n```\n"),
    ("documents_name_real_files", "core/README.md", "see `core/src/gone.cpp`\n"),
    ("guarantees_and_tests", "core/DESIGN.md", TABLE + "| G3 | bounds |\n"),
    ("guarantees_and_tests", "core/tests/x_test.cpp", HEAD + "TEST(x,\n     G1_G3_a_sentence) {}\n"),
    ("guarantees_and_tests", "core/tests/x_test.c", HEAD + "static void G0_a_sentence(void) {}\n"),
    ("guarantees_and_tests", "core/tests/x_test.py", "    def test_G1_G7_a_sentence(self):\n"),
    ("guarantees_and_tests", "property_tests/model/model_x.cpp", HEAD + 'x{{"x.G2.G4_a_sentence"}};\n'),
    ("guarantees_and_tests", "property_tests/model/model_x.cpp", HEAD + 'x{{"x.a_sentence_without"}};\n'),
    ("guarantees_and_tests", "stress/CMakeLists.txt", "shmfifo_add_test(NAME stress.x.G2.G14_a_sentence)\n"),
    ("guarantees_and_tests", "stress/x.cmake", "list(APPEND guarantees G14)\n"),
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
    for rule, name, text in BAD:
        code, findings = run({**CLEAN, name: text})
        if code != 1 or set(findings) != {rule}:
            print(f"{rule}: bad example {name} gave exit {code}, findings {findings}")
            failures += 1
    print(f"{len(BAD) + 1 - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
