#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goal: the mutated copy is that of the sources, and no program of an earlier one is taken for one of it; a test's identity
changes with its sources and not with those that have mutants. Method: a small project in C."""
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent)]
import ctest  # noqa: E402
import identities  # noqa: E402
import tree  # noqa: E402

FILES = {
    ".gitignore": "build/\n",
    "CMakePresets.json": '{ "version": 6, "configurePresets": [ { "name": "mutation", "generator": "Ninja",\n'
                         '  "cacheVariables": { "CMAKE_C_COMPILER": "gcc" } } ] }\n',
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES C)
include(CTest)
add_library(product STATIC product.c)
add_executable(one one.c)
add_executable(other other.c)
target_link_libraries(one product)
target_link_libraries(other product)
add_test(NAME one COMMAND one)
add_test(NAME script COMMAND sh ${PROJECT_SOURCE_DIR}/scripts/script.sh IT=$<TARGET_FILE:other>)
""",
    "product.c": "int product(void) { return 1; }\n",
    "one.h": "int product(void);\n",
    "one.c": '#include "one.h"\nint main(void) { return !product(); }\n',
    "other.c": "int main(void) { return 0; }\n",
    "scripts/script.sh": "exit 0\n",
    "scripts/helper.sh": "exit 0\n",
    "text.md": "text\n",
}


class small_tree(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="shmfifo-mutation-"))
        self.addCleanup(shutil.rmtree, self.root)
        for name, text in FILES.items():
            self.write(name, text)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        self.tree = tree.Tree(self.root, self.root / "build", {})
        self.said = []

    def write(self, name, text):
        (self.root / name).parent.mkdir(exist_ok=True)
        (self.root / name).write_text(text)

    def prepare(self, **more):
        self.tree.prepare(self.said.append, **more)

    def identities(self):
        found = identities.Identities(self.tree.build, self.tree.source, self.tree.original, ["product.c"])
        return {test.name: found.of_test(test) for test in ctest.tests_of(self.tree.build)[0]}

    def test_the_copy_is_that_of_the_sources(self):
        self.prepare()
        self.assertEqual((self.tree.source / "scripts/script.sh").read_text(), "exit 0\n")
        self.assertEqual(subprocess.run([self.tree.build / "one"]).returncode, 0)
        before = (self.tree.source / "one.c").stat().st_mtime_ns
        self.write("scripts/script.sh", "exit 2\n")
        (self.root / "scripts/helper.sh").unlink()
        self.prepare()
        self.assertEqual((self.tree.source / "scripts/script.sh").read_text(), "exit 2\n")
        self.assertFalse((self.tree.source / "scripts/helper.sh").exists())
        self.assertEqual((self.tree.source / "one.c").stat().st_mtime_ns, before)
        self.assertEqual(tree.git(self.tree.source, "status", "--porcelain"), "")
        self.assertEqual(len(tree.git(self.tree.source, "log", "--oneline").splitlines()), 1)

    def test_nothing_is_done_again_unless_something_that_matters_changed(self):
        self.prepare()
        for change, done in (((), False), (("text.md", "other"), False), (("one.h", FILES["one.h"] + "\n"), True),
                             (("coverage/mutation/equivalent.json", "{}"), False)):
            if change:
                (self.root / change[0]).parent.mkdir(parents=True, exist_ok=True)
                self.write(*change)
            self.said.clear()
            self.prepare()
            self.assertEqual("nothing changed" not in self.said[0], done, change)
        self.said.clear()
        self.prepare(targets=["one"])
        self.assertNotIn("nothing changed", self.said[0])

    def test_programs_of_an_earlier_build_are_removed_if_there_is_no_time(self):
        self.prepare()
        self.write("one.h", "int product(void);\n\n")
        self.write("CMakeLists.txt", FILES["CMakeLists.txt"] + "\n")  # the build files are outdated, too
        self.prepare(deadline=time.monotonic())
        self.assertEqual([(self.tree.build / name).exists() for name in ("one", "other")], [False, True])
        self.assertIn("not everything was built", " ".join(self.said))
        self.said.clear()
        self.write("one.h", "int product(void);\n\n\n")
        self.prepare()
        self.assertTrue((self.tree.build / "one").exists())
        self.assertNotIn("not everything was built", " ".join(self.said))

    def test_only_the_targets_asked_for_are_built(self):
        self.prepare(targets=["other"])
        self.assertEqual([(self.tree.build / name).exists() for name in ("one", "other")], [False, True])
        self.prepare(targets=[])
        with self.assertRaisesRegex(SystemExit, "no_such"):
            self.prepare(targets=["no_such"])
        self.assertIsNone(self.tree.state())

    def test_a_copy_that_cannot_be_configured_ends_with_the_reason(self):
        self.write("CMakeLists.txt", "message(FATAL_ERROR because)\n")
        with self.assertRaisesRegex(SystemExit, "because"):
            self.prepare()

    def test_a_command_that_does_not_end_is_ended(self):
        self.tree.source.mkdir(parents=True)
        begin = time.monotonic()
        self.assertEqual(self.tree.command("sh", "-c", "echo a; sleep 100", deadline=begin + 0.3), (None, "a\n"))
        tree.PATIENCE, before = 0.3, tree.PATIENCE
        self.addCleanup(setattr, tree, "PATIENCE", before)
        stubborn = "trap '' TERM; sleep 100"
        self.assertEqual(self.tree.command("sh", "-c", stubborn, deadline=time.monotonic() + 0.3), (None, ""))
        self.assertLess(time.monotonic() - begin, 60)

    def test_a_test_is_identified_by_its_sources_without_those_that_have_mutants(self):
        self.prepare()
        before = self.identities()
        for name, changes in (("product.c", set()), ("text.md", set()), ("one.h", {"one"}), ("one.c", {"one"}), ("other.c", {"script"}),
                              ("scripts/helper.sh", {"script"})):
            self.write(name, FILES[name] + "\n")
            self.tree.prepare(self.said.append)
            (self.tree.folder / "prepared.json").unlink()
            after = self.identities()
            self.assertEqual({test for test in after if before[test] != after[test]}, changes, name)
            before = after
        self.assertNotEqual(before["one"], before["script"])


if __name__ == "__main__":
    unittest.main()
