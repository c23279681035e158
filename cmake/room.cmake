# SPDX-License-Identifier: GPL-3.0-or-later
# A room is one static library from src/<name>/*.cc. LINKS become visible to its
# users, PRIVATE stays inside: a third-party library never leaks out of its room.

add_library(bootferry_flags INTERFACE)
target_compile_options(bootferry_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow
  $<$<BOOL:${BOOTFERRY_WERROR}>:-Werror>)
target_include_directories(bootferry_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)

function(bootferry_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  if(NOT sources)
    add_library(${name} INTERFACE)
    return()
  endif()
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME bootferry_${name})
  target_link_libraries(${name} PUBLIC bootferry_flags ${ROOM_LINKS} PRIVATE ${ROOM_PRIVATE})
endfunction()

# A test room mirrors a source room: tests/<name>/*_test.cc, one binary.
function(bootferry_test name)
  cmake_parse_arguments(TEST "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE ${name} ${TEST_LINKS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_test PRIVATE BOOTFERRY_TEST_DATA="${PROJECT_SOURCE_DIR}/tests")
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60)
endfunction()
