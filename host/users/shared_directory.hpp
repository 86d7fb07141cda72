// SPDX-License-Identifier: Apache-2.0
// A directory that several threads use, one after the other.
#pragma once

#include <mutex>

#include "host/users/directory.hpp"

namespace sallyport::users {

class SharedDirectory {
 public:
  explicit SharedDirectory(Directory directory) : directory_(std::move(directory)) {}

  // Gives `work` the directory; nobody else has it meanwhile, so what takes time otherwise belongs outside.
  template <class Work>
  auto with(Work work) {
    const std::lock_guard lock(mutex_);
    return work(directory_);
  }

 private:
  std::mutex mutex_;
  Directory directory_;
};

}  // namespace sallyport::users
