// SPDX-License-Identifier: Apache-2.0
// A file of users that comes in parts. It waits in a file without a name, which goes with the daemon, until its last
// part is there; then it is read once, as one.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sallyport::gateway {

class UserImport {
 public:
  explicit UserImport(std::string actor);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& actor() const { return actor_; }

  // kFull, kIo: it is worth nothing then.
  Result<void> add(std::string_view part);
  void complete() { complete_ = true; }  // that was the last
  [[nodiscard]] bool is_complete() const { return complete_; }
  // All of it from the beginning, piece by piece; an empty one is the end. In another thread, once it is complete.
  Result<std::string> next();
  // How much of it has been read, in whole per cent.
  [[nodiscard]] unsigned percent() const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string id_;
  std::string actor_;
  std::unique_ptr<std::FILE, Close> file_;
  bool complete_ = false;
  std::uint64_t size_ = 0;
  std::atomic<std::uint64_t> read_{0};
};

}  // namespace sallyport::gateway
