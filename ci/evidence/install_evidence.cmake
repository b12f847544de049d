# At install time: the evidence goes along only if it is about the sources that are being installed.
if(EXISTS "${evidence}")
  include(${CMAKE_CURRENT_LIST_DIR}/shmfifo_validated.cmake)
  shmfifo_check_evidence(validated "${evidence}" "${source}/core/include" core/include "${source}/core/src" core/src)
  if(validated)
    file(INSTALL "${evidence}" DESTINATION "${destination}")
  endif()
endif()
