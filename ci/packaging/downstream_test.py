# SPDX-License-Identifier: MIT
# Goal: other projects can use the library in each of the ways the packages promise, and see nothing
# but the library. Method: the built tree is installed into a fresh prefix, each of the small projects
# in downstream/ is configured, built and run against it (or against the sources), as its users would.
# Everything happens in SHMFIFO_WORK, a folder of the build tree that is emptied first.
import os
import re
import shutil
import subprocess
import sys
import tarfile

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
os.environ.setdefault("SHMFIFO_PROGRAMS", "")
sys.path[:0] = [os.path.join(root, "core/tests/apps")]
import support  # noqa: E402

build = os.environ["SHMFIFO_BUILD"]
cmake = os.environ["SHMFIFO_CMAKE"]
compiler, other_compiler = os.environ["SHMFIFO_CXX"], os.environ["SHMFIFO_OTHER_CXX"]


class downstream(support.case):
    def setUp(self):
        super().setUp()
        self.work = os.path.join(os.environ["SHMFIFO_WORK"], self._testMethodName)
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        self.prefix = os.path.join(self.work, "prefix")

    def command(self, *words, fails=False, **more):
        """Runs it, and answers with what it printed."""
        run = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, env={**os.environ, **more},
                             preexec_fn=support.die_with_parent)
        self.assertEqual(run.returncode != 0, fails, run.stdout)
        return run.stdout

    def install(self, *components):
        for component in components:
            self.command(cmake, "--install", build, "--prefix", self.prefix, "--component", component)
        self.libraries, = (os.path.join(folder, "") for folder, _, files in os.walk(self.prefix)
                           if "libshmfifo.a" in files or "libshmfifo.so" in files)

    def project(self, name, *settings, cxx=compiler):
        """Configures and builds one of the projects; answers with its build folder."""
        folder = os.path.join(self.work, name)
        self.command(cmake, "-G", "Ninja", "-S", os.path.join(here, "downstream", name), "-B", folder,
                     "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_CXX_COMPILER={cxx}",
                     f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF",
                     *settings)
        self.command(cmake, "--build", folder, "-j", "1")
        return folder

    def needs(self, program):
        return re.findall(r"NEEDED.*\[(.*)\]", self.command("readelf", "-d", program))

    def round_trip(self, program, **more):
        self.assertIn("1000 messages came back", self.command(program, self.name, **more))

    def sources(self):
        """What a user gets who takes the sources: the files under version control."""
        listed = self.command("git", "-C", root, "ls-files", "CMakeLists.txt", "core", "ci")
        return listed.split("\n")[:-1]

    def test_find_package(self):
        self.install("runtime", "dev")
        folder = self.project("find_package")
        self.round_trip(f"{folder}/round_trip")
        self.round_trip(f"{folder}/round_trip_shared")
        self.assertIn("libshmfifo.so.1", self.needs(f"{folder}/round_trip_shared"))

    def test_shared_library_without_the_developers_parts(self):
        """As the recipes of other package managers build it."""
        folder = os.path.join(self.work, "build")
        self.command(cmake, "-G", "Ninja", "-S", root, "-B", folder, "-DSHMFIFO_DEVELOPER=OFF",
                     "-DBUILD_SHARED_LIBS=ON", f"-DCMAKE_CXX_COMPILER={compiler}")
        self.command(cmake, "--build", folder, "-j", "1")
        self.command(cmake, "--install", folder, "--prefix", self.prefix)
        self.libraries = os.path.join(self.prefix, "lib", "")
        folder = self.project("find_package")
        for program in ("round_trip", "round_trip_shared"):
            self.assertIn("libshmfifo.so.1", self.needs(f"{folder}/{program}"))
            self.round_trip(f"{folder}/{program}")
        files = [name for _, _, names in os.walk(self.prefix) for name in names]
        self.assertNotIn("libshmfifo.a", files)
        self.assertNotIn("shmfifo", files, "a program was installed")

    def test_fetch_content(self):
        archive = os.path.join(self.work, "shmfifo.tar")
        with tarfile.open(archive, "w") as tar:
            for name in self.sources():
                tar.add(os.path.join(root, name), "shmfifo/" + name)
        folder = self.project("fetch_content", f"-DSHMFIFO_ARCHIVE={archive}")
        self.round_trip(f"{folder}/round_trip")

    def test_add_subdirectory(self):
        folder = self.project("add_subdirectory", f"-DSHMFIFO_SOURCE_DIR={root}")
        self.round_trip(f"{folder}/round_trip")
        foreign = set(self.needs(f"{folder}/round_trip")) - {
            "libstdc++.so.6", "libgcc_s.so.1", "libc.so.6", "libm.so.6"}
        self.assertEqual(foreign, set(), "the library needs more than the C and C++ run time")

    def test_pkg_config_and_the_other_compiler(self):
        self.install("runtime", "dev")
        program = os.path.join(self.work, "round_trip")
        self.command(os.path.join(here, "downstream/pkg_config/build.sh"), other_compiler, program,
                     PKG_CONFIG_PATH=self.libraries + "pkgconfig")
        self.assertIn("libshmfifo.so.1", self.needs(program))
        self.round_trip(program, LD_LIBRARY_PATH=self.libraries)

    def test_c_program(self):
        self.install("runtime", "dev")
        folder = self.project("c_program")
        self.assertIn("hola came back, shmfifo 1.", self.command(f"{folder}/c_round_trip", self.name))

    # checks G13
    def test_another_layout_is_refused_with_both_values(self):
        self.install("runtime", "dev")
        other = os.path.join(self.work, "other_layout")
        shutil.copytree(os.path.join(root, "core/include"), other + "/include")
        shutil.copytree(os.path.join(root, "core/src"), other + "/src")
        with open(other + "/include/shmfifo/layout.hpp", encoding="utf-8") as file:
            text = file.read()
        patched = text.replace("layout_version = 1;", "layout_version = 2;")
        self.assertNotEqual(text, patched)
        with open(other + "/include/shmfifo/layout.hpp", "w", encoding="utf-8") as file:
            file.write(patched)
        folder = self.project("layouts", f"-DOTHER_LAYOUT={other}")
        for maker, reader, found, expected in (("old", "new", 1, 2), ("new", "old", 2, 1)):
            name = f"{self.name}-{maker}"
            self.command(f"{folder}/peer_{maker}", "create", name)
            told = self.command(f"{folder}/peer_{reader}", "attach", name, fails=True)
            self.assertIn(f"layout_version: found {found}, expected {expected}", told)
            self.command(f"{folder}/peer_{maker}", "attach", name)  # its own kind may

    def test_validated_until_a_header_is_edited(self):
        """The evidence of a run in which nothing was recorded will do: it is about these headers."""
        self.install("runtime", "dev")
        share = os.path.join(self.prefix, "share/shmfifo")
        os.makedirs(share, exist_ok=True)
        self.command(sys.executable, "-B", os.path.join(root, "ci/evidence/gather.py"), "--build",
                     os.path.join(self.work, "gathered"), fails=True)  # it says that nothing was recorded
        shutil.copy(os.path.join(self.work, "gathered/evidence/evidence.json"), share)
        project = ["-G", "Ninja", "-S", os.path.join(here, "downstream/find_package"), "-B",
                   os.path.join(self.work, "b"), f"-DCMAKE_PREFIX_PATH={self.prefix}",
                   f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF"]
        verify = os.path.join(self.prefix, "bin/shmfifo-verify")
        self.assertIn("shmfifo_VALIDATED is TRUE", self.command(cmake, *project))
        self.assertIn("round trip with libshmfifo.so: passed",
                      self.command(verify, "--rerun", "quick", CXX=compiler))
        with open(os.path.join(self.prefix, "include/shmfifo/layout.hpp"), "a", encoding="utf-8") as file:
            file.write("\n")
        told = self.command(cmake, *project)
        self.assertIn("shmfifo_VALIDATED is FALSE", told)
        self.assertIn("include/shmfifo/layout.hpp is not the file", told)
        self.assertIn("include/shmfifo/layout.hpp is not the file", self.command(verify, fails=True))

    def test_harness_component(self):
        self.install("runtime", "dev", "harness")
        folder = self.project(
            "harness", f"-DHARNESS_EXAMPLE={root}/harness/examples/socket_queue.cpp")
        told = self.command(f"{folder}/socket_queue_stress", "--queue", "socket", "--messages", 1000,
                            "--slots", 64)
        self.assertIn("socket", told)
        self.assertIn("correct: ok, with the release forgotten: violation",
                      self.command(f"{folder}/model_check"))


if __name__ == "__main__":
    support.main()
