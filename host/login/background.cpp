// SPDX-License-Identifier: Apache-2.0
#include "host/login/background.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/descriptor.hpp"

namespace sallyport::login {
namespace {

int said = -1;  // where the process behind says that it goes on

}  // namespace

Result<bool> Background::begin(int& status) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return errno_error("make a pipe");
  Descriptor reading(pipe[0]);
  Descriptor writing(pipe[1]);
  const pid_t behind = ::fork();
  if (behind < 0) return errno_error("start a process");
  if (behind == 0) {
    said = ::dup(writing.get());
    return true;
  }
  { const Descriptor closed = std::move(writing); }
  char word = 0;
  ssize_t size = 0;
  do size = ::read(reading.get(), &word, 1);
  while (size < 0 && errno == EINTR);
  status = 0;
  if (size == 1) return false;
  int ended = 0;
  ::waitpid(behind, &ended, 0);
  status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 1;
  return false;
}

void Background::go_on() {
  ::setsid();
  (void)!::chdir("/");
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, fd);
  ::close(nothing);
  (void)!::write(said, "\n", 1);
  ::close(said);
}

}  // namespace sallyport::login
