# SPDX-License-Identifier: Apache-2.0
# sallyport_kernels(NAME...): what hls_emit writes, for whoever builds the card.
#
#   kernels_sv           target that has every file up to date
#   SALLYPORT_KERNEL_SV  list of the files, packages before modules, to be given to Verilator or a synthesiser
#   SALLYPORT_KERNEL_DIR where they are
function(sallyport_kernels)
  set(directory ${CMAKE_CURRENT_BINARY_DIR}/gen)
  set(packages ${ARGN})
  list(TRANSFORM packages REPLACE "(.+)" "${directory}/\\1_pkg.sv")
  set(modules ${ARGN})
  list(TRANSFORM modules REPLACE "(.+)" "${directory}/\\1.sv")
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(
    OUTPUT ${packages} ${modules} ${directory}/rtl_models.cpp
    COMMAND hls_emit ${directory} ${ARGN}
    DEPENDS hls_emit
    COMMENT "Drawing the kernels"
    VERBATIM)
  add_custom_target(kernels_sv DEPENDS ${packages} ${modules} ${directory}/rtl_models.cpp)
  set(SALLYPORT_KERNEL_NAMES ${ARGN} CACHE INTERNAL "Kernels by name")
  set(SALLYPORT_KERNEL_SV ${packages} ${modules} CACHE INTERNAL "Generated SystemVerilog, packages first")
  set(SALLYPORT_KERNEL_DIR ${directory} CACHE INTERNAL "Where the generated SystemVerilog is")
endfunction()
