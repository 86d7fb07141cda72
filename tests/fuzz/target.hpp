// SPDX-License-Identifier: Apache-2.0
// What every fuzz target defines: inputs to begin with, and what is done with any.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/bytes.hpp"

namespace sallyport::fuzz {

// Inputs that the code under test accepts. Others are made from them.
std::vector<Buffer> seeds();

// Anything may be in the input. What must not happen ends the process.
void run(Bytes input);

inline void must(bool holds, const char* sentence) {
  if (holds) return;
  std::fprintf(stderr, "must hold: %s\n", sentence);
  std::abort();
}

inline std::string text_of(Bytes input) { return {input.begin(), input.end()}; }
inline Buffer seed(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace sallyport::fuzz
