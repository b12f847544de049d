# The rest of what can be installed, which only the developers' build makes: programs and harness.
install(TARGETS shmfifo message_producer message_consumer RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
                                                                  COMPONENT tools)

foreach(target shmfifo_harness shmfifo_harness_model shmfifo_stress_main)
  shmfifo_install_library(${target} shmfifo_harness_targets harness)
endforeach()
shmfifo_install_export(shmfifo_harness_targets shmfifo_harness_targets.cmake harness)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/harness/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT harness
        PATTERN crash EXCLUDE    # their libraries are not installed
        PATTERN fault EXCLUDE)
install(TARGETS million_messages shmfifo_stress RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT harness)
