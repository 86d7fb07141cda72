// SPDX-License-Identifier: Apache-2.0
// For tests: a process that may open no further file.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sallyport::api {

class NoFileLeft {
 public:
  NoFileLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    const rlimit few{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~NoFileLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoFileLeft(const NoFileLeft&) = delete;
  NoFileLeft& operator=(const NoFileLeft&) = delete;

 private:
  rlimit before_{};
};

}  // namespace sallyport::api
