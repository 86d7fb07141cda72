// SPDX-License-Identifier: Apache-2.0
// The emitter program, for whichever list of kernels.
#pragma once

#include <vector>

#include "hls/trace/kernel.hpp"

namespace sallyport::hls {

// PROGRAM DIRECTORY NAME...: writes NAME.sv and NAME_pkg.sv of every kernel, and rtl_models.cpp for the tests. The
// names are those the build expects; the program fails when they are not exactly the kernels there are. A file whose
// text has not changed is left alone, so that nothing behind it is built again. Returns the exit status.
int emit(const std::vector<Kernel>& kernels, int argc, char** argv);

}  // namespace sallyport::hls
