#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles or runs the code in a document; stops at the first block that fails, with its file and line.

usage: snippets.py BUILD-FOLDER DOCUMENT.md      (SHMFIFO_CXX: the compiler and its flags)
       snippets.py BUILD-FOLDER --self-test      exit 0 if a broken snippet of each kind is refused

```cpp    with main(): compiled, linked with the core, run. Otherwise compiled: as it is if it begins with a
          comment, else as the body of a function. <!-- given: DECLARATIONS --> goes before it.
```sh     run by bash in a folder that the blocks of a document share, with the project's programs in PATH and
          namespaces for a /dev/shm of 64 MB and its processes, so that nothing is left. A ```text block right
          behind it is its expected output; ... matches anything.
```cmake, ```python  quoted from a file that other tests run: <!-- from PATH -->. Any block may be quoted.
A block without a language is a drawing or typed by a person; guides have none.
"""
import doctest
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent.parent
INCLUDES = [f"-I{TREE}/core/include", f"-I{TREE}/core/c/include", f"-I{TREE}/harness/include"]
BLOCK = re.compile(r"(?:^<!-- (given|from)[: ](?P<note>.*?) *-->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
INSIDE = "--inside"
PROGRAM = "```cpp\n#include <shmfifo/shmfifo.hpp>\nint main() { return 0; }\n```\n"
FRAGMENT = "<!-- given: extern int n; -->\n```cpp\n#include <shmfifo/status.hpp>\n++n;\n```\n"
QUOTE = "<!-- from core/CMakeLists.txt -->\n```cmake\nfind_package(Threads REQUIRED)\n```\n"
SHELL = "```sh\nshmfifo create a --slots 8 > file\nhead -n 1 file\n```\n```text\nname...a\n```\n"
# A correct block of each kind, what makes it wrong, and what must be said then.
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


class Wrong(Exception):
    pass


def call(words, what, **more):
    done = subprocess.run(words, text=True, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)
    if done.returncode != 0:
        raise Wrong(f"{what}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def quoted(path, text):
    if text not in (TREE / path).read_text(encoding="utf-8"):
        raise Wrong(f"{path} does not have these lines")


def cpp(build, folder, given, text):
    if not re.search(r"^int main\(", text, re.M) and not text.startswith("//"):
        lines = text.split("\n")
        outside = [line for line in lines if re.match(r"#include|using namespace|namespace \w+ =", line)]
        inside = [line for line in lines if line not in outside]
        text = "\n".join([*outside, given, "void snippet() {", *inside, "}\n"])
    source, program = folder / "snippet.cpp", folder / "snippet"
    source.write_text(text, encoding="utf-8")
    compiler = [*os.environ["SHMFIFO_CXX"].split(), "-std=c++20", "-Wall", "-Wextra", *INCLUDES, source]
    if "\nint main(" not in text:
        call([*compiler, "-fsyntax-only"], "it does not compile")
    else:
        call([*compiler, f"{build}/core/libshmfifo.a", "-pthread", "-o", program], "it does not compile")
        call([program], "it fails", cwd=folder)


def shell(build, folder, text, wanted):
    path = [f"{build}/core/apps", f"{build}/stress", f"{build}/stress/processes", f"{TREE}/core/examples/python"]
    out = call(["bash", "-euo", "pipefail", "-c", text], "it fails", cwd=folder,
               env={**os.environ, "PATH": ":".join([*path, os.environ["PATH"]])})
    how = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if wanted is not None and not doctest.OutputChecker().check_output(wanted, out, how):
        raise Wrong(f"it prints\n{out}")


def check(build, document, folder):
    text = document.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    for number, block in enumerate(blocks):
        language, kind, code = block["language"], block[1], block["text"]
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        close = following and following["language"] == "text" and following.start() - block.end() <= 2
        try:
            if kind == "from":
                quoted(block["note"], code)
            elif language == "cpp":
                cpp(build, folder, block["note"] or "", code)
            elif language == "sh":
                shell(build, folder, code, following["text"] if close else None)
            elif language != "text" and (language or "guides" in document.parts):
                raise Wrong(f"a block of '{language}' is neither compiled nor run")
        except Wrong as wrong:
            line = text[:block.start("text")].count("\n") + 1
            sys.exit(f"{document}:{line}: {wrong}")
    print(f"{document.name}: {len(blocks)} blocks hold")


def self_test(build):
    """Small documents, a correct one of all kinds, then each broken once, which must be refused with file and line."""
    failures = []
    right = ("\n".join([PROGRAM, FRAGMENT, QUOTE, SHELL]), "", "", "5 blocks hold")
    with tempfile.TemporaryDirectory() as name:
        document = Path(name) / "guides/guide.md"
        document.parent.mkdir()
        for text, old, new, wanted in [right, *BAD]:
            document.write_text("# A guide\n\n" + text.replace(old, new), encoding="utf-8")
            done = subprocess.run([sys.executable, "-B", __file__, build, document], text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            said = "guide.md:" in done.stdout and wanted in done.stdout
            if (done.returncode == 0) != (wanted == right[-1]) or not said:
                failures.append(f"'{old}' as '{new}': exit code {done.returncode}, not '{wanted}' but '{done.stdout}'")
    print("\n".join(failures) or f"{len(BAD)} broken snippets were refused")
    return 1 if failures else 0


def main(build, document):
    """Runs this script again in namespaces for mounts and processes, which end with it."""
    for how in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        command = [*how, "--pid", "--fork", "--kill-child", "--mount-proc"]
        if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            with tempfile.TemporaryDirectory() as folder:
                sys.exit(subprocess.run([*command, sys.executable, "-B", __file__, INSIDE, build, document, folder],
                                        check=False).returncode)
    sys.exit("no namespaces: run as root, or allow user namespaces (kernel.unprivileged_userns_clone)")


if __name__ == "__main__":
    if sys.argv[1:2] == [INSIDE]:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", "/dev/shm"], check=True)
        check(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    elif sys.argv[2:] == ["--self-test"]:
        sys.exit(self_test(sys.argv[1]))
    elif len(sys.argv) == 3:
        main(*sys.argv[1:])
    else:
        sys.exit(__doc__)
