// SPDX-License-Identifier: Apache-2.0
// A process that goes on behind the one that was started: the one in front ends with what the other says, or with how
// it ended before it said anything.
#pragma once

#include <functional>

#include "base/result.hpp"

namespace sallyport::login {

class Background {
 public:
  // Forks. Where it returns true, this is the process behind, with the terminal still; where false, the one in front,
  // and `status` is its exit status.
  static Result<bool> begin(int& status);
  // Lets the process in front end with success, and leaves the terminal.
  static void go_on();
};

}  // namespace sallyport::login
