// SPDX-License-Identifier: Apache-2.0
// For tests: the disk under SQLite, which one can stop or break, where test_disk.cpp is linked.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace sallyport::gateway {

// The disk under SQLite, which one can stop or break.
class Disk {
 public:
  enum class State : std::uint8_t { kFine, kStuck, kBroken };

  void set(State state) {
    const std::lock_guard lock(mutex_);
    state_ = state;
    changed_.notify_all();
  }
  bool somebody_waits() {
    const std::lock_guard lock(mutex_);
    return waiting_ > 0;
  }
  int sync(long call, int fd) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [this] { return state_ != State::kStuck; });
    --waiting_;
    if (state_ == State::kFine) return static_cast<int>(::syscall(call, fd));
    errno = EIO;
    return -1;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kFine;
  int waiting_ = 0;
};

inline Disk disk;

}  // namespace sallyport::gateway
