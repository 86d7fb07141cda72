// SPDX-License-Identifier: Apache-2.0
// Writes the kernels of the card; emit.hpp has the usage.
#include "hls/emit.hpp"
#include "hls/kernels.hpp"

int main(int argc, char** argv) { return sallyport::hls::emit(sallyport::hls::all_kernels(), argc, argv); }
