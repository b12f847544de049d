#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of the tree that no compiler checks. Prints one line per finding; exit 1 if there is any.

usage: ci/tidy.py [ROOT]      check the tree at ROOT (default: the checkout this file is in)

Each rule is a function from the tree to findings; ci/tests/tidy_test.py holds a bad example for each.
"""
import math
import os
import re
import subprocess
import sys
from pathlib import Path

# Bottom to top. A header of the core may include headers of lower rows only (core/README.md draws it).
CORE_LAYERS = [
    {"config"},
    {"status", "geometry", "content_copy"},
    {"layout", "memory_model"},
    {"validate", "bell"},
    {"participants", "claim", "mark"},
    {"publish", "poll"},
    {"producer", "consumer"},
    {"segment"},
    {"shmfifo"},
]
# The protocol reaches memory, sleep and locks only through the seam: all of its headers but the seam itself, what copies
# content for it, and what checks a segment before anyone uses it.
SEAM = {"memory_model", "content_copy", "validate"}
AROUND_THE_SEAM = re.compile(
    r"std::atomic|atomic_ref|__atomic_|__sync_|memcpy|memmove|memset|syscall|fcntl|futex\s*\(|<sys/|<unistd|<linux/|"
    r"\basm\b|\bvolatile\b|mmap|madvise|membarrier|sleep_for|nanosleep|sched_yield|std::mutex|pthread_")
ABOVE_BOTH = ("property_tests", "stress", "sanitizers", "coverage")  # core and harness stand side by side
SUPPORT_OF_TESTS = "shmfifo/harness/support/"
LINE_MAX = 100
FILE_MAX = 450
FUNCTION_MAX = 70
PROTOCOL_ROOM = "core/include/shmfifo/protocol/"
PROTOCOL_MAX = 1500  # lines of code
SOURCE_ENDINGS = (".cpp", ".hpp", ".c", ".h")
DESIGN = "core/DESIGN.md"
# Where tests are named: G6_G8_sentence in a source; in CMake also G6.G8_sentence, and lists of guarantees.
CMAKE = ("CMakeLists.txt", ".cmake")
CODE = SOURCE_ENDINGS + (".py",) + CMAKE
TESTS = re.compile(r"(^|/)(tests?|property_tests|stress|fault|crash|sanitizers|coverage)/|_test\.(py|c|cpp)$|CMakeLists")
NOT_TESTS = re.compile(r"ci/(tests|evidence)/")  # the tests of these rules hold bad examples
NAMED_GUARANTEES = re.compile(r"(?<![A-Za-z0-9])(?:G\d+[._])+(?=[A-Za-z])")
ANY_GUARANTEE = re.compile(r"(?<![A-Za-z0-9])G\d+(?![A-Za-z0-9])")


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], check=True,
                                capture_output=True, text=True).stdout.split("\n")
        self.files = sorted(f for f in listed if f and (self.root / f).is_file())

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    def lines(self, name):
        return enumerate(self.text(name).split("\n"), 1)

    def sources(self, folder=""):
        return [f for f in self.files if f.endswith(SOURCE_ENDINGS) and f.startswith(folder)]

    def source_lines(self, folder=""):
        return ((name, number, line) for name in self.sources(folder) for number, line in self.lines(name))

    def includes(self, folder=""):
        for name, number, line in self.source_lines(folder):
            if found := re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line):
                yield name, number, found[1]


def licence_line(tree):
    """Every source file begins with the SPDX line."""
    for name in tree.sources():
        if not tree.text(name).startswith("// SPDX-License-Identifier: MIT\n"):
            yield name, 1, "the first line is not the SPDX licence line"


def line_length(tree):
    """No line of code is longer than 100 columns."""
    for name, number, line in tree.source_lines():
        if len(line) > LINE_MAX:
            yield name, number, f"{len(line)} columns; at most {LINE_MAX}"


def file_length(tree):
    """A file has one job and a length to match."""
    for name in tree.sources():
        count = tree.text(name).count("\n")
        if count > FILE_MAX:
            yield name, count, f"{count} lines; at most {FILE_MAX}: split it by job"


def functions(lines):
    """(first line, last line, the line before) of what clang-format sets as a function, free or in a class."""
    not_a_function = re.compile(r"(inline )?(namespace|class|struct|enum|union|extern|using|if|for|while|switch|do|"
                                r"else|return|case|default|static_assert)\b|[#/})]")
    for indent in ("", "  "):
        begin, depth = None, 0
        for i, line in enumerate(lines):
            outermost = line.startswith(indent) and line[len(indent):len(indent) + 1].strip() != ""
            if begin is None and outermost and not not_a_function.match(line[len(indent):]):
                begin, depth = i, 0
            if begin is None:
                continue
            depth += line.count("{") - line.count("}")
            if outermost and line.startswith(indent + "}"):
                if "(" in "".join(lines[begin:i]).split("{")[0]:
                    yield begin, i
                begin = None
            elif depth <= 0 and (line == "" or line.endswith((";", "}"))) or line[:1].strip() and indent:
                begin = None  # a declaration, or all of it on one line


def function_length(tree):
    """A function fits on a screen, or says why not: `// LONG: reason` above it."""
    for name in tree.sources():
        lines = tree.text(name).split("\n")
        for first, last in functions(lines):
            count = last - first + 1
            reason = re.match(r"\s*// LONG: \S", lines[first - 1]) if first else None
            if count > FUNCTION_MAX and not reason:
                yield name, first + 1, f"{count} lines; at most {FUNCTION_MAX}, or '// LONG: reason' above it"


def core_layers(tree):
    """Inside the core, includes run from higher layers to lower ones, and none leaves it. Its tests share the support
    of all tests."""
    rank = {unit: i for i, layer in enumerate(CORE_LAYERS) for unit in layer}
    public = "core/include/shmfifo/"
    for name in tree.sources(public):
        if Path(name).stem not in rank:
            yield name, 1, "this header has no place in the layers (CORE_LAYERS in ci/tidy.py)"
    for name, number, target in tree.includes("core/"):
        unit, other = Path(name).stem, Path(target).stem
        if name.startswith("core/tests/") and target.startswith(SUPPORT_OF_TESTS):
            continue
        if target.startswith(tuple(f"{f}/" for f in ABOVE_BOTH)) or "harness/" in target:
            yield name, number, f"the core includes {target}, which is not its own"
        elif (name.startswith(public) and unit in rank and target.startswith("shmfifo/")
              and rank.get(other, math.inf) >= rank[unit]):
            yield name, number, f"{unit} includes {other}, which is not below it"


def pillars(tree):
    """The harness works on any queue: it includes nothing of the core, nor of what stands upon both."""
    folders = [f for f in tree.files if f.startswith(("core/", *(f"{above}/" for above in ABOVE_BOTH)))]
    theirs = {Path(f).name for f in folders if f.endswith((".hpp", ".h"))}
    theirs -= {Path(f).name for f in tree.files if f.startswith("harness/")}
    for name, number, target in tree.includes("harness/"):
        if not target.startswith("shmfifo/harness/") and (target.startswith("shmfifo") or Path(target).name in theirs):
            yield name, number, f"the harness includes {target}, which is not its own"


def core_tests_are_no_library(tree):
    """Tests and programs outside the core share harness/support, not the headers of the core's tests."""
    headers = [f for f in tree.files if f.startswith("core/tests/") and f.endswith((".hpp", ".h"))]
    for name, number, target in tree.includes():
        if not name.startswith("core/") and any(f"/{header}".endswith(f"/{target}") for header in headers):
            yield name, number, f"includes {target} of the core's tests"


def protocol_purity(tree):
    """Protocol code touches shared memory, sleep and locks only through the memory_model seam."""
    for name, number, line in tree.source_lines(PROTOCOL_ROOM):
        found = AROUND_THE_SEAM.search(line.split("//")[0])
        if found and Path(name).stem not in SEAM:
            yield name, number, f"'{found.group(0)}' goes around the memory_model seam"


def protocol_budget(tree):
    """What must be read to trust the library stays short enough to be read."""
    headers = [f for f in tree.files if f.startswith(PROTOCOL_ROOM) and f.endswith(".hpp")]
    count = sum(not re.match(r"\s*(//|$)", line) for name in headers for _, line in tree.lines(name))
    if count > PROTOCOL_MAX:
        yield PROTOCOL_ROOM, 1, f"{count} lines of code; at most {PROTOCOL_MAX}"


def sync_points(tree):
    """Each SYNC name stands on both sides, release and acquire, and in the table of core/DESIGN.md."""
    sides, first = {}, {}
    patterns = {"release": "release|seq_cst|light_fence", "acquire": "acquire|seq_cst|heavy_fence"}
    for name, number, line in tree.source_lines("core/"):
        for point in re.findall(r"// SYNC (\w+):", line):
            first.setdefault(point, (name, number))
            near = " ".join(tree.text(name).split("\n")[number - 1:number + 13])
            sides.setdefault(point, set()).update(side for side, words in patterns.items() if re.search(words, near))
    table = tree.text(DESIGN) if DESIGN in tree.files else ""
    for point, found in sorted(sides.items()):
        for side in sorted(patterns.keys() - found):
            yield *first[point], f"SYNC {point} has no {side} side"
        if f"`{point}`" not in table:
            yield *first[point], f"SYNC {point} is missing in the table of {DESIGN}"


def synopsis(tree):
    """The synopsis in shmfifo.hpp is the one that the README has, which is compiled there."""
    header, readme = "core/include/shmfifo/shmfifo.hpp", "README.md"
    if header not in tree.files or readme not in tree.files:
        return
    lines = re.findall(r"^//   (.*)$", tree.text(header), re.M)
    block = re.search(r"^using namespace shmfifo;\n(.*?)^```$", tree.text(readme), re.M | re.S)
    quoted = [line for line in (block.group(1) if block else "").split("\n") if line]
    if lines != quoted:
        yield header, 1, f"the synopsis differs from that of {readme}"


def documents_name_real_files(tree):
    """A path in a document exists."""
    known = {*tree.files, *(str(folder) for f in tree.files for folder in Path(f).parents)}
    for name in (f for f in tree.files if f.endswith(".md")):
        for number, line in tree.lines(name):
            for path in re.findall(r"`((?:core|harness|property_tests|stress|sanitizers|ci|coverage)/[\w./-]*)`", line):
                if path.rstrip("/") not in known:
                    yield name, number, f"names {path}, which does not exist"


def guarantees_and_tests(tree):
    """Each guarantee of core/DESIGN.md begins the name of a test, and no test is named after one that there is not."""
    if DESIGN not in tree.files:
        return
    known = {found.group(1): number for number, line in tree.lines(DESIGN)
             if (found := re.match(r"\| (G\d+) \|", line))}
    named = set()
    for name in tree.files:
        if not name.endswith(CODE) or NOT_TESTS.match(name) or not TESTS.search(name):
            continue
        names = ANY_GUARANTEE if name.endswith(CMAKE) else NAMED_GUARANTEES
        for number, line in tree.lines(name):
            code = line.split("//" if name.endswith(SOURCE_ENDINGS) else "#")[0]
            for guarantee in re.findall(r"G\d+", "".join(names.findall(code))):
                named.add(guarantee)
                if guarantee not in known:
                    yield name, number, f"names {guarantee}, which is no guarantee of {DESIGN}"
    for guarantee, number in known.items():
        if guarantee not in named:
            yield DESIGN, number, f"no test is named after {guarantee} ({guarantee}_sentence)"


def no_leftovers(tree):
    """No disabled tests and no notes to oneself."""
    # In two pieces each: the words that the rule looks for, no use of them.
    words = re.compile(r"\b(?:GTEST_" + r"SKIP|DISA" + r"BLED_\w+|TO" + r"DO|FIX" + r"ME)\b")
    for name, number, line in tree.source_lines():
        if found := words.search(line):
            yield name, number, f"leftover '{found.group(0)}'"


def silenced_lints(tree):
    """A lint is silenced by the name of its check, with the reason behind it."""
    word = "NO" + "LINT"  # in two pieces: what the rule looks for, silencing nothing
    silenced = re.compile(word + r"(?!END)(?:BEGIN|NEXTLINE)?(?P<named>\([\w.-]+\): \S)?")
    for name, number, line in tree.source_lines():
        if any(not found.group("named") for found in silenced.finditer(line)):
            yield name, number, f"say {word}(the-check): and why"


def scripts_can_be_run(tree):
    """What says which program runs it can be run by its name, and what can be run says by what."""
    for name in tree.files:
        path = tree.root / name
        says = path.read_bytes()[:2] == b"#!"
        if says != os.access(path, os.X_OK):
            yield name, 1, "begins with #! and is not executable" if says else "is executable and does not begin with #!"


RULES = [licence_line, line_length, file_length, function_length, core_layers, pillars, core_tests_are_no_library,
         protocol_purity, protocol_budget, sync_points, synopsis, documents_name_real_files, guarantees_and_tests,
         no_leftovers, silenced_lints, scripts_can_be_run]


def main():
    if len(sys.argv) > 2 or sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__)
        return 0 if len(sys.argv) == 2 else 2
    tree = Tree(sys.argv[1] if len(sys.argv) == 2 else str(Path(__file__).resolve().parent.parent))
    count = 0
    for rule in RULES:
        for name, number, text in rule(tree):
            print(f"{name}:{number}: {rule.__name__}: {text}")
            count += 1
    print(f"tidy: {len(tree.files)} files, {len(RULES)} rules, {count} findings")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
