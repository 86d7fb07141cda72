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
  static Result<Sender> open();

  // A whole IP packet. False: the kernel did not take it.
  [[nodiscard]] bool send(Bytes packet) const;

  struct Path {
    layout::Address source;
    unsigned mtu = 0;
  };
  // By which the main table leads to an address, where it does.
  [[nodiscard]] static std::optional<Path> path_to(const layout::Address& address);

 private:
  Sender(Descriptor v4, Descriptor v6) : v4_(std::move(v4)), v6_(std::move(v6)) {}

  Descriptor v4_;
  Descriptor v6_;
};

}  // namespace sallyport::mark
