// SPDX-License-Identifier: Apache-2.0
// How a command ends: an exit status, and what it has to say.
#pragma once

#include <string>

namespace sallyport::cli {

enum class Exit : int {
  kDone = 0,
  kFailed = 1,    // the gateway refused or failed
  kUsage = 2,     // the command line is wrong
  kNoDaemon = 3,  // no daemon answers
};

struct Outcome {
  Exit exit = Exit::kDone;
  std::string text;     // done: for standard output, whole lines; else one sentence for standard error
  bool report = false;  // `text` is for standard output, whatever the exit status says of it
};

}  // namespace sallyport::cli
