// SPDX-License-Identifier: Apache-2.0
// sallyport-login's command line.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "host/login/methods.hpp"

namespace sallyport::login {

enum class Exit : int {
  kDone = 0,
  kFailed = 1,       // the gateway, the card or the user refused
  kUsage = 2,        // the command line or the configuration is wrong
  kNoGateway = 3,    // none answers, or it is not the one that is known
  kNotLoggedIn = 4,  // so there is nothing to show or to end
};

// `arguments` without the program's name; `methods`: the ways to log in that there are.
Exit run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
         Methods methods = login::methods());

}  // namespace sallyport::login
