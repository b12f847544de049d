# SPDX-License-Identifier: MIT
"""The mutated copy of the sources: which files have mutants, how they are copied, rewritten, configured and built."""
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

import identities
import mutate_python
import results

CPP = (".cpp", ".hpp")
NOT_JUDGES = ("_test.py", "/bugs.py", "/switch.py")  # tests, data, and the switch, which cannot switch itself
DEBIAN = "/usr/lib/python3/dist-packages"  # where its packages are, also for another python3
LISTS = "coverage/mutation/*.json"
PRESET = "mutation"
PATIENCE = 10  # seconds that a build has to end in when it is interrupted


def git(root, *words):
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout


def in_scope(files, scopes):
    """The files that have mutants."""
    return [name for name in files if name.endswith((*CPP, ".py")) and "/tests/" not in name
            and not name.endswith(NOT_JUDGES) and results.scope_of(name, scopes)]


def digest(root, files):
    """Of the files that decide what a mutant or a test does: not of texts, nor of what is said about the results."""
    found = hashlib.sha256()
    for name in files:
        if name.endswith(".md") or fnmatch(name, LISTS):
            continue
        found.update(f"{name}\0{hashlib.sha256((Path(root) / name).read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def copy_tree(root, files, target):
    """Makes `target` hold these files and, apart from builds, no others. What is the same keeps its time."""
    target.mkdir(parents=True, exist_ok=True)
    for folder, folders, names in os.walk(target):
        folders[:] = [name for name in folders if name not in (".git", "build")]
        for name in names:
            path = Path(folder) / name
            if path.relative_to(target).as_posix() not in files:
                path.unlink()
    for name in files:
        source, copy = root / name, target / name
        if not copy.is_file() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
            os.utime(copy)


def is_program(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


class Tree:
    def __init__(self, root, folder, scopes):
        self.root, self.folder, self.scopes = Path(root), Path(folder), scopes
        self.original, self.source, self.build = (self.folder / name for name in ("original", "source", "build"))

    def environment(self):
        """That of a compiler: what builds have in common is compiled once."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("SHMFIFO_MUTA")}
        if shutil.which("ccache"):
            own.setdefault("CMAKE_CXX_COMPILER_LAUNCHER", "ccache")
            own.setdefault("CMAKE_C_COMPILER_LAUNCHER", "ccache")
            own.update(CCACHE_BASEDIR=str(self.folder), CCACHE_NOHASHDIR="1")
        return own

    def command(self, *words, deadline=float("inf")):
        """(exit code, output); it is ended at the deadline, with all that it started: then the code is None."""
        left = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
        with subprocess.Popen(list(map(str, words)), cwd=self.source, env=self.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, start_new_session=True) as child:
            try:
                output, _ = child.communicate(timeout=left)
                return child.returncode, output
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGTERM)  # ninja removes what is half made
                try:
                    return None, child.communicate(timeout=PATIENCE)[0]
                except subprocess.TimeoutExpired:
                    return None, ""
            finally:
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGKILL)

    def compile(self, targets, deadline):
        """What the compiler said if something does not compile, else ""; what came too late is not built."""
        if targets == []:
            return ""
        chosen = ["--target", *targets] if targets else []
        code, output = self.command("cmake", "--build", self.build, "--parallel", os.cpu_count(), *chosen, "--", "-k", "0",
                                    deadline=deadline)
        (self.folder / "build.log").write_text(output)
        if "error: unknown target" in output:
            sys.exit(output)
        return output if code else ""

    def remove_outdated(self):
        """Programs of an earlier build, which have other mutants, are no programs of this one. Were there any?"""
        known, found = identities.Identities(self.build, self.source, self.original, ()), False
        for path in self.build.rglob("*"):
            if path.is_file() and "CMakeFiles" not in path.parts and is_program(path):
                if known.is_outdated(path.relative_to(self.build).as_posix()):
                    path.unlink()
                    found = True
        return found

    def configure(self, preset):
        arguments = ["-DSHMFIFO_PLANTED_FROM=" + str(self.original)]
        code, output = self.command("cmake", "--preset", preset, "-B", self.build, *arguments)
        if code != 0:
            sys.exit(f"{self.source} cannot be configured:\n{output}")

    def prepare(self, report, preset=PRESET, files=None, targets=None, deadline=float("inf")):
        """Makes, builds and describes the mutated copy; `files` are those to mutate, all in scope by default, and
        `targets` what is built, everything by default."""
        listed = self.files()
        state = {"tree": digest(self.root, listed),
                 "files": sorted(in_scope(listed, self.scopes) if files is None else files),
                 "targets": targets}
        if self.state() == state:
            report(f"prepare: nothing changed since {self.folder / 'prepared.json'} was written")
            return
        (self.folder / "prepared.json").unlink(missing_ok=True)
        for copy in (self.original, self.source):
            copy_tree(self.root, set(listed), copy)
        shutil.rmtree(self.source / ".git", ignore_errors=True)
        git(self.source, "init", "-q")  # tests of scripts ask git for the files
        git(self.source, "add", "-A")
        git(self.source, "-c", "user.name=mutation", "-c", "user.email=mutation@localhost", "commit", "-qm", "copy")
        report(f"prepare: configuring {len(listed)} files, {len(state['files'])} of them with mutants")
        self.configure(preset)
        mutants = mutate_python.mutate_files(self.source, [n for n in state["files"] if n.endswith(".py")], 1)
        report(f"prepare: {len(mutants)} mutants of Python")
        mutants += self.mutate_cpp([n for n in state["files"] if n.endswith(CPP)], len(mutants) + 1,
                                   targets, lambda what: self.compile(what, deadline), report)
        for mutant in mutants:
            mutant["scope"] = results.scope_of(mutant["file"], self.scopes)
        (self.folder / "mutants.json").write_text(json.dumps({"mutants": mutants}, indent=1) + "\n")
        report("prepare: building")
        self.compile(targets, deadline)
        if self.remove_outdated():
            report(f"prepare: not everything was built; see {self.folder / 'build.log'}")
        (self.folder / "prepared.json").write_text(json.dumps(state) + "\n")
        report(f"prepare: {len(mutants)} mutants")

    def mutate_cpp(self, files, first, targets, compile_, report):
        if not files:
            return []
        if importlib.util.find_spec("clang") is None:
            sys.path.append(DEBIAN)
        import mutate_cpp  # not above: it needs libclang
        commands = json.loads((self.build / "compile_commands.json").read_text())
        own = {re.search(r" -o (\S+)", command["command"])[1]
               for name in files for command in mutate_cpp.compiling(name, self.source, commands)[:1]}
        return mutate_cpp.mutate(self.source, files, commands, [lambda: compile_(sorted(own)), lambda: compile_(targets)],
                                 self.folder / "uncompilable.json", first, lambda text: report(f"prepare: {text}"))

    def files(self):
        listed = git(self.root, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
        return sorted({name for name in listed if name and (self.root / name).is_file()})

    def digest(self):
        return digest(self.root, self.files())

    def state(self):
        path = self.folder / "prepared.json"
        return json.loads(path.read_text()) if path.is_file() else None

    def mutants(self):
        path = self.folder / "mutants.json"
        if not path.is_file():
            sys.exit(f"{path} is missing: run mutation.py prepare")
        return json.loads(path.read_text())["mutants"]
