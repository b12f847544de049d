# SPDX-License-Identifier: MIT
# Goal: the recipes for other package managers are well-formed and agree with the project. Method: the Conan recipe runs
# with Conan's modules replaced by ones that only copy and record, and CMake configures the sources that it exports; the
# port runs in CMake with vcpkg's commands replaced by ones that print their arguments; names and versions are compared
# with CMakeLists.txt. usage: recipes_test.py CMAKE FOLDER. That a package manager builds them is not checked here.
import json
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import types
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RECORDING = """
foreach(command vcpkg_from_github vcpkg_cmake_configure vcpkg_cmake_install
                vcpkg_cmake_config_fixup vcpkg_fixup_pkgconfig vcpkg_install_copyright)
  cmake_language(EVAL CODE "function(${command})\\nmessage(STATUS \\"${command} \\${ARGN}\\")\\nendfunction()")
endforeach()
set(CURRENT_PACKAGES_DIR ${CMAKE_CURRENT_BINARY_DIR}/nowhere)
"""


def check(condition, sentence):
    if not condition:
        sys.exit(sentence)


def copy(_recipe, pattern, source, destination):
    """Conan's: a star also stands for folders."""
    for path in Path(source).glob(pattern.replace("*", "**/*")):
        if path.is_file():
            target = Path(destination) / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def run_conan_recipe():
    """The recipe, and the variables that it sets for CMake."""
    variables = {}
    toolchain = types.SimpleNamespace(cache_variables=variables, generate=lambda: None)
    modules = {"conan": {"ConanFile": object}, "conan.tools": {}, "conan.tools.build": {"check_min_cppstd": None},
               "conan.tools.cmake": {"CMake": None, "CMakeToolchain": lambda _: toolchain, "cmake_layout": None},
               "conan.tools.files": {"copy": copy}}
    for name, members in modules.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)
    recipe = runpy.run_path(str(HERE / "conan/conanfile.py"))["ShmfifoConan"]()
    recipe.recipe_folder = str(HERE / "conan")
    recipe.generate()
    return recipe, variables


def run_cmake(*arguments):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    check(done.returncode == 0, done.stdout)
    return done.stdout


def main():
    cmake, folder = sys.argv[1:]
    version = re.search(r"project\(shmfifo VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    recipe, variables = run_conan_recipe()
    parts = {f"SHMFIFO_{name}": False for name in ("DEVELOPER", "PROGRAMS", "SHARED")}
    check(variables == parts, f"conanfile.py builds more than the library: {variables}")
    check(recipe.version == version, f"conanfile.py has another version than {version}")
    with tempfile.TemporaryDirectory() as work:
        recipe.export_sources_folder = f"{work}/sources"
        recipe.export_sources()
        run_cmake(cmake, "-S", f"{work}/sources", "-B", f"{work}/build", *(f"-D{name}=OFF" for name in variables))
    script = Path(folder) / "port.cmake"
    script.write_text(RECORDING + f'include("{HERE}/vcpkg/portfile.cmake")\n')
    output = run_cmake(cmake, "-P", script)
    for word in ("vcpkg_cmake_install", *(f"-D{name}=OFF" for name in variables), "lib/cmake/shmfifo"):
        check(word in output, f"the port has no {word}")
    port = json.loads((HERE / "vcpkg/vcpkg.json").read_text())
    check((port["name"], port["version"]) == ("shmfifo", version), f"vcpkg.json: {port}")
    for file in ("conan/conanfile.py", "vcpkg/portfile.cmake", "vcpkg/vcpkg.json"):
        check("Untested" in (HERE / file).read_text().split("\n")[0], f"{file} does not say that it is untested")
    print(f"the recipes are well-formed and for version {version}")


if __name__ == "__main__":
    main()
