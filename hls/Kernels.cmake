# SPDX-License-Identifier: Apache-2.0
# From kernels to files: SystemVerilog for the card, and Verilated models for the tests.

# sallyport_emit(TARGET EMITTER DIRECTORY NAME...): a target that has DIRECTORY/NAME.sv and NAME_pkg.sv of every kernel up to
# date, and rtl_models.cpp behind which their models are driven. Its property KERNEL_SV lists the SystemVerilog, packages
# first.
function(sallyport_emit target emitter directory)
  set(packages ${ARGN})
  list(TRANSFORM packages REPLACE "(.+)" "${directory}/\\1_pkg.sv")
  set(modules ${ARGN})
  list(TRANSFORM modules REPLACE "(.+)" "${directory}/\\1.sv")
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(
    OUTPUT ${packages} ${modules} ${directory}/rtl_models.cpp
    COMMAND ${emitter} ${directory} ${ARGN}
    DEPENDS ${emitter}
    COMMENT "Drawing kernels with ${emitter}"
    VERBATIM)
  add_custom_target(${target} DEPENDS ${packages} ${modules} ${directory}/rtl_models.cpp)
  set_target_properties(${target} PROPERTIES
    KERNEL_SV "${packages};${modules}" KERNEL_NAMES "${ARGN}" KERNEL_DIR ${directory})
endfunction()

# sallyport_kernel_models(TARGET EMITTED [SYNTHESIS]): a library with the models of all kernels of a sallyport_emit target, of
# the forms that a synthesiser reads when it says so.
function(sallyport_kernel_models target emitted)
  get_target_property(names ${emitted} KERNEL_NAMES)
  get_target_property(directory ${emitted} KERNEL_DIR)
  cmake_parse_arguments(arg "SYNTHESIS" "" "" ${ARGN})
  add_library(${target} STATIC ${directory}/rtl_models.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  foreach(name IN LISTS names)
    sallyport_verilate(${target}_${name} TOP ${name} FILES ${directory}/${name}.sv
                       PARAMETERS $<$<BOOL:${arg_SYNTHESIS}>:-DSYNTHESIS>)
    target_link_libraries(${target} PRIVATE ${target}_${name})
  endforeach()
endfunction()
