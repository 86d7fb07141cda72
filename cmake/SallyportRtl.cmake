# SPDX-License-Identifier: Apache-2.0
# How RTL is declared, linted, verilated and tested.
#
#   sallyport_rtl(NAME [USES names...] [FILES files...])
#       A named list of SystemVerilog files, packages first, after those it uses. `layout` and `kernels` exist already.
#   sallyport_rtl_lint(TOP RTL names... [FILES files...] [PARAMETERS -GName=value...])
#       A CTest `Lint.TOP`: verilator --lint-only -Wall finds nothing.
#   sallyport_verilate(NAME TOP top RTL names... [FILES files...] [PARAMETERS ...] [TRACE])
#       A library NAME with the class Vtop (header "Vtop.h"); assertions are on. TRACE: it can write FST waveforms.
#   sallyport_rtl_test(NAME TOP top RTL names... [FILES files...] [PARAMETERS ...] TEST sources...
#                      [LIBS libraries...] [TIMEOUT seconds] [PREFIX text])
#       A GoogleTest program around a verilated top; FILES are for what only the test needs, a wrapper say.
find_program(VERILATOR verilator REQUIRED)
execute_process(COMMAND ${VERILATOR} --getenv VERILATOR_ROOT OUTPUT_VARIABLE VERILATOR_ROOT
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
find_package(ZLIB REQUIRED)  # of the waveform writer
find_program(MAKE_PROGRAM NAMES gmake make REQUIRED)

# Verilator's run time, once for all models.
add_library(sallyport_verilated STATIC EXCLUDE_FROM_ALL
  ${VERILATOR_ROOT}/include/verilated.cpp ${VERILATOR_ROOT}/include/verilated_threads.cpp)
target_include_directories(sallyport_verilated SYSTEM PUBLIC ${VERILATOR_ROOT}/include ${VERILATOR_ROOT}/include/vltstd)
target_compile_options(sallyport_verilated PRIVATE -O1)
target_link_libraries(sallyport_verilated PUBLIC Threads::Threads)
add_library(sallyport_verilated_fst STATIC EXCLUDE_FROM_ALL ${VERILATOR_ROOT}/include/verilated_fst_c.cpp)
target_compile_options(sallyport_verilated_fst PRIVATE -O1)
target_link_libraries(sallyport_verilated_fst PUBLIC sallyport_verilated ZLIB::ZLIB)

function(sallyport_rtl name)
  cmake_parse_arguments(arg "" "" "USES;FILES" ${ARGN})
  set(files)
  foreach(used ${arg_USES})
    get_property(more GLOBAL PROPERTY SALLYPORT_RTL_${used})
    if(NOT more)
      message(FATAL_ERROR "sallyport_rtl(${name}): nobody declared '${used}'")
    endif()
    list(APPEND files ${more})
  endforeach()
  foreach(file ${arg_FILES})
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    list(APPEND files ${file})
  endforeach()
  list(REMOVE_DUPLICATES files)
  set_property(GLOBAL PROPERTY SALLYPORT_RTL_${name} ${files})
endfunction()

# The files behind RTL and FILES of a call, into `result`.
function(sallyport_rtl_files result)
  cmake_parse_arguments(arg "" "" "RTL;FILES" ${ARGN})
  sallyport_rtl(_collected USES ${arg_RTL} FILES ${arg_FILES})
  get_property(files GLOBAL PROPERTY SALLYPORT_RTL__collected)
  set(${result} ${files} PARENT_SCOPE)
endfunction()

function(sallyport_rtl_lint top)
  cmake_parse_arguments(arg "" "" "RTL;FILES;PARAMETERS" ${ARGN})
  sallyport_rtl_files(files RTL ${arg_RTL} FILES ${arg_FILES})
  add_test(NAME Lint.${top}
           COMMAND ${VERILATOR} --lint-only -Wall --assert ${arg_PARAMETERS} --top-module ${top}
                   ${CMAKE_SOURCE_DIR}/hw/common/lint.vlt ${files})
endfunction()

# -O1 for the generated C++: as fast as -O3 and half the time to compile. What starts unknown starts random when the test says
# so (Verilated::randReset(2)), zero otherwise.
function(sallyport_verilate name)
  cmake_parse_arguments(arg "TRACE" "TOP" "RTL;FILES;PARAMETERS" ${ARGN})
  sallyport_rtl_files(files RTL ${arg_RTL} FILES ${arg_FILES})
  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${name}.verilated)
  set(model ${directory}/V${arg_TOP}__ALL.a)
  add_custom_command(
    OUTPUT ${model} ${directory}/V${arg_TOP}.h
    COMMAND ${VERILATOR} --cc -O3 --assert --x-assign fast --x-initial unique --output-split 40000
            $<$<BOOL:${arg_TRACE}>:--trace-fst> ${arg_PARAMETERS}
            --top-module ${arg_TOP} --prefix V${arg_TOP} --Mdir ${directory} ${files}
    COMMAND ${CMAKE_COMMAND} -E env OBJCACHE=${CMAKE_CXX_COMPILER_LAUNCHER} ${MAKE_PROGRAM} -s -j2 -C ${directory}
            -f V${arg_TOP}.mk V${arg_TOP}__ALL.a OPT_FAST=-O1 OPT_SLOW=-O0
    DEPENDS ${files}
    COMMENT "Verilating ${arg_TOP}"
    COMMAND_EXPAND_LISTS
    VERBATIM)
  add_custom_target(${name}_model DEPENDS ${model})
  add_dependencies(${name}_model kernels_sv)
  add_library(${name} INTERFACE)
  add_dependencies(${name} ${name}_model)
  target_include_directories(${name} SYSTEM INTERFACE ${directory})
  target_link_libraries(${name} INTERFACE ${model} sallyport_verilated$<$<BOOL:${arg_TRACE}>:_fst>)
endfunction()

function(sallyport_rtl_test name)
  cmake_parse_arguments(arg "" "TOP;TIMEOUT;PREFIX" "RTL;FILES;PARAMETERS;TEST;LIBS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  sallyport_verilate(${name}_rtl TOP ${arg_TOP} RTL ${arg_RTL} FILES ${arg_FILES} PARAMETERS ${arg_PARAMETERS})
  sallyport_test(${name} ${arg_TEST} LIBS ${name}_rtl ${arg_LIBS} TIMEOUT ${arg_TIMEOUT} LABELS rtl
                 PREFIX "${arg_PREFIX}")
endfunction()
