# The words that describe a test. Apart from the rest so that ci/tests can try them out.
set(SHMFIFO_TEST_KINDS unit property model stress crash fuzz throughput canary)
set(SHMFIFO_TEST_COSTS fast slow soak)

# Checks the words of a test before it exists: a misspelt label would silently take the test out of
# every `ctest -L` selection.
function(_shmfifo_check_test kind cost timeout)
  if(NOT kind IN_LIST SHMFIFO_TEST_KINDS)
    message(FATAL_ERROR "unknown test KIND '${kind}': one of ${SHMFIFO_TEST_KINDS}")
  endif()
  if(NOT cost IN_LIST SHMFIFO_TEST_COSTS)
    message(FATAL_ERROR "unknown test COST '${cost}': one of ${SHMFIFO_TEST_COSTS}")
  endif()
  if(NOT timeout MATCHES "^[1-9][0-9]*$")
    message(FATAL_ERROR "every test needs a TIMEOUT in seconds, not '${timeout}'")
  endif()
endfunction()
