# Goal: a test with a misspelt kind or cost, or without a time-out, stops the configuration. Method: this
# script calls itself with each wrong word and wants it to fail, and with right ones and wants it to pass.
cmake_minimum_required(VERSION 3.25)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}/../cmake)
include(shmfifo_test_words)

if(DEFINED KIND)
  _shmfifo_check_test("${KIND}" "${COST}" "${LIMIT}")
  return()
endif()

set(wrong 0)
foreach(try "unit,fast,10,pass" "throughput,soak,1,pass" "unti,fast,10,fail" ",fast,10,fail" "unit,quick,10,fail"
            "unit,,10,fail" "unit,fast,,fail" "unit,fast,0,fail" "unit,fast,ten,fail")
  string(REPLACE "," ";" words "${try}")
  list(GET words 0 kind)
  list(GET words 1 cost)
  list(GET words 2 limit)
  list(GET words 3 expected)
  execute_process(COMMAND ${CMAKE_COMMAND} -DKIND=${kind} -DCOST=${cost} -DLIMIT=${limit} -P ${CMAKE_CURRENT_LIST_FILE}
                  RESULT_VARIABLE code OUTPUT_QUIET ERROR_QUIET)
  if((expected STREQUAL pass AND NOT code EQUAL 0) OR (expected STREQUAL fail AND code EQUAL 0))
    message("'${try}' was judged wrongly (exit ${code})")
    math(EXPR wrong "${wrong} + 1")
  endif()
endforeach()
if(wrong GREATER 0)
  message(FATAL_ERROR "${wrong} judged wrongly")
endif()
