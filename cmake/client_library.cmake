# SPDX-License-Identifier: Apache-2.0
# The installed C++ client: liboort.so with what is under include/oort and nothing else, a CMake package and
# a pkg-config file. Only what OORT_API marks is visible, so nothing inside can clash with the program's own.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(oort_shared SHARED ${PROJECT_SOURCE_DIR}/src/client/library.cc)
target_link_libraries(oort_shared PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,oort_client>)
target_include_directories(oort_shared INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(oort_shared INTERFACE cxx_std_20)
set_target_properties(oort_shared PROPERTIES
    OUTPUT_NAME oort EXPORT_NAME oort VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
add_library(oort::oort ALIAS oort_shared)

install(TARGETS oort_shared EXPORT oort-targets LIBRARY COMPONENT client)
install(FILES ${PROJECT_SOURCE_DIR}/include/oort/experiment.h ${PROJECT_SOURCE_DIR}/include/oort/projection.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/oort COMPONENT client)
install(EXPORT oort-targets NAMESPACE oort:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/oort COMPONENT client)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/oort-config.cmake.in
    ${PROJECT_BINARY_DIR}/oort-config.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/oort)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/oort-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/oort-config.cmake ${PROJECT_BINARY_DIR}/oort-config-version.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/oort COMPONENT client)
# Relative, so that `cmake --install --prefix` and moved installations work.
file(RELATIVE_PATH oort_prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/oort.pc.in ${PROJECT_BINARY_DIR}/oort.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/oort.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT client)

if(OORT_TESTS)
    add_subdirectory(examples/cpp)
endif()
if(OORT_TESTS AND NOT OORT_SANITIZE)  # a sanitizer's library does not fit programs built without it
    add_test(NAME installed COMMAND ${CMAKE_COMMAND}
        -DBUILD=${PROJECT_BINARY_DIR} -DEXAMPLES=${PROJECT_SOURCE_DIR}/examples/cpp
        -P ${PROJECT_SOURCE_DIR}/cmake/test_installed.cmake)
endif()
