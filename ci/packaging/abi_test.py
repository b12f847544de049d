#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: a program built with an older release of the same major version can load this one: no symbol gone, no member
moved, no size changed, in C and in C++. Method: the library is built here with debug information, abidw describes its
interface, abidiff compares that with the committed one.

usage: abi_test.py COMPILER              exit 1 and abidiff's report if the interface changed
       abi_test.py COMPILER --self-test  exit 0 if changed layouts and a lost symbol are reported
       abi_test.py COMPILER --write      writes core/abi.xml.gz, for an intended change
"""
import gzip
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

here = Path(__file__).resolve().parent
root = here.parent.parent
BASELINE = root / "core/abi.xml.gz"
# A new member in a structure of the C interface, one in a class of the C++ interface, a hidden symbol: the file, its
# text and the new text, what to compile for it, and what abidiff must name.
CHANGES = [
    ("include/shmfifo.h", "} shmfifo_record;\n", "  int64_t more;\n} shmfifo_record;\n", ["c_api"], "shmfifo_record"),
    ("include/shmfifo/segment.hpp", "std::shared_ptr<mapping> home_;", "std::shared_ptr<mapping> home_; int more_ = 0;",
     ["c_api", "mapping", "roles", "segment"], "more_"),
    ("src/exported.map", "  local:\n", "  local:\n    shmfifo_mark;\n", [], "shmfifo_mark"),
]


def run(*words, cwd=None, good=(0,)):
    done = subprocess.run(list(map(str, words)), cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode not in good:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class library:
    """A copy of the core's sources in a folder, and its interface as abidw sees it, without paths of this machine."""

    def __init__(self, compiler, folder, source=root / "core"):
        self.compiler, self.folder = compiler, Path(folder)
        for name in ("include", "src"):
            shutil.copytree(source / name, self.folder / name)
        for name, beside in (("c/include/shmfifo.h", "include"), ("c/src/c_api.cpp", "src")):  # a copy has them there
            if (source / name).is_file():
                shutil.copy(source / name, self.folder / beside)

    def build(self, names=None):
        for name in sorted(path.stem for path in self.folder.glob("src/*.cpp")) if names is None else names:
            run(self.compiler, "-std=c++20", "-g", "-O0", "-DNDEBUG", "-fPIC", "-fvisibility=hidden",
                "-fvisibility-inlines-hidden", "-I", "include", "-c", f"src/{name}.cpp", "-o", f"src/{name}.o",
                cwd=self.folder)
        objects = [f"src/{path.name}" for path in sorted(self.folder.glob("src/*.o"))]
        run(self.compiler, "-shared", "-Wl,--version-script=src/exported.map", "-o", "libshmfifo.so", *objects,
            "-pthread", cwd=self.folder)

    def interface(self):
        path = self.folder / "interface.xml"
        path.write_text(run(
            "abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-write-default-sizes",
            "--no-elf-needed", "--drop-private-types", "--suppressions", here / "abi.suppressions",
            "--headers-dir", "include", "libshmfifo.so", cwd=self.folder).stdout)
        return path


def difference(old, new):
    """Exit code of abidiff (0: the same; else bits for kinds of change) and its report."""
    done = run("abidiff", "--fail-no-debug-info", old, new, good=(0, 4, 8, 12))
    return done.returncode, done.stdout


def self_test(compiler, folder):
    made = library(compiler, folder / "core")
    made.build()
    old = made.interface().rename(folder / "old.xml")
    failed = 0
    if difference(old, made.interface())[0] != 0:
        print("the same library twice was called changed")
        failed += 1
    for number, (name, old_text, new_text, names, sign) in enumerate(CHANGES):
        changed = library(compiler, folder / f"changed{number}", made.folder)
        path = changed.folder / name
        text = path.read_text()
        if old_text not in text:
            sys.exit(f"{name} has no '{old_text.strip()}' to change")
        path.write_text(text.replace(old_text, new_text))
        changed.build(names)
        code, told = difference(old, changed.interface())
        if not code or sign not in told:
            print(f"{name}: {new_text.strip()} was not noticed: exit {code}\n{told}")
            failed += 1
    print(f"{len(CHANGES) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    compiler, *mode = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="shmfifo-abi-") as name:
        folder = Path(name)
        if mode == ["--self-test"]:
            return self_test(compiler, folder)
        made = library(compiler, folder / "core")
        made.build()
        new = made.interface()
        if mode == ["--write"]:
            BASELINE.write_bytes(gzip.compress(new.read_bytes(), mtime=0))
            return 0
        old = folder / "old.xml"
        old.write_bytes(gzip.decompress(BASELINE.read_bytes()))
        code, told = difference(old, new)
        print(told or "the interface is the committed one")
        return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
