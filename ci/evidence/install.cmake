# The evidence, and the programs that check it, as parts of the package. Without evidence for these sources
# none is installed, and shmfifo_VALIDATED is FALSE in every project that finds the package.
set(gathered "")
if(PROJECT_IS_TOP_LEVEL)
  set(gathered ${PROJECT_SOURCE_DIR}/build/evidence/evidence.json)
endif()
set(SHMFIFO_EVIDENCE "${gathered}" CACHE FILEPATH
    "The result of `ci/run.sh evidence`; installed if it is about these sources")
set(shmfifo_share_dir ${CMAKE_INSTALL_DATADIR}/shmfifo)
set(shmfifo_verify ${PROJECT_BINARY_DIR}/shmfifo-verify)
file(READ ${CMAKE_CURRENT_LIST_DIR}/shmfifo_verify.py shmfifo_verify_text)
string(REPLACE "INCLUDE, LIBRARIES, SHARE = \"include\", \"lib\", \"share/shmfifo\"\n"
               "INCLUDE, LIBRARIES, SHARE = \"${CMAKE_INSTALL_INCLUDEDIR}\", \"${CMAKE_INSTALL_LIBDIR}\", \"${shmfifo_share_dir}\"\n"
               shmfifo_verify_text "${shmfifo_verify_text}")
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")  # Debian wants its own interpreter named
  string(REPLACE "#!/usr/bin/env python3" "#!/usr/bin/python3" shmfifo_verify_text "${shmfifo_verify_text}")
endif()
file(WRITE ${shmfifo_verify} "${shmfifo_verify_text}")
file(CHMOD ${shmfifo_verify} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/shmfifo_verify.py)
install(PROGRAMS ${shmfifo_verify} DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/ci/packaging/downstream/round_trip.cpp DESTINATION ${shmfifo_share_dir}
        COMPONENT dev)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/shmfifo_validated.cmake DESTINATION ${shmfifo_config_dir} COMPONENT dev)
install(
  CODE "set(evidence \"${SHMFIFO_EVIDENCE}\")
        set(source \"${PROJECT_SOURCE_DIR}\")
        cmake_path(APPEND destination \"\${CMAKE_INSTALL_PREFIX}\" \"${shmfifo_share_dir}\")
        include(\"${CMAKE_CURRENT_LIST_DIR}/install_evidence.cmake\")"
  COMPONENT dev)
