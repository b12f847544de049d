# SPDX-License-Identifier: MIT
# Goal: the recipes for other package managers are well-formed and agree with the project. Method: the Conan recipe runs
# with Conan's modules replaced by ones that only copy and record, and CMake configures the sources that it exports; the
# port runs in CMake with vcpkg's commands replaced by ones that print their arguments; names and versions are compared
# with CMakeLists.txt. usage: recipes_test.py CMAKE FOLDER. That a package manager builds them is not checked here.
import glob
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import types

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


def copy(_recipe, pattern, source, destination):
    """Conan's: a star stands for folders, too."""
    for path in glob.glob(os.path.join(source, pattern.replace("*", "**")), recursive=True):
        if os.path.isfile(path):
            target = os.path.join(destination, os.path.relpath(path, source))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(path, target)


def run_recipe(recipe):
    """The recipe's class, and the variables that it sets for CMake."""
    variables = {}
    toolchain = types.SimpleNamespace(cache_variables=variables, generate=lambda: None)
    modules = {"conan": {"ConanFile": object}, "conan.tools": {}, "conan.tools.build": {"check_min_cppstd": None},
               "conan.tools.cmake": {"CMake": None, "CMakeToolchain": lambda _: toolchain, "cmake_layout": None},
               "conan.tools.files": {"copy": copy}}
    for name, members in modules.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)
    made = runpy.run_path(recipe)["ShmfifoConan"]()
    made.recipe_folder = os.path.dirname(recipe)
    made.generate()
    return made, variables


def configure_exported_sources(cmake, recipe, variables):
    with tempfile.TemporaryDirectory() as folder:
        recipe.export_sources_folder = os.path.join(folder, "sources")
        recipe.export_sources()
        done = subprocess.run([cmake, "-S", recipe.export_sources_folder, "-B", os.path.join(folder, "build"),
                               *(f"-D{name}={value}" for name, value in variables.items())],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        check(done.returncode == 0, f"the exported sources do not suffice:\n{done.stdout}")


def main():
    cmake, folder = sys.argv[1:]
    version = re.search(r"project\(shmfifo VERSION ([\d.]+)", read("CMakeLists.txt"))[1]
    recipe = os.path.join(here, "conan", "conanfile.py")
    made, variables = run_recipe(recipe)
    configure_exported_sources(cmake, made, variables)
    with open(os.path.join(folder, "port.cmake"), "w", encoding="utf-8") as file:
        file.write(NOTED + f'include("{here}/vcpkg/portfile.cmake")\n')
    told = subprocess.run([cmake, "-P", file.name], cwd=folder, capture_output=True, text=True)
    check(told.returncode == 0, told.stderr)
    for word in ("vcpkg_cmake_install", *(f"-D{name}=OFF" for name in variables), "lib/cmake/shmfifo"):
        check(word in told.stdout, f"the port has no {word}")
    check(made.version == version, f"conanfile.py has another version than {version}")
    parts = {f"SHMFIFO_{name}": False for name in ("DEVELOPER", "PROGRAMS", "SHARED")}
    check(variables == parts, f"conanfile.py builds more than the library: {variables}")
    for file in ("conan/conanfile.py", "vcpkg/portfile.cmake", "vcpkg/vcpkg.json"):
        check("Untested" in read("ci/packaging", file).split("\n")[0], f"{file} does not say that it is untested")
    port = json.loads(read("ci/packaging/vcpkg/vcpkg.json"))
    check(port["name"] == "shmfifo" and port["version"] == version, f"vcpkg.json: {port}")
    print(f"the recipes are well-formed and for version {version}")


if __name__ == "__main__":
    main()
