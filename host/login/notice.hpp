// SPDX-License-Identifier: Apache-2.0
// A program of the user's that shows what the gateway says, on a desktop say: it is run with one sentence as its only
// argument.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace sallyport::login {

class Notice {
 public:
  explicit Notice(std::string program) : program_(std::move(program)) {}  // empty: none
  // Whoever still shows so many is shown no more.
  void show(const std::string& sentence);

 private:
  std::string program_;
  std::vector<pid_t> running_;
};

}  // namespace sallyport::login
