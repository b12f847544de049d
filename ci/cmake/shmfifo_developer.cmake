# For everything but the library: packages, warnings, and the one way to add a test.

set(packages "")
if(SHMFIFO_PROGRAMS OR SHMFIFO_HARNESS OR SHMFIFO_MILLION)
  list(APPEND packages CLI11 nlohmann_json fmt)
  # They throw, whatever the flags of the whole build.
  if(CMAKE_CXX_FLAGS MATCHES "-fno-exceptions")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fexceptions>)
  endif()
endif()
if(BUILD_TESTING AND NOT SHMFIFO_BARE)
  list(APPEND packages GTest)
endif()
if(SHMFIFO_BARE)
  # For another processor, or a sanitizer that must see the whole program: compiled libraries are not available, so
  # GoogleTest is compiled here, and what needs the others is left out.
  set(INSTALL_GTEST OFF)
  add_subdirectory(/usr/src/googletest/googletest ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL SYSTEM)
endif()
foreach(package IN LISTS packages)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} was not found. Run ci/install_packages.sh, or configure with "
                        "-DSHMFIFO_DEVELOPER=OFF -DSHMFIFO_PROGRAMS=OFF to build the library alone.")
  endif()
endforeach()
find_package(Threads REQUIRED)

# An instrument's flags are those of CMAKE_CXX_FLAGS: the tests of the C interface need them, too.
if(CMAKE_BUILD_TYPE STREQUAL "None" AND NOT CMAKE_C_FLAGS)
  set(CMAKE_C_FLAGS "${CMAKE_CXX_FLAGS}")
endif()

add_library(shmfifo_warnings INTERFACE)
if(SHMFIFO_DEVELOPER)
  target_compile_options(
    shmfifo_warnings
    INTERFACE -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align
              -Wformat=2 -Wundef
              $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual>)
endif()

# shmfifo_compile_lightly(target): for a program that is neither measured nor shipped, such as a core with planted bugs.
# A release build by g++ optimises it less: -O3 is up to half of its compilation. Not by clang, which gains a fifth, and
# at -O1 has instructions without a line that a report could name.
function(shmfifo_compile_lightly target)
  target_compile_options(${target} PRIVATE $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-O1>)
endfunction()

include(shmfifo_test_words)

set(SHMFIFO_TIMEOUT_FACTOR 1 CACHE STRING "For builds under an instrument that makes programs slower")

# shmfifo_add_test(NAME folder.unit.sentence | TARGET gtest_program PREFIX folder.
#                  KIND kind COST cost TIMEOUT seconds
#                  [COMMAND words...] [PROPERTIES name value ...])
# The only way to add a test. With TARGET every case of a GoogleTest program becomes a test. The guarantees that it checks
# are the first words of its sentence, G6.G8_sentence, and become labels beside its kind and its cost.
function(shmfifo_add_test)
  cmake_parse_arguments(arg "" "NAME;TARGET;PREFIX;KIND;COST;TIMEOUT" "COMMAND;PROPERTIES" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "shmfifo_add_test does not know '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  _shmfifo_check_test("${arg_KIND}" "${arg_COST}" "${arg_TIMEOUT}" "${arg_NAME}")
  math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * ${SHMFIFO_TIMEOUT_FACTOR}")
  if(arg_TARGET)
    include(GoogleTest)
    gtest_discover_tests(${arg_TARGET} TEST_PREFIX "${arg_PREFIX}" TEST_LIST ${arg_TARGET}_cases
                         DISCOVERY_TIMEOUT 60)
    # gtest_discover_tests would tear a list of labels apart, and take the time-out with it; and each case has its own.
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}_properties.cmake)
    list(JOIN arg_PROPERTIES " " more)
    file(
      CONFIGURE
      OUTPUT ${file}
      CONTENT
        [[include("@CMAKE_CURRENT_FUNCTION_LIST_DIR@/shmfifo_test_words.cmake")
foreach(case IN LISTS @arg_TARGET@_cases)
  _shmfifo_labels_of("${case}" @arg_KIND@ @arg_COST@ labels)
  set_tests_properties("${case}" PROPERTIES LABELS "${labels}" TIMEOUT @arg_TIMEOUT@ @more@)
endforeach()
]]
      @ONLY)
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${file})
  else()
    add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND})
    _shmfifo_labels_of(${arg_NAME} ${arg_KIND} ${arg_COST} labels)
    set_tests_properties(${arg_NAME} PROPERTIES LABELS "${labels}" TIMEOUT ${arg_TIMEOUT} ${arg_PROPERTIES})
  endif()
endfunction()

# shmfifo_add_python_tests(SCRIPT file PREFIX folder.unit. KIND kind COST cost TIMEOUT seconds
#                          [FAST sentences...] [ENVIRONMENT NAME=value ...])
# Every `def test_sentence` of the script's test class becomes a test; those of FAST, without their guarantees, are fast.
function(shmfifo_add_python_tests)
  cmake_parse_arguments(arg "" "SCRIPT;PREFIX;KIND;COST;TIMEOUT" "FAST;ENVIRONMENT" ${ARGN})
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${arg_SCRIPT})
  file(STRINGS ${arg_SCRIPT} class REGEX "^class .*(TestCase|support\\.case)")
  string(REGEX REPLACE "^class ([a-z_]+).*" "\\1" class "${class}")
  file(STRINGS ${arg_SCRIPT} tests REGEX "^  +def test_")
  if(NOT tests)
    message(FATAL_ERROR "${arg_SCRIPT} has no tests")
  endif()
  foreach(test IN LISTS tests)
    string(REGEX REPLACE "^ +def test_([A-Za-z0-9_]+).*" "\\1" sentence "${test}")
    _shmfifo_dotted(${sentence} name)
    set(cost ${arg_COST})
    string(REGEX REPLACE "^(G[0-9]+_)+" "" plain ${sentence})
    if(plain IN_LIST arg_FAST)
      set(cost fast)
    endif()
    shmfifo_add_test(
      NAME ${arg_PREFIX}${name} KIND ${arg_KIND} COST ${cost} TIMEOUT ${arg_TIMEOUT}
      COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 ${arg_ENVIRONMENT} ${Python3_EXECUTABLE}
              ${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT} ${class}.test_${sentence})
  endforeach()
endfunction()
