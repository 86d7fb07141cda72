# SPDX-License-Identifier: Apache-2.0
# How a library, a program and a test of our own are declared: one place for warnings, include root and naming.
include(GoogleTest)
find_package(GTest REQUIRED)

# Our own code only: generated C++ and headers of other people keep their own warnings.
add_library(sallyport_warnings INTERFACE)
target_compile_options(sallyport_warnings INTERFACE -Wall -Wextra -Werror)

# sallyport_library(NAME sources...): a static library whose headers are included from the top, "ike/message.hpp" never.
function(sallyport_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE sallyport_warnings)
endfunction()

# sallyport_program(NAME sources...)
function(sallyport_program name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE sallyport_warnings)
endfunction()

# sallyport_test(NAME sources... [LIBS libraries...] [TIMEOUT seconds] [LABELS labels...] [PREFIX text])
#   PREFIX goes before the names of the tests, when one source is built into several programs.
function(sallyport_test name)
  cmake_parse_arguments(arg "" "TIMEOUT;PREFIX" "LIBS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE sallyport_warnings ${arg_LIBS} GTest::gmock GTest::gtest_main)
  # A parameter is named as the source names it: printed, one without a printer is its bytes, addresses among them.
  gtest_discover_tests(${name} TEST_PREFIX "${arg_PREFIX}" NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()
