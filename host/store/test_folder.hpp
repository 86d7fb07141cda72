// SPDX-License-Identifier: Apache-2.0
// For tests of the store: a folder of their own, and the deaths that a store must survive.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <new>
#include <random>
#include <string>
#include <thread>

#include "base/temporary_folder.hpp"

namespace sallyport::store {

class TestFolder : public testing::Test {
 protected:
  TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
};

// What a process that was killed had begun and finished.
struct Progress {
  std::atomic<std::uint32_t> begun{0};
  std::atomic<std::uint32_t> stored{0};
};

// When a process is killed: at any moment, or at one behind its first store, however long the machine takes for that.
enum class Death { kAnyMoment, kOnceOneIsStored };

// Runs `store(n)` for n = first, first + 1, ... in a process of its own and kills it at some moment.
class Victim {
 public:
  Victim()
      : progress_(new (::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                      Progress) {}
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  ~Victim() { ::munmap(progress_, sizeof(Progress)); }

  const Progress& run_and_kill(std::uint32_t first, Death death, std::chrono::microseconds after,
                               const std::function<void(std::uint32_t)>& store) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (std::uint32_t n = first;; ++n) {
        progress_->begun = n;
        store(n);
        progress_->stored = n;
      }
    }
    siginfo_t died{};
    while (death == Death::kOnceOneIsStored && progress_->stored == 0 && died.si_pid == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ::waitid(P_PID, static_cast<id_t>(child), &died, WEXITED | WNOHANG | WNOWAIT);
    }
    std::this_thread::sleep_for(after);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it died before it was killed";
    return *progress_;
  }

 private:
  Progress* progress_;
};

}  // namespace sallyport::store
