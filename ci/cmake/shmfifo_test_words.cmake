# The words that describe a test. A file of its own, so that ci/tests can try them out, and ctest can read them for the
# cases of GoogleTest programs.
set(SHMFIFO_TEST_KINDS unit property model stress crash fuzz throughput canary)
set(SHMFIFO_TEST_COSTS fast slow soak)
# The guarantees: the rows of the table in core/DESIGN.md.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../../core/DESIGN.md SHMFIFO_GUARANTEES REGEX "^\\| G[0-9]+ \\|")
list(TRANSFORM SHMFIFO_GUARANTEES REPLACE "^\\| (G[0-9]+) .*" "\\1")

# The labels of a test: its kind, its cost, and the guarantees that begin its sentence (or its parameter's name): G6 and
# G8 of core.claim.G6_G8_sentence, stress.crash.G6.G8_sentence and each/claim.sentence/G6_G8_parameter.
function(_shmfifo_labels_of name kind cost result)
  string(REGEX MATCHALL "[./](G[0-9]+[._])+" beginnings "${name}")
  string(REGEX MATCHALL "G[0-9]+" guarantees "${beginnings}")
  list(REMOVE_DUPLICATES guarantees)
  set(${result} ${kind} ${cost} ${guarantees} PARENT_SCOPE)
endfunction()

# G6_G8_sentence of a source becomes G6.G8_sentence, so that `ctest -R '[.]G8'` finds it. (CTest has the names of
# GoogleTest's cases from the programs, where they are identifiers.)
function(_shmfifo_dotted sentence result)
  while(sentence MATCHES "^((G[0-9]+[.])*G[0-9]+)_(G[0-9]+_.*)$")
    set(sentence "${CMAKE_MATCH_1}.${CMAKE_MATCH_3}")
  endwhile()
  set(${result} ${sentence} PARENT_SCOPE)
endfunction()

# Checks the words of a test before it exists: a misspelt label would silently take the test out of
# every `ctest -L` selection.
function(_shmfifo_check_test kind cost timeout name)
  if(NOT kind IN_LIST SHMFIFO_TEST_KINDS)
    message(FATAL_ERROR "unknown test KIND '${kind}': one of ${SHMFIFO_TEST_KINDS}")
  endif()
  if(NOT cost IN_LIST SHMFIFO_TEST_COSTS)
    message(FATAL_ERROR "unknown test COST '${cost}': one of ${SHMFIFO_TEST_COSTS}")
  endif()
  if(NOT timeout MATCHES "^[1-9][0-9]*$")
    message(FATAL_ERROR "every test needs a TIMEOUT in seconds, not '${timeout}'")
  endif()
  _shmfifo_labels_of("${name}" "" "" guarantees)
  foreach(guarantee IN LISTS guarantees)
    if(NOT guarantee IN_LIST SHMFIFO_GUARANTEES)
      message(FATAL_ERROR "${name}: ${guarantee} is no guarantee of core/DESIGN.md")
    endif()
  endforeach()
endfunction()
