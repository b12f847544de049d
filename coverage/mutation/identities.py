# SPDX-License-Identifier: MIT
"""What programs and tests are made of, as the build knows it.

A test is identified by a hash of the sources of its program and of its scripts, without those that are mutated: a mutant that survived a test is tried with it again only if this has changed.
"""
import hashlib
import os
import subprocess
from functools import cache
from pathlib import Path


def ninja(build, *words):
    done = subprocess.run(["ninja", "-C", str(build), "-t", *words], capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


class Identities:
    """`original`: the sources as they were before mutants were put in; `mutated`: names of those that have some."""

    def __init__(self, build, source, original, mutated):
        self.build, self.source, self.original = (Path(one).resolve() for one in (build, source, original))
        self.mutated = set(mutated)
        self.headers = {}  # of each object
        for line in ninja(build, "deps"):
            if line.startswith("    "):
                self.headers[name].append(line.strip())
            elif line:
                name = line.split(": #deps")[0]
                self.headers[name] = []

    def project_file(self, path):
        """Its name in the project; None if it is not of the project, or has mutants."""
        path = os.path.normpath(self.build / path)
        name = os.path.relpath(path, self.source)
        return name if not name.startswith("..") and name not in self.mutated else None

    @cache
    def hash_of(self, name):
        path = self.original / name
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""

    @cache
    def inputs(self, program):
        """Whatever a built program is made of, also objects and headers of the system."""
        found = ninja(self.build, "inputs", program)
        return {path for one in found for path in [one, *self.headers.get(one, ())]}

    def of_program(self, program):
        """The sources of the project among them."""
        return {name for path in self.inputs(program) if (name := self.project_file(path))}

    def is_outdated(self, program):
        """Would it be linked again?"""
        paths = [self.build / path for path in self.inputs(program)]
        linked = (self.build / program).stat().st_mtime_ns
        return any(path.is_file() and path.stat().st_mtime_ns > linked for path in paths)

    @cache
    def of_folder(self, folder):
        """A script, and whatever else lies beside it."""
        return {name for path in (self.original / folder).iterdir()
                if path.is_file() and (name := path.relative_to(self.original).as_posix()) not in self.mutated}

    def of_test(self, test):
        names = set()
        for word in test.command:
            path = Path(word.rpartition("=")[2])  # NAME=program, too
            if not os.path.isfile(path):
                continue
            if path.is_relative_to(self.build):
                names |= self.of_program(path.relative_to(self.build).as_posix())
            elif path.is_relative_to(self.source):
                names |= self.of_folder(path.relative_to(self.source).parent.as_posix())
        words = [word.replace(str(self.build), "").replace(str(self.source), "") for word in test.command]
        text = "\n".join([*words, *(f"{name} {self.hash_of(name)}" for name in sorted(names))])
        return hashlib.sha256(text.encode()).hexdigest()[:16]
