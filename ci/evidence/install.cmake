# The evidence and what checks it, as parts of the package. Without evidence for these sources none is
# installed, and shmfifo_VALIDATED is FALSE for whoever finds the package.
set(SHMFIFO_EVIDENCE ${PROJECT_SOURCE_DIR}/build/evidence/evidence.json
    CACHE FILEPATH "What ci/run.sh evidence gathered; installed if it is about these sources")
set(shmfifo_share_dir ${CMAKE_INSTALL_DATADIR}/shmfifo)
install(PROGRAMS ${CMAKE_CURRENT_LIST_DIR}/shmfifo_verify.py RENAME shmfifo-verify
        DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/ci/packaging/downstream/round_trip.cpp DESTINATION ${shmfifo_share_dir}
        COMPONENT dev)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/shmfifo_validated.cmake DESTINATION ${shmfifo_config_dir} COMPONENT dev)
install(
  CODE "set(evidence \"${SHMFIFO_EVIDENCE}\")
        set(source \"${PROJECT_SOURCE_DIR}\")
        set(destination \"\${CMAKE_INSTALL_PREFIX}/${shmfifo_share_dir}\")
        include(\"${CMAKE_CURRENT_LIST_DIR}/install_evidence.cmake\")"
  COMPONENT dev)
