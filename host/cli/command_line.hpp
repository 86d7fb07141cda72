// SPDX-License-Identifier: Apache-2.0
// The command line as a whole: from words to an exit status.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "host/cli/outcome.hpp"

namespace sallyport::cli {

// `arguments` without the program's name. What a command tells goes to `out`; why it failed to `err`, as one sentence.
[[nodiscard]] Exit run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace sallyport::cli
