// SPDX-License-Identifier: Apache-2.0
// The way out of packets that have their tag: by the main table, past the user's own.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "hw/layout/address.hpp"

namespace sallyport::mark {

class Sender {
 public:
  static Result<Sender> open(bool ipv6);

  // Whole IP packets, of that version, by few calls. How many the kernel took.
  [[nodiscard]] std::size_t send(std::span<const Buffer> packets) const;

  struct Path {
    layout::Address source;
    unsigned mtu = 0;
  };
  // By which the main table leads to an address, where it does.
  [[nodiscard]] static std::optional<Path> path_to(const layout::Address& address);

 private:
  explicit Sender(Descriptor fd) : fd_(std::move(fd)) {}

  Descriptor fd_;
};

}  // namespace sallyport::mark
