# Untested: nothing here can run vcpkg. recipes_test.py runs these lines with its commands replaced.
# vcpkg port, for use as an overlay from a checkout: --overlay-ports=ci/packaging.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS -DSHMFIFO_DEVELOPER=OFF -DSHMFIFO_PROGRAMS=OFF -DSHMFIFO_SHARED=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME shmfifo CONFIG_PATH lib/cmake/shmfifo)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
