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

# sallyport_verilated_kernels(TARGET): a library with the model of every kernel, behind trace/rtl_model.hpp.
find_package(verilator 5.006 REQUIRED HINTS $ENV{VERILATOR_ROOT})

function(sallyport_verilated_kernels target)
  set(include ${VERILATOR_ROOT}/include)
  add_library(${target}_runtime STATIC ${include}/verilated.cpp ${include}/verilated_threads.cpp)
  target_include_directories(${target}_runtime SYSTEM PUBLIC ${include} ${include}/vltstd)
  target_link_libraries(${target}_runtime PUBLIC Threads::Threads)

  add_library(${target} STATIC ${SALLYPORT_KERNEL_DIR}/rtl_models.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  foreach(name IN LISTS SALLYPORT_KERNEL_NAMES)
    set(directory ${CMAKE_CURRENT_BINARY_DIR}/verilated/${name})
    set(archive ${directory}/V${name}__ALL.a)
    add_custom_command(
      OUTPUT ${archive}
      # -O1 runs as fast as -O3 here and compiles in half the time.
      COMMAND ${CMAKE_COMMAND} -E env OBJCACHE=${CMAKE_CXX_COMPILER_LAUNCHER} CXXFLAGS=
              ${VERILATOR_BIN} --cc --build --Mdir ${directory} --top-module ${name} -CFLAGS -O1
              ${SALLYPORT_KERNEL_DIR}/${name}.sv
      DEPENDS kernels_sv ${SALLYPORT_KERNEL_DIR}/${name}.sv
      COMMENT "Verilating ${name}"
      VERBATIM)
    add_custom_target(verilate_${name} DEPENDS ${archive})
    add_dependencies(${target} verilate_${name})
    target_include_directories(${target} PRIVATE ${directory})
    target_link_libraries(${target} PRIVATE ${archive})
  endforeach()
  target_link_libraries(${target} PRIVATE ${target}_runtime)
endfunction()
