// SPDX-License-Identifier: Apache-2.0
#include "host/login/notice.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sallyport::login {
namespace {

constexpr std::size_t kMostRunning = 4;

}  // namespace

void Notice::show(const std::string& sentence) {
  if (program_.empty()) return;
  std::erase_if(running_, [](pid_t child) { return ::waitpid(child, nullptr, WNOHANG) != 0; });
  if (running_.size() >= kMostRunning) return;
  std::string text = "Sallyport: " + sentence;  // so it is no option, whatever the gateway says
  char* const arguments[] = {program_.data(), text.data(), nullptr};
  pid_t child = 0;
  if (::posix_spawnp(&child, program_.c_str(), nullptr, nullptr, arguments, environ) == 0) running_.push_back(child);
}

}  // namespace sallyport::login
