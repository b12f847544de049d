# CPack: a Debian package for each install component. Configure with -DCMAKE_INSTALL_PREFIX=/usr, so that
# libraries go where Debian's architecture has them (the preset `package` does).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME shmfifo)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "shmfifo maintainers <maintainers@shmfifo.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime dev tools harness)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(debian_runtime libshmfifo${PROJECT_VERSION_MAJOR})
set(debian_dev libshmfifo-dev)
set(debian_tools shmfifo-tools)
set(debian_harness libshmfifo-harness-dev)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/triggers)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
    "shared-memory FIFO - shared library\nProducers append fixed-size records to a POSIX shared-memory segment,\nand any number of other processes read them in order, also when one of\nthem is killed. This package has the library that programs load.")

set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${debian_runtime} (= ${PROJECT_VERSION}-1), python3")
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_DEV_DESCRIPTION
    "shared-memory FIFO - development files\nHeaders for C++20 and C, the static library, and what CMake and pkg-config\nneed to find them.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_COMPONENT_TOOLS_DESCRIPTION
    "shared-memory FIFO - programs\nThe operator's tool shmfifo (create, list, watch, verify and recover\nsegments), and programs that publish and read messages.")

set(CPACK_DEBIAN_HARNESS_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_HARNESS_PACKAGE_DEPENDS
    "${debian_dev} (= ${PROJECT_VERSION}-1), libfmt-dev, libcli11-dev, nlohmann-json3-dev, libboost-context-dev")
set(CPACK_COMPONENT_HARNESS_DESCRIPTION
    "shared-memory FIFO - harness for testing queues\nA model checker for C++20 atomics, a multi-process stress runner that kills\nand pauses, an oracle that judges what came out, and the programs built of\nthem. They work on any queue through an adapter.")

# Debian's files in /usr/share/doc of each package.
string(TIMESTAMP debian_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(component runtime dev tools harness)
  string(TOUPPER ${component} upper)
  set(debian_name ${debian_${component}})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${debian_name})
  set(doc ${PROJECT_BINARY_DIR}/debian/${debian_name})
  configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/changelog.in ${doc}/changelog.Debian @ONLY)
  execute_process(COMMAND gzip -9nfk ${doc}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${doc}/changelog.Debian.gz ${CMAKE_CURRENT_LIST_DIR}/debian/copyright
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${debian_name} COMPONENT ${component})
endforeach()

include(CPack)
