# SPDX-License-Identifier: MIT
# Goal: other projects can use the library in each way that the packages promise, and see nothing but the library.
# Method: the built tree is installed into a fresh prefix, and each small project in downstream/ is configured, built and
# run with it (or with the sources), as a user would. SHMFIFO_WORK, a folder of the build tree, is emptied first.
import os
import platform
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

    def command(self, *words, fails=False, cwd=None, **more):
        """Runs it, and returns its output."""
        run = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, env={**os.environ, **more}, cwd=cwd,
                             preexec_fn=support.die_with_parent)
        self.assertEqual(run.returncode != 0, fails, run.stdout)
        return run.stdout

    def install(self, *components):
        for component in components:
            self.command(cmake, "--install", build, "--prefix", self.prefix, "--component", component)
        self.libraries, = (os.path.join(folder, "") for folder, _, files in os.walk(self.prefix)
                           if "libshmfifo.a" in files or "libshmfifo.so" in files)

    def project(self, name, *settings, cxx=compiler):
        """Configures and builds one of the projects; returns its build folder."""
        folder = os.path.join(self.work, name)
        self.configure(name, *settings, cxx=cxx)
        self.command(cmake, "--build", folder, "-j", "1")
        return folder

    def configure(self, name, *settings, cxx=compiler, **more):
        """Configures one of the projects in the folder of its name; returns CMake's output."""
        return self.command(cmake, "-G", "Ninja", "-S", os.path.join(here, "downstream", name),
                            "-B", os.path.join(self.work, name), "-DCMAKE_BUILD_TYPE=Release",
                            f"-DCMAKE_CXX_COMPILER={cxx}", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                            "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF", *settings, **more)

    def install_the_library(self, *settings):
        """Builds the library alone with `settings`, and installs it into self.prefix unless they name another."""
        folder = os.path.join(self.work, "build")
        self.command(cmake, "-G", "Ninja", "-S", root, "-B", folder, "-DSHMFIFO_DEVELOPER=OFF",
                     "-DSHMFIFO_PROGRAMS=OFF", f"-DCMAKE_CXX_COMPILER={compiler}",
                     f"-DCMAKE_INSTALL_PREFIX={self.prefix}", "-DCMAKE_INSTALL_LIBDIR=lib", *settings)
        self.command(cmake, "--build", folder, "-j", "1")
        self.command(cmake, "--install", folder)
        self.libraries = os.path.join(self.prefix, "lib", "")

    def needs(self, program):
        return re.findall(r"NEEDED.*\[(.*)\]", self.command("readelf", "-d", program))

    def round_trip(self, program, **more):
        self.assertIn("1000 messages came back", self.command(program, self.name, **more))

    def sources(self):
        """The files under version control, as a user of the sources has them."""
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
        self.install_the_library("-DBUILD_SHARED_LIBS=ON")
        folder = self.project("find_package")
        for program in ("round_trip", "round_trip_shared"):
            self.assertIn("libshmfifo.so.1", self.needs(f"{folder}/{program}"))
            self.round_trip(f"{folder}/{program}")
        files = [name for _, _, names in os.walk(self.prefix) for name in names]
        self.assertNotIn("libshmfifo.a", files)
        self.assertNotIn("shmfifo", files, "a program was installed")

    def test_G10_fetch_content(self):
        archive = os.path.join(self.work, "shmfifo.tar")
        with tarfile.open(archive, "w") as tar:
            for name in self.sources():
                tar.add(os.path.join(root, name), "shmfifo/" + name)
        told = self.configure("fetch_content", f"-DSHMFIFO_ARCHIVE={archive}")
        self.assertNotIn("evidence", told, "nobody asked for validation")
        folder = self.project("fetch_content", f"-DSHMFIFO_ARCHIVE={archive}")
        self.round_trip(f"{folder}/round_trip")
        # Memory that cannot be obtained is an error, also in a build without exceptions.
        self.assertEqual(self.command(f"{folder}/out_of_memory"), "out of memory\n")

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
        for kind in ("core", "core_shared"):
            told = self.command(f"{folder}/c_round_trip_{kind}", self.name)
            self.assertIn("hola came back, shmfifo 1.", told)

    def test_sources_in_a_project_of_c_alone_are_refused_with_the_cure(self):
        os.makedirs(os.path.join(self.work, "c_sources"))
        with open(os.path.join(self.work, "c_sources/CMakeLists.txt"), "w", encoding="utf-8") as file:
            file.write("cmake_minimum_required(VERSION 3.25)\nproject(only_c LANGUAGES C)\n"
                       f"add_subdirectory({root} shmfifo)\n")
        told = self.command(cmake, "-S", os.path.dirname(file.name), "-B", os.path.join(self.work, "b"), fails=True)
        self.assertIn("project(only_c LANGUAGES C CXX)", told)

    def test_absolute_and_mixed_folders(self):
        """As Nix, Guix and others split a package into several prefixes. Here they are below the first: CMake refuses
        one below the sources, where this test works."""
        libraries = os.path.join(self.prefix, "split_libraries/lib")
        headers = os.path.join(self.prefix, "split_headers/include")
        for where in ({"LIBDIR": libraries}, {"INCLUDEDIR": headers}, {"LIBDIR": libraries, "INCLUDEDIR": headers}):
            with self.subTest(where=where):
                both = {"LIBDIR": "lib", "INCLUDEDIR": "include", **where}
                self.install_the_library(*(f"-DCMAKE_INSTALL_{name}={path}" for name, path in both.items()))
                found = os.path.join(self.prefix, both["LIBDIR"])
                place = f"-DCMAKE_PREFIX_PATH={os.path.dirname(found)}"
                folder = self.project("find_package", place)
                self.round_trip(f"{folder}/round_trip")
                program = os.path.join(self.work, "by_pkg_config")
                self.command(os.path.join(here, "downstream/pkg_config/build.sh"), compiler, program,
                             PKG_CONFIG_PATH=os.path.join(found, "pkgconfig"))
                self.round_trip(program, LD_LIBRARY_PATH=found)
                self.install_evidence()
                self.assertIn("\nvalidated: ", self.command(f"{self.prefix}/bin/shmfifo-verify"))
                self.assertIn("shmfifo_VALIDATED is TRUE", self.configure("find_package", place))
                shutil.rmtree(folder)
                shutil.rmtree(self.prefix)

    def test_G13_what_cannot_work_is_refused_in_the_first_sentence(self):
        without = os.path.join(self.work, "library_without_atomic_ref")
        os.makedirs(without)
        with open(os.path.join(without, "version"), "w", encoding="utf-8") as file:
            file.write("#include_next <version>\n#undef __cpp_lib_atomic_ref\n")
        header = os.path.join(root, "core/include/shmfifo/config.hpp")
        narrow = ("-m32", "-mx32") if platform.machine() == "x86_64" else ("-U__LP64__",)
        for flags, wanted in (*((f"-std=c++20 {flag}", "64-bit Linux") for flag in narrow),
                              ("-std=c++17", "-std=c++20"), (f"-std=c++20 -isystem {without}", "libc++ 19")):
            for one in (compiler, other_compiler):
                told = self.command(one, *flags.split(), "-fsyntax-only", "-x", "c++", "-include", header,
                                    os.devnull, fails=True)
                self.assertIn(wanted, next(line for line in told.split("\n") if "error:" in line))
        self.command(compiler, "-std=c++20", "-fsyntax-only", "-x", "c++", "-include", header, os.devnull)

    def test_assertions_are_for_those_who_ask(self):
        self.install_the_library("-DSHMFIFO_ASSERTIONS=ON")
        self.assertNotIn("-D", self.command("pkg-config", "--cflags", "shmfifo",
                                            PKG_CONFIG_PATH=self.libraries + "pkgconfig"))
        folder = self.project("assertions")
        self.assertIn("no assertion, error 22", self.command(f"{folder}/unasked"))
        self.assertIn("value() of a result that holds an error", self.command(f"{folder}/asked", fails=True))

    def test_by_hand(self):
        sources, home = os.path.join(self.work, "sources"), os.path.join(self.work, "home")
        for name in self.sources():
            os.makedirs(os.path.dirname(os.path.join(sources, name)), exist_ok=True)
            shutil.copy(os.path.join(root, name), os.path.join(sources, name))
        self.command("bash", os.path.join(here, "downstream/by_hand/build.sh"), cwd=sources, HOME=home,
                     CXX=compiler, CMAKE_GENERATOR="Ninja")
        files = [os.path.relpath(os.path.join(folder, name), home + "/.local")
                 for folder, _, names in os.walk(home) for name in names]
        for name in ("bin/message_producer", "bin/shmfifo", "lib/libshmfifo.a", "lib/libshmfifo.so",
                     "share/man/man1/shmfifo.1.gz", "share/doc/shmfifo/guides/operate.md",
                     "share/doc/shmfifo/examples/publish_and_poll.cpp"):
            self.assertIn(name, files)
        self.assertEqual([name for name in files if "test" in name or "harness" in name], [])

    def test_without_tests_no_program_of_tests_is_built(self):
        folder = os.path.join(self.work, "b")
        self.command(cmake, "-G", "Ninja", "-S", root, "-B", folder, "-DBUILD_TESTING=OFF",
                     f"-DCMAKE_CXX_COMPILER={compiler}")
        targets = self.command(cmake, "--build", folder, "--", "-t", "targets", "all")
        self.assertEqual(sorted(re.findall(r"^(?:\S+/)?(\w+): CXX_EXECUTABLE_LINKER", targets, re.M)),
                         ["message_consumer", "message_producer", "million_messages", "shmfifo", "shmfifo_stress"])

    def test_G13_another_layout_is_refused_with_both_values(self):
        self.install("runtime", "dev")
        other = os.path.join(self.work, "other_layout")
        shutil.copytree(os.path.join(root, "core/include"), other + "/include")
        shutil.copytree(os.path.join(root, "core/src"), other + "/src")
        with open(other + "/include/shmfifo/protocol/layout.hpp", encoding="utf-8") as file:
            text = file.read()
        patched = text.replace("layout_version = 2;", "layout_version = 3;")
        self.assertNotEqual(text, patched)
        with open(other + "/include/shmfifo/protocol/layout.hpp", "w", encoding="utf-8") as file:
            file.write(patched)
        folder = self.project("layouts", f"-DOTHER_LAYOUT={other}")
        for maker, reader, found, expected in (("old", "new", 2, 3), ("new", "old", 3, 2)):
            name = f"{self.name}-{maker}"
            self.command(f"{folder}/peer_{maker}", "create", name)
            told = self.command(f"{folder}/peer_{reader}", "attach", name, fails=True)
            self.assertIn(f"layout_version: found {found}, expected {expected}", told)
            self.command(f"{folder}/peer_{maker}", "attach", name)  # its own kind may

    def install_evidence(self):
        """Without recordings, which is enough: it is about these headers."""
        self.command(sys.executable, "-B", os.path.join(root, "ci/evidence/gather.py"), "--build",
                     os.path.join(self.work, "gathered"), fails=True)  # it says that nothing was recorded
        shutil.copy(os.path.join(self.work, "gathered/evidence/evidence.json"),
                    os.path.join(self.prefix, "share/shmfifo"))

    def test_validated_until_a_header_is_edited(self):
        self.install("runtime", "dev")
        self.assertNotIn("evidence", self.configure("find_package"), "none is installed")
        self.install_evidence()
        verify = os.path.join(self.prefix, "bin/shmfifo-verify")
        self.assertIn("shmfifo_VALIDATED is TRUE", self.configure("find_package"))
        self.assertIn("round trip with libshmfifo.so: passed",
                      self.command(verify, "--rerun", "quick", CXX=compiler))
        with open(os.path.join(self.prefix, "include/shmfifo/protocol/layout.hpp"), "a", encoding="utf-8") as file:
            file.write("\n")
        told = self.configure("find_package")
        self.assertIn("shmfifo_VALIDATED is FALSE", told)
        self.assertIn("include/shmfifo/protocol/layout.hpp is not the file", told)
        self.assertIn("include/shmfifo/protocol/layout.hpp is not the file", self.command(verify, fails=True))

    def test_validated_beside_dependencies_of_another_prefix(self):
        """Each package's config file sets PACKAGE_PREFIX_DIR to a prefix of its own."""
        self.install("runtime", "dev", "harness")
        self.install_evidence()
        other = os.path.join(self.work, "other/lib/cmake/fmt")
        os.makedirs(other)
        with open(os.path.join(other, "fmt-config.cmake"), "w", encoding="utf-8") as file:
            file.write('get_filename_component(PACKAGE_PREFIX_DIR "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)\n'
                       "add_library(fmt::fmt INTERFACE IMPORTED)\n")
        told = self.configure("harness", f"-Dfmt_DIR={other}",
                              f"-DHARNESS_EXAMPLE={root}/harness/examples/socket_queue.cpp")
        self.assertIn("shmfifo_VALIDATED is TRUE", told)

    def test_harness_component(self):
        self.install("runtime", "dev", "harness")
        folder = self.project(
            "harness", f"-DHARNESS_EXAMPLE={root}/harness/examples/socket_queue.cpp")
        for queue in ("socket", "ring"):
            told = self.command(f"{folder}/{queue}_queue_stress", "--queue", queue, "--messages", 1000, "--slots", 64)
            self.assertIn(queue, told)
        self.assertIn("correct: ok, with the release forgotten: violation",
                      self.command(f"{folder}/model_check"))


if __name__ == "__main__":
    support.main()
