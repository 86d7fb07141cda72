// SPDX-License-Identifier: Apache-2.0
// A TUN device: what is routed to it comes to us as whole IP packets, checksums made. It goes with its owner.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"

namespace sallyport::mark {

class TunDevice {
 public:
  // Down, so that nothing is lost before there is a reader. kExists: another process has it.
  static Result<TunDevice> create(const std::string& name);
  Result<void> up(unsigned mtu);

  // The next packet; empty when none waits.
  Result<Bytes> receive(std::span<std::uint8_t> room);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] unsigned index() const { return index_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  TunDevice(Descriptor fd, std::string name, unsigned index)
      : fd_(std::move(fd)), name_(std::move(name)), index_(index) {}

  Descriptor fd_;
  std::string name_;
  unsigned index_;
};

}  // namespace sallyport::mark
