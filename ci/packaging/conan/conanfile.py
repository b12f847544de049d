# Untested: nothing here can run Conan. recipes_test.py runs the recipe's Python and configures what it exports.
# SPDX-License-Identifier: MIT
"""Conan 2 recipe, to be exported from a checkout: conan create ci/packaging/conan."""
import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy

ROOT = os.path.join("..", "..", "..")


class ShmfifoConan(ConanFile):
    name = "shmfifo"
    version = "1.0.0"
    license = "MIT"
    description = "Shared-memory FIFO that a program can depend on"
    topics = ("ipc", "shared-memory", "queue", "lock-free")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False]}
    default_options = {"shared": False}

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def export_sources(self):
        root = os.path.join(self.recipe_folder, ROOT)
        for pattern in ("CMakeLists.txt", "LICENSE", "core/*", "ci/packaging/*", "ci/evidence/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("DEVELOPER", "PROGRAMS", "SHARED"):  # the option `shared` chooses the kind of the library
            toolchain.cache_variables[f"SHMFIFO_{part}"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        # The package brings its own config file.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "shmfifo")]
        self.cpp_info.libs = ["shmfifo"]
        self.cpp_info.system_libs = ["pthread"]
