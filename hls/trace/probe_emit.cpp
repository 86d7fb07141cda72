// SPDX-License-Identifier: Apache-2.0
// Writes the probe kernels; emit.hpp has the usage.
#include "hls/emit.hpp"
#include "hls/trace/probe_kernels.hpp"

int main(int argc, char** argv) { return sallyport::hls::emit(sallyport::hls::probe_kernels(), argc, argv); }
