#!/bin/bash
# CMake 3.25.1: headers of a file set, installed into an absolute folder, are looked for below the prefix
# Set-up: an interface library with one header, installed twice: as FILE_SET HEADERS with an absolute DESTINATION (as Nix and
#   Guix do), and with INCLUDES DESTINATION and the same folder. The exported targets of both are read, and used by a project.
# A good guess: both export the folder as it is, for the header was installed there.
# Seen: INCLUDES DESTINATION exports it as it is. FILE_SET exports "${_IMPORT_PREFIX}//the/folder", a place where nothing was
#   installed; find_package of such a target fails, without a word at configure or install time of the library.
# Why it matters: the package looks right and works in every ordinary prefix; only split outputs find out.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools g++ make
packages cmake=3.25.1-1 cmake-data=3.25.1-1
cmake() { with_libraries "$folder/$root/usr/bin/cmake" "$@"; }
complete "$folder/$root/usr/bin/cmake"

mkdir -p library/include user
echo 'inline int answer() { return 42; }' >library/include/answer.hpp
cat >library/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(answer LANGUAGES CXX)
add_library(answer INTERFACE)
if(WITH_FILE_SET)
  target_sources(answer INTERFACE FILE_SET HEADERS BASE_DIRS include FILES include/answer.hpp)
  install(TARGETS answer EXPORT answer FILE_SET HEADERS DESTINATION ${HEADERS})
else()
  install(FILES include/answer.hpp DESTINATION ${HEADERS})
  install(TARGETS answer EXPORT answer INCLUDES DESTINATION ${HEADERS})
endif()
install(EXPORT answer FILE answerConfig.cmake DESTINATION lib/cmake/answer)
CMAKE
cat >user/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES CXX)
find_package(answer REQUIRED)
add_library(user OBJECT user.cpp)
target_link_libraries(user PRIVATE answer)
CMAKE
echo '#include <answer.hpp>' >user/user.cpp

# try NAME ON|OFF
try() {
    local headers=$folder/$1/headers prefix=$folder/$1/prefix
    cmake -S library -B "$1/build" -G "Unix Makefiles" -DWITH_FILE_SET="$2" -DHEADERS="$headers" >build.log 2>&1 &&
        cmake --install "$1/build" --prefix "$prefix" >>build.log 2>&1
    echo "$1: installed, exit code $?"
    echo "$1: header in the folder: $([ -f "$headers/answer.hpp" ] && echo yes || echo no)"
    grep -hE "INTERFACE_INCLUDE_DIRECTORIES|_IMPORT_PREFIX}.*headers" "$prefix/lib/cmake/answer/answerConfig.cmake" |
        sed -e "s|$folder|TOP|g" -e "s|^ *|$1: |"
    cmake -S user -B "$1/user" -G "Unix Makefiles" -DCMAKE_PREFIX_PATH="$prefix" >user.log 2>&1
    echo "$1: a user's project, exit code $?"
}
{ try includes OFF; try file_set ON; } | seen

want '^includes: installed, exit code 0$'
want '^includes: header in the folder: yes$'
want '^includes: INTERFACE_INCLUDE_DIRECTORIES "TOP/includes/headers"$'
want "^includes: a user's project, exit code 0\$"
want '^file_set: installed, exit code 0$'
want '^file_set: header in the folder: yes$'
want '^file_set: BASE_DIRS "\$\{_IMPORT_PREFIX\}/TOP/file_set/headers"$'
want "^file_set: a user's project, exit code 1\$"
verdict
