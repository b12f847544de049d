# Manual pages, made by help2man from the programs' --help. Without help2man there are none.
find_program(HELP2MAN help2man)
if(NOT HELP2MAN)
  message(STATUS "No help2man (ci/install_packages.sh): no manual pages")
  return()
endif()

# shmfifo_man_page(TARGET-OR-SCRIPT INSTALL-COMPONENT WHAT-IT-IS [COMMANDS...])
function(shmfifo_man_page target component what)
  set(program ${target})
  if(TARGET ${target})
    set(program $<TARGET_FILE:${target}>)
  endif()
  cmake_path(GET target FILENAME name)
  set(page ${PROJECT_BINARY_DIR}/man/${name}.1.gz)
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
    COMMAND ${PROJECT_SOURCE_DIR}/ci/packaging/man_page.sh ${program} ${PROJECT_VERSION}
            ${page} ${what} ${ARGN}
    DEPENDS ${target} ${PROJECT_SOURCE_DIR}/ci/packaging/man_page.sh
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY shmfifo_man_pages ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${component})
endfunction()

if(SHMFIFO_PROGRAMS)
  shmfifo_man_page(shmfifo tools "look after shared-memory FIFOs" create ls stat tail dump verify recover
                   forget rm)
  shmfifo_man_page(message_producer tools "publish messages into a shared-memory FIFO")
  shmfifo_man_page(message_consumer tools "read messages from a shared-memory FIFO")
endif()
shmfifo_man_page(${shmfifo_verify} dev "is the installed shmfifo what its evidence is about?")
if(SHMFIFO_HARNESS)
  shmfifo_man_page(million_messages harness "measure one million messages through shared-memory FIFOs")
  shmfifo_man_page(shmfifo_stress harness "run queues under kills and pauses, and judge what comes out" soak)
endif()

get_property(pages GLOBAL PROPERTY shmfifo_man_pages)
add_custom_target(shmfifo_man_pages ALL DEPENDS ${pages})
