# What `cmake --install` puts where. Two export sets, one a component of find_package(shmfifo): core
# and, if it was built, harness. The install components are those of the packages: runtime (the shared
# library), dev, tools, harness. Any CMAKE_INSTALL_*DIR may be absolute, as where packages are split.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(shmfifo_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/shmfifo)

function(shmfifo_install_library target export dev)
  install(
    TARGETS ${target}
    EXPORT ${export}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${dev}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT ${dev}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

function(shmfifo_install_export export file component)
  install(EXPORT ${export} NAMESPACE shmfifo:: FILE ${file} DESTINATION ${shmfifo_config_dir}
          COMPONENT ${component})
endfunction()

foreach(target shmfifo_core shmfifo_core_shared)
  if(TARGET ${target})
    shmfifo_install_library(${target} shmfifo_core_targets dev)
  endif()
endforeach()
shmfifo_install_export(shmfifo_core_targets shmfifo_core_targets.cmake dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/core/include/ ${PROJECT_SOURCE_DIR}/core/c/include/
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/core/guides ${PROJECT_SOURCE_DIR}/core/examples
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT dev
        PATTERN CMakeLists.txt EXCLUDE
        PATTERN *_test.py EXCLUDE
        PATTERN __pycache__ EXCLUDE)

include(${PROJECT_SOURCE_DIR}/ci/evidence/install.cmake)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/shmfifoConfig.cmake.in ${PROJECT_BINARY_DIR}/shmfifoConfig.cmake
  INSTALL_DESTINATION ${shmfifo_config_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR shmfifo_share_dir NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/shmfifoConfigVersion.cmake
                                 COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/shmfifoConfig.cmake ${PROJECT_BINARY_DIR}/shmfifoConfigVersion.cmake
        DESTINATION ${shmfifo_config_dir} COMPONENT dev)

# pkg-config: relative to the file, so that --prefix and DESTDIR need no second configuration.
set(shmfifo_pc_prefix "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  file(RELATIVE_PATH to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" to_prefix "\${pcfiledir}/${to_prefix}")
  set(shmfifo_pc_prefix "${to_prefix}")
endif()
# APPEND takes an absolute path as it is.
cmake_path(APPEND shmfifo_pc_libdir "\${prefix}" "${CMAKE_INSTALL_LIBDIR}")
cmake_path(APPEND shmfifo_pc_includedir "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
# A C compiler that links the archive needs the C++ run time named.
list(TRANSFORM shmfifo_cxx_run_time PREPEND -l OUTPUT_VARIABLE shmfifo_pc_private)
list(JOIN shmfifo_pc_private " " shmfifo_pc_private)
if(BUILD_SHARED_LIBS OR TARGET shmfifo_core_shared)
  set(shmfifo_pc_libs "Libs: -L\${libdir} -lshmfifo\nLibs.private: ${shmfifo_pc_private} -pthread")
else()
  set(shmfifo_pc_libs "Libs: -L\${libdir} -lshmfifo ${shmfifo_pc_private} -pthread")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/shmfifo.pc.in ${PROJECT_BINARY_DIR}/shmfifo.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/shmfifo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)

include(${CMAKE_CURRENT_LIST_DIR}/shmfifo_install_parts.cmake)
