# The rest that can be installed, if it was built: programs, harness, manual pages.
set(programs "")  # and the component of each
if(SHMFIFO_PROGRAMS)
  list(APPEND programs shmfifo:tools message_producer:tools message_consumer:tools)
endif()

if(SHMFIFO_HARNESS)
  list(APPEND programs million_messages:harness shmfifo_stress:harness)
  foreach(target shmfifo_harness shmfifo_harness_support shmfifo_harness_model shmfifo_stress_main)
    shmfifo_install_library(${target} shmfifo_harness_targets harness)
  endforeach()
  shmfifo_install_export(shmfifo_harness_targets shmfifo_harness_targets.cmake harness)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/harness/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          COMPONENT harness
          PATTERN trace EXCLUDE    # their libraries are not installed
          PATTERN fault EXCLUDE)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/harness/guides ${PROJECT_SOURCE_DIR}/harness/examples
          DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT harness)
endif()

foreach(program_and_component IN LISTS programs)
  string(REPLACE ":" ";" pair ${program_and_component})
  list(GET pair 0 program)
  list(GET pair 1 component)
  install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component})
  # bash finds it by the name of the program.
  install(FILES ${PROJECT_SOURCE_DIR}/ci/packaging/completion/shmfifo.bash RENAME ${program}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT ${component})
endforeach()
include(${CMAKE_CURRENT_LIST_DIR}/man_pages.cmake)

if(SHMFIFO_SHARED AND SHMFIFO_PROGRAMS AND SHMFIFO_HARNESS)
  include(${CMAKE_CURRENT_LIST_DIR}/debian_packages.cmake)
  # All that is installed, and no more.
  add_custom_target(
    shmfifo_packaged
    DEPENDS shmfifo_core shmfifo::core_shared shmfifo message_producer message_consumer shmfifo_harness
            shmfifo_harness_support shmfifo_harness_model shmfifo_stress_main million_messages shmfifo_stress)
  if(TARGET shmfifo_man_pages)
    add_dependencies(shmfifo_packaged shmfifo_man_pages)
  endif()
endif()
