# Goal: a test with a misspelt kind or cost, without a time-out, or named after a guarantee that there is not, stops the
# configuration; a test's labels are its kind, its cost and the guarantees of its name. Method: this script calls itself
# with each wrong word and wants it to fail, and with right ones and wants it to pass; labels are compared.
cmake_minimum_required(VERSION 3.25)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}/../cmake)
include(shmfifo_test_words)

if(DEFINED KIND)
  _shmfifo_check_test("${KIND}" "${COST}" "${LIMIT}" "${NAME}")
  return()
endif()

set(wrong 0)
foreach(try "unit,fast,10,a.b.c,pass" "throughput,soak,1,a.b.G14_c,pass" "unit,fast,1,a.b.G1.G14_c,pass"
            "unti,fast,10,a.b.c,fail" ",fast,10,a.b.c,fail" "unit,quick,10,a.b.c,fail" "unit,,10,a.b.c,fail"
            "unit,fast,,a.b.c,fail" "unit,fast,0,a.b.c,fail" "unit,fast,ten,a.b.c,fail" "unit,fast,10,a.b.G99_c,fail"
            "unit,fast,10,a.b.G1.G0_c,fail")
  string(REPLACE "," ";" words "${try}")
  list(GET words 0 kind)
  list(GET words 1 cost)
  list(GET words 2 limit)
  list(GET words 3 name)
  list(GET words 4 expected)
  execute_process(COMMAND ${CMAKE_COMMAND} -DKIND=${kind} -DCOST=${cost} -DLIMIT=${limit} -DNAME=${name} -P
                          ${CMAKE_CURRENT_LIST_FILE}
                  RESULT_VARIABLE code OUTPUT_QUIET ERROR_QUIET)
  if((expected STREQUAL pass AND NOT code EQUAL 0) OR (expected STREQUAL fail AND code EQUAL 0))
    message("'${try}' was judged wrongly (exit ${code})")
    math(EXPR wrong "${wrong} + 1")
  endif()
endforeach()

foreach(try "core.claim.G6_G8_a_sentence=unit;fast;G6;G8" "stress.matrix.G1.G11_log_4x4=unit;fast;G1;G11"
            "core.each/queue.G4_is_caught/G5_drops_one=unit;fast;G4;G5" "core.each/queue.is_caught/G5_drops=unit;fast;G5"
            "core.claim.a_sentence_of_G6_and_G8=unit;fast" "core.G6.G6_once=unit;fast;G6" "core.BIG6.AG7_x=unit;fast")
  string(REGEX MATCH "(.*)=(.*)" name "${try}")
  set(name ${CMAKE_MATCH_1})
  set(expected "${CMAKE_MATCH_2}")
  _shmfifo_labels_of("${name}" unit fast labels)
  if(NOT labels STREQUAL expected)
    message("${name} has the labels '${labels}', not '${expected}'")
    math(EXPR wrong "${wrong} + 1")
  endif()
endforeach()

foreach(try "G6_G8_sentence=G6.G8_sentence" "G1_G2_G11_x_G4_y=G1.G2.G11_x_G4_y" "G4_x=G4_x" "a_G4_G5_x=a_G4_G5_x")
  string(REGEX MATCH "(.*)=(.*)" name "${try}")
  set(expected ${CMAKE_MATCH_2})
  _shmfifo_dotted(${CMAKE_MATCH_1} name)
  if(NOT name STREQUAL expected)
    message("'${try}' became ${name}")
    math(EXPR wrong "${wrong} + 1")
  endif()
endforeach()
if(wrong GREATER 0)
  message(FATAL_ERROR "${wrong} judged wrongly")
endif()
