// SPDX-License-Identifier: Apache-2.0
// sallyport: the gateway's command line.
#include <iostream>

#include "host/cli/command_line.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return static_cast<int>(sallyport::cli::run(arguments, std::cout, std::cerr));
}
