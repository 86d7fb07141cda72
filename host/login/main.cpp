// SPDX-License-Identifier: Apache-2.0
// sallyport-login: on a user's computer, logs them in at their gateway.
#include <iostream>

#include "host/login/command_line.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return static_cast<int>(sallyport::login::run(arguments, std::cout, std::cerr));
}
