# SPDX-License-Identifier: MIT
# Goal: the recipes for other package managers are well-formed and say the same as the project.
# Method: Python compiles the Conan recipe, JSON is parsed, and name and version are compared with
# CMakeLists.txt; the port is run by CMake with the commands of vcpkg replaced by ones that only note
# their arguments. usage: recipes_test.py CMAKE FOLDER. That a package manager builds them is not checked here.
import json
import os
import py_compile
import re
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))

NOTED = """
foreach(command vcpkg_from_github vcpkg_cmake_configure vcpkg_cmake_install
                vcpkg_cmake_config_fixup vcpkg_fixup_pkgconfig vcpkg_install_copyright)
  cmake_language(EVAL CODE "function(${command})\\nmessage(STATUS \\"${command} \\${ARGN}\\")\\nendfunction()")
endforeach()
set(CURRENT_PACKAGES_DIR ${CMAKE_CURRENT_BINARY_DIR}/nowhere)
"""


def read(*path):
    with open(os.path.join(root, *path), encoding="utf-8") as file:
        return file.read()


def check(condition, sentence):
    if not condition:
        sys.exit(sentence)


def main():
    cmake, folder = sys.argv[1:]
    version = re.search(r"project\(shmfifo VERSION ([\d.]+)", read("CMakeLists.txt"))[1]
    recipe = os.path.join(here, "conan", "conanfile.py")
    py_compile.compile(recipe, cfile=os.path.join(folder, "conanfile.pyc"), doraise=True)
    with open(os.path.join(folder, "port.cmake"), "w", encoding="utf-8") as file:
        file.write(NOTED + f'include("{here}/vcpkg/portfile.cmake")\n')
    told = subprocess.run([cmake, "-P", file.name], cwd=folder, capture_output=True, text=True)
    check(told.returncode == 0, told.stderr)
    for word in ("vcpkg_cmake_install", "-DSHMFIFO_DEVELOPER=OFF", "lib/cmake/shmfifo"):
        check(word in told.stdout, f"the port has no {word}")
    text = read(recipe)
    check(f'version = "{version}"' in text, f"conanfile.py has another version than {version}")
    check('"SHMFIFO_DEVELOPER"] = False' in text, "conanfile.py builds the developers' parts")
    port = json.loads(read("ci/packaging/vcpkg/vcpkg.json"))
    check(port["name"] == "shmfifo" and port["version"] == version, f"vcpkg.json: {port}")
    print(f"the recipes are well-formed and for version {version}")


if __name__ == "__main__":
    main()
