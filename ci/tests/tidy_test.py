#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: every rule of ci/tidy.py can fail. Method: a small clean tree passes; each bad example, put into
it, gives the findings of its own rule that are listed with it, and no other.

usage: ci/tests/tidy_test.py [examples | neighbours | program]"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
TIDY = Path(__file__).resolve().parent.parent / "tidy.py"
sys.path.insert(0, str(TIDY.parent))
import tidy  # noqa: E402

HEAD = "// SPDX-License-Identifier: MIT\n"
PUBLIC, PROTOCOL = "core/include/shmfifo/", "core/include/shmfifo/protocol/"
RELEASE, ACQUIRE = "// SYNC a: release\n", "// SYNC a: acquire\n"
SYNC = HEAD + RELEASE + "\n" * 13 + ACQUIRE
TABLE = "| `a` | `far` | see `core/src/sync.cpp` |\n| G1 | order |\n| G2 | it's dense |\n"
NOT_PROTOCOL = {"config", "status", "geometry", "producer", "consumer", "segment", "shmfifo"}
LAYERS = [("config", "status"), ("config", "geometry"), ("config", "content_copy"), ("status", "layout"), ("geometry", "layout"),
          ("content_copy", "memory_model"), ("layout", "validate"), ("layout", "bell"), ("memory_model", "bell"),
          ("validate", "participants"), ("bell", "claim"), ("bell", "mark"), ("participants", "publish"), ("claim", "poll"),
          ("publish", "producer"), ("poll", "consumer"), ("producer", "segment"), ("segment", "shmfifo")]  # (lower, higher)
NOT_AROUND = ("validate", "content_copy", "memory_model")
AROUND = {  # a line, and what in it goes around the seam
    "std::atomic<int> a;": "std::atomic", "atomic_ref(a);": "atomic_ref", "__atomic_load(a);": "__atomic_",
    "__sync_synchronize();": "__sync_", "std::memcpy(a, b, 8);": "memcpy", "memmove(a, b);": "memmove", "memset(a, 0, 8);": "memset",
    "syscall(1);": "syscall", "fcntl(1);": "fcntl", "futex(a);": "futex(", "futex  (a);": "futex  (",
    "#include <sys/mman.h>": "<sys/", "#include <unistd.h>": "<unistd", "#include <linux/futex.h>": "<linux/", 'asm("");': "asm",
    "volatile int a;": "volatile", "mmap(0);": "mmap", "madvise(0);": "madvise", "membarrier(0);": "membarrier",
    "sleep_for(a);": "sleep_for", "nanosleep(a);": "nanosleep", "sched_yield();": "sched_yield", "std::mutex a;": "std::mutex",
    "pthread_self();": "pthread_"}
ALL = [unit for layer in tidy.CORE_LAYERS for unit in layer]


def header(unit):
    return f"{PUBLIC if unit in NOT_PROTOCOL else PROTOCOL}{unit}.hpp"


def include(*units):
    return HEAD + "".join(f'#include "{header(unit).removeprefix("core/include/")}"\n' for unit in units)


def function(lines, indent=""):
    """A function of so many lines."""
    return f"{indent}void f() {{\n" + f"{indent}  g();\n" * (lines - 2) + f"{indent}}}\n"


CLEAN = {
    **{header(higher): include(*(lower for lower, one in LAYERS if one == higher)) for _, higher in LAYERS},
    header("config"): HEAD,
    header("bell"): include("layout", "memory_model") + "int futex;  // around by std::atomic\n" + "int x;\n" * 440,
    header("validate"): include("layout") + "std::memcpy(a, b, 8);\n" + "int x;\n" * 440,
    header("memory_model"): include("content_copy") + "std::atomic<int> a;\n" + "int x;\n" * 440,
    header("content_copy"): include("config") + "asm volatile(a);\n  // no code\n\n" + "int x;\n" * 164,
    header("shmfifo"): include("segment") + "// The interface:\n//   call();\n//\n//   other();\n",
    "README.md": "```cpp\nusing namespace shmfifo;\n\ncall();\n\nother();\n```\n",
    "core/src/sync.cpp": SYNC,
    "core/src/far.cpp": HEAD + "// SYNC far:" + "\n" * 13 + "acquire release",
    "core/tests/rows.inc": "1, 2\n", "stress/own.cpp": HEAD + '#include "rows.inc"\n',
    "core/src/long.cpp": HEAD + "// LONG: a table\n" + function(72),
    "core/src/short.cpp": HEAD + function(70) + "int x{0};\n" * 70 + "void g() {}\n" + "class c {\n" + function(70, "  ") + "};\n" +
                           "class d {\n public:\n" + "  // f()\n" * 72 + "};\n",
    "core/src/wide.cpp": HEAD + "//" + "x" * 98 + "\n" + "int x;\n" * 448,
    "core/DESIGN.md": TABLE,
    "core/README.md": "`core/src/sync.cpp` `core/src` `core/src/` `core/tests/support` `elsewhere/x.cpp`\n",
    # Of these names the core has another file, or none that is a header.
    "harness/src/own.hpp": HEAD + '#include <atomic>\n#include "own.hpp"\n#include "shmfifo/harness/own.hpp"\n'
                           '#include "table.inc"\n#include "elsewhere.h"\n',
    "core/src/table.inc": "1, 2\n", "examples/elsewhere.h": HEAD,
    "core/src/own.hpp": HEAD,  # the harness has one of that name, and means its own
    "core/tests/x_test.cpp": HEAD + '#include "shmfifo/harness/support/names.hpp"\n#include "support/testing.hpp"\n'
                             "TEST(x, G1_a_sentence) {}\n",
    "core/tests/support/testing.hpp": HEAD,
    "core/tests/README.md": "G77_is_no_test\n",
    "property_tests/model/model_x.cpp": HEAD + 'registration x{{"x.G1.G2_a_sentence"}};  // G77_is not a name\n',
    "core/src/names.cpp": HEAD + "int G88_is_no_test;\n",
    "stress/CMakeLists.txt": "add_test(G1)  # G77\n",
    "ci/tests/x_test.py": "def test_G88_of_a_rule  # `ci/gone`\n",
    "core/src/lint.cpp": HEAD + "// NO" + "LINTBEGIN(a-check): why\n// NO" + "LINTEND(a-check)\nint x;  // NO" + "LINT(b.c-d): why\n",
    "ci/run.sh": "#!/bin/sh\n",
}
X = "core/src/x.cpp"
IN_TEXTS = [rule for rule in tidy.RULES if rule != tidy.scripts_can_be_run]  # that one looks at the files themselves
# (rule, {file: its text}, the findings without the rule's name)
BAD = [
    ("licence_line", {X: "int x;\n", "core/src/x.h": "\n" + HEAD, "core/src/x.c": "", "core/src/x.hpp": "// MIT\n"},
     [f"core/src/x.{ending}:1: the first line is not the SPDX licence line" for ending in ("c", "cpp", "h", "hpp")]),
    ("line_length", {X: HEAD + "// " + "x" * 98 + "\n", "harness/x.h": HEAD + "\n" + "x" * 200},
     [f"{X}:2: 101 columns; at most 100", "harness/x.h:3: 200 columns; at most 100"]),
    ("file_length", {X: HEAD + "int x;\n" * 450}, [f"{X}:451: 451 lines; at most 450: split it by job"]),
    ("function_length", {X: HEAD + "int x;\nvoid f(\n    int x) {\n" + "  g();\n" * 68 + "}\n"},
     [f"{X}:3: 71 lines; at most 70, or '// LONG: reason' above it"]),
    ("function_length", {X: HEAD + "class c {\n  int x;\n" + function(71, "  ") + "};\n"},
     [f"{X}:4: 71 lines; at most 70, or '// LONG: reason' above it"]),
    ("function_length", {X: HEAD + "// LONG:\n" + function(71) + "\n// LONG: a table\n\n" + function(72)},
     [f"{X}:3: 71 lines; at most 70, or '// LONG: reason' above it",
      f"{X}:77: 72 lines; at most 70, or '// LONG: reason' above it"]),
    # A layer may include lower ones only: neither higher ones nor its own.
    *(("core_layers", {header(lower): include(higher)}, [f"{header(lower)}:2: {lower} includes {higher}, which is not below it"])
      for lower, higher in LAYERS),
    ("core_layers", {header("claim"): include("mark")}, [f"{header('claim')}:2: claim includes mark, which is not below it"]),
    ("core_layers", {header("claim"): include("nowhere")}, [f"{header('claim')}:2: claim includes nowhere, which is not below it"]),
    ("core_layers", {PUBLIC + "unknown.hpp": include("bell")},
     [f"{PUBLIC}unknown.hpp:1: this header has no place in the layers (CORE_LAYERS in ci/tidy.py)"]),
    ("core_layers", {X: HEAD + '#include "shmfifo/harness/model.hpp"\n  #  include <harness/x.hpp>\n'},
     [f"{X}:2: the core includes shmfifo/harness/model.hpp, which is not its own",
      f"{X}:3: the core includes harness/x.hpp, which is not its own"]),
    *(("core_layers", {X: HEAD + f'#include "{above}/x.hpp"\n'}, [f"{X}:2: the core includes {above}/x.hpp, which is not its own"])
      for above in ("property_tests", "stress", "sanitizers", "coverage")),
    ("core_layers", {X: HEAD + '#include "shmfifo/harness/support/names.hpp"\n'},
     [f"{X}:2: the core includes shmfifo/harness/support/names.hpp, which is not its own"]),
    ("core_layers", {"core/tests/y_test.cpp": HEAD + '#include "shmfifo/harness/model.hpp"\n'},
     ["core/tests/y_test.cpp:2: the core includes shmfifo/harness/model.hpp, which is not its own"]),
    ("pillars", {"harness/src/x.cpp": HEAD + '#include "shmfifo/shmfifo.hpp"\n#include "bell.hpp"\n#include <shmfifo.h>\n'},
     [f"harness/src/x.cpp:{line}: the harness includes {name}, which is not its own"
      for line, name in ((2, "shmfifo/shmfifo.hpp"), (3, "bell.hpp"), (4, "shmfifo.h"))]),
    *(("pillars", {f"{above}/other.hpp": HEAD, "core/other.h": HEAD, "harness/src/x.cpp": HEAD + '#include "../other.hpp"\n'},
       ["harness/src/x.cpp:2: the harness includes ../other.hpp, which is not its own"])
      for above in ("core", "property_tests", "stress", "sanitizers", "coverage")),
    ("pillars", {"core/other.h": HEAD, "harness/src/x.cpp": HEAD + '#include "other.h"\n'},
     ["harness/src/x.cpp:2: the harness includes other.h, which is not its own"]),
    ("core_tests_are_no_library", {"stress/x.cpp": HEAD + '#include "support/testing.hpp"\n#include "testing.hpp"\n'
                                   '#include "not_testing.hpp"\n'},
     ["stress/x.cpp:2: includes support/testing.hpp of the core's tests", "stress/x.cpp:3: includes testing.hpp of the core's tests"]),
    ("core_tests_are_no_library", {"core/tests/c.h": HEAD, "stress/x.c": HEAD + '#include "c.h"\n'},
     ["stress/x.c:2: includes c.h of the core's tests"]),
    *(("protocol_purity", {header("bell"): HEAD, header(unit): HEAD + "".join(f"{line}\n" for line in AROUND)},
       [f"{header(unit)}:{number}: '{found}' goes around the memory_model seam" for number, found in enumerate(AROUND.values(), 2)])
      for unit in ALL if unit not in NOT_PROTOCOL and unit not in NOT_AROUND),
    ("protocol_budget", {header("mark"): include("bell") + "\n// no code\n" * 20 + "int x;\n"},
     [f"{PROTOCOL}:1: 1501 lines of code; at most 1500"]),
    ("sync_points", {"core/src/sync.cpp": HEAD + RELEASE}, ["core/src/sync.cpp:2: SYNC a has no acquire side"]),
    ("sync_points", {"core/src/sync.cpp": HEAD + ACQUIRE}, ["core/src/sync.cpp:2: SYNC a has no release side"]),
    ("sync_points", {"core/src/sync.cpp": HEAD + "// SYNC a:" + "\n" * 14 + "acquire release"},
     ["core/src/sync.cpp:2: SYNC a has no acquire side", "core/src/sync.cpp:2: SYNC a has no release side"]),
    ("sync_points", {"core/src/sync.cpp": HEAD + "// SYNC a:\nseq_\ncst\n"},
     ["core/src/sync.cpp:2: SYNC a has no acquire side", "core/src/sync.cpp:2: SYNC a has no release side"]),
    ("sync_points", {X: SYNC.replace("SYNC a", "SYNC b")}, [f"{X}:2: SYNC b is missing in the table of core/DESIGN.md"]),
    ("synopsis", {"README.md": "```cpp\nusing namespace shmfifo;\n\ncall();\n```\n"},
     [f"{header('shmfifo')}:1: the synopsis differs from that of README.md"]),
    ("synopsis", {"README.md": "no block\n"}, [f"{header('shmfifo')}:1: the synopsis differs from that of README.md"]),
    ("documents_name_real_files", {"core/README.md": "see\n`core/src/gone.cpp` and `core/gone/`\n", "x.md": "`ci/gone`\n"},
     ["core/README.md:2: names core/src/gone.cpp, which does not exist", "core/README.md:2: names core/gone/, which does not exist",
      "x.md:1: names ci/gone, which does not exist"]),
    *(("documents_name_real_files", {"x.md": f"`{folder}/x`"}, [f"x.md:1: names {folder}/x, which does not exist"])
      for folder in ("core", "harness", "property_tests", "stress", "sanitizers", "ci", "coverage")),
    ("guarantees_and_tests", {"core/DESIGN.md": TABLE + "| G3 | bounds |\n"},
     ["core/DESIGN.md:4: no test is named after G3 (G3_sentence)"]),
    *(("guarantees_and_tests", {name: text}, [f"{name}:{line}: names {guarantee}, which is no guarantee of core/DESIGN.md"])
      for name, text, line, guarantee in (
          ("core/tests/x_test.cpp", HEAD + "TEST(x,\n     G1_G3_a_sentence) {}\n", 3, "G3"),
          ("core/tests/x_test.c", HEAD + "static void G0_a_sentence(void) {}\n", 2, "G0"),
          ("core/tests/x_test.py", "    def test_G1_G7_a_sentence(self):  # G9\n", 1, "G7"),
          ("core/apps/x_test.py", "    def test_G7_a_sentence(self):\n", 1, "G7"),
          ("property_tests/model/model_y.cpp", HEAD + 'x{{"x.G2.G4_a_sentence"}};\n', 2, "G4"),
          ("stress/y.cpp", HEAD + "G5_a_sentence\n", 2, "G5"), ("stress/crash/y.hpp", HEAD + "G5_a_sentence\n", 2, "G5"),
          ("sanitizers/y.cpp", HEAD + "G5_a\n", 2, "G5"), ("coverage/y.py", "G5_a\n", 1, "G5"), ("harness/test/y.h", HEAD + "G5_a\n", 2, "G5"),
          ("core/CMakeLists.txt", "shmfifo_add_test(NAME core.x.G14_a_sentence)\n", 1, "G14"),
          ("stress/CMakeLists.txt", "shmfifo_add_test(NAME stress.x.G2.G14_a_sentence)\n", 1, "G14"),
          ("stress/x.cmake", "list(APPEND guarantees G14)\n", 1, "G14"))),
    ("guarantees_and_tests", {"property_tests/model/model_x.cpp": HEAD + 'x{{"x.a_sentence_without"}};\n'},
     ["core/DESIGN.md:3: no test is named after G2 (G2_sentence)"]),
    *(("no_leftovers", {X: HEAD + f"{text}\n"}, [f"{X}:2: leftover '{word}'"])
      for text, word in (("// TO" + "DO later", "TO" + "DO"), ("// FIX" + "ME", "FIX" + "ME"), ("GTEST_" + "SKIP();", "GTEST_" + "SKIP"),
                         ("TEST(x, DISA" + "BLED_it) {}", "DISA" + "BLED_it"))),
    *(("silenced_lints", {X: HEAD + f"int x;  // NO{text}\n"}, [f"{X}:2: say NO" + "LINT(the-check): and why"])
      for text in ("LINT", "LINT(bugprone-x)", "LINT(bugprone-x):", "LINTBEGIN(*): all of it", "LINTNEXTLINE",
                   "LINT(a): why NO" + "LINT")),
]


class Kept(tidy.Tree):
    """The clean tree with the files of an example in it, kept in memory; those with the text None are not there."""

    def __init__(self, files):
        self.texts = {name: text for name, text in {**CLEAN, **files}.items() if text is not None}
        self.files = sorted(self.texts)

    def text(self, name):
        return self.texts[name]


def findings(files, rules):
    return [(rule.__name__, f"{name}:{number}: {text}") for rule in rules for name, number, text in rule(Kept(files))]


class Sample:
    """A repository that holds the clean tree with other files in it."""

    def __init__(self, root):
        self.root = Path(root)
        subprocess.run(["git", "init", "-q", root], check=True)
        self.write(CLEAN)

    def write(self, files):
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755 if name.endswith(".sh") else 0o644)

    def run(self, *words, program=TIDY):
        done = subprocess.run([sys.executable, "-B", program, *words], cwd=os.sep, capture_output=True, text=True)
        return done.returncode, done.stdout


def wrong_answers(files, expected, rules):
    found = findings(files, rules)
    if sorted(found) != sorted(expected):
        yield f"{', '.join(files) or 'the clean tree'} gave\n  {found}\n  instead of {expected}"


def wrong_examples():
    yield from wrong_answers({}, [], IN_TEXTS)
    rules = {rule.__name__: rule for rule in IN_TEXTS}
    for rule, files, expected in BAD:
        yield from wrong_answers(files, [(rule, text) for text in expected], [rules[rule]])
    for rule in rules.keys() - {rule for rule, _, _ in BAD}:
        yield f"{rule} has no bad example"
    # A tree without the documents that rules compare with has nothing to compare.
    for missing in ("README.md", header("shmfifo")):
        yield from wrong_answers({missing: None}, [], IN_TEXTS)
    yield from wrong_answers({"core/DESIGN.md": None}, [
        ("sync_points", f"core/src/{file}.cpp:2: SYNC {name} is missing in the table of core/DESIGN.md")
        for file, name in (("sync", "a"), ("far", "far"))], IN_TEXTS)


def wrong_neighbours():
    """No rule finds anything in the bad example of another one."""
    for rule, files, _ in BAD:
        yield from wrong_answers(files, [], [other for other in IN_TEXTS if other.__name__ != rule])


def wrong_runs():
    """The program by itself: the files it reads, what it prints, and its exit codes."""
    with tempfile.TemporaryDirectory() as root:
        yield from wrong_runs_in(Sample(root))


def wrong_runs_in(sample):
    shutil.copy(TIDY, sample.root / "ci")
    shutil.copymode(TIDY, sample.root / "ci/tidy.py")
    count, rules = len(CLEAN) + 1, len(tidy.RULES)
    clean = (0, f"tidy: {count} files, {rules} rules, 0 findings\n")
    for what, expected, found in [
            ("with a tree", clean, sample.run(sample.root)),
            ("in its own tree", clean, sample.run(program=sample.root / "ci/tidy.py")),
            ("help", (0, tidy.__doc__ + "\n"), sample.run("--help")), ("short help", (0, tidy.__doc__ + "\n"), sample.run("-h")),
            ("two trees", (2, tidy.__doc__ + "\n"), sample.run(sample.root, sample.root))]:
        if found != expected:
            yield f"{what}: {found}, expected {expected}"
    sample.write({X: "int x;\n", ".gitignore": "ignored.cpp\n", "ignored.cpp": "int x;\n", "ci/x.py": "#!/usr/bin/env python3\n",
                  "ci/x.sh": "echo\n"})
    (sample.root / "stress/latin.cpp").write_bytes(HEAD.encode() + b"// \xe9\n" + b"x" * 101)
    subprocess.run(["git", "-C", sample.root, "add", "core/README.md"], check=True)
    (sample.root / "core/README.md").unlink()  # listed, and gone
    expected = (1, f"{X}:1: licence_line: the first line is not the SPDX licence line\n"
                   "stress/latin.cpp:3: line_length: 101 columns; at most 100\n"
                   "ci/x.py:1: scripts_can_be_run: begins with #! and is not executable\n"
                   "ci/x.sh:1: scripts_can_be_run: is executable and does not begin with #!\n"
                   f"tidy: {count + 4} files, {rules} rules, 4 findings\n")
    if (found := sample.run(sample.root)) != expected:
        yield f"findings: {found}, expected {expected}"


PARTS = {"examples": wrong_examples, "neighbours": wrong_neighbours, "program": wrong_runs}


def main():
    failures = [text for part in sys.argv[1:] or PARTS for text in PARTS[part]()]
    print("\n".join(failures))
    print(f"{len(BAD)} bad examples, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
