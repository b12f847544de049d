# The rest of what can be installed, which only the developers' build makes: programs and harness.
install(TARGETS shmfifo message_producer message_consumer RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
                                                                  COMPONENT tools)

foreach(target shmfifo_harness shmfifo_harness_names shmfifo_harness_model shmfifo_stress_main)
  shmfifo_install_library(${target} shmfifo_harness_targets harness)
endforeach()
shmfifo_install_export(shmfifo_harness_targets shmfifo_harness_targets.cmake harness)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/harness/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT harness
        PATTERN crash EXCLUDE    # their libraries are not installed
        PATTERN fault EXCLUDE)
install(TARGETS million_messages shmfifo_stress RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT harness)
install(FILES ${PROJECT_SOURCE_DIR}/ci/packaging/completion/shmfifo.bash RENAME shmfifo
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tools)
include(${CMAKE_CURRENT_LIST_DIR}/man_pages.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/debian_packages.cmake)

# All that is installed, for those who want no more than that built.
add_custom_target(
  shmfifo_packaged
  DEPENDS shmfifo_core shmfifo::core_shared shmfifo message_producer message_consumer shmfifo_harness
          shmfifo_harness_names shmfifo_harness_model shmfifo_stress_main million_messages shmfifo_stress)
if(TARGET shmfifo_man_pages)
  add_dependencies(shmfifo_packaged shmfifo_man_pages)
endif()
