// SPDX-License-Identifier: Apache-2.0
// What the other end of the cable in an Ethernet port of the simulated card is.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace sallyport::sim {

class PortEnd {
 public:
  virtual ~PortEnd() = default;
  // The next frame for the card, or nothing now.
  virtual Result<std::optional<Buffer>> receive() = 0;
  virtual Result<void> send(Bytes frame) = 0;
  // Readable when a frame waits; -1 when there never is a reason to wait.
  [[nodiscard]] virtual int fd() const = 0;
  // There may be frames although `fd` does not say so.
  [[nodiscard]] virtual bool pending() const { return false; }
  // The host let packets into the card; what only plays once begins now.
  virtual void begin() {}

  // `name` is one of
  //   IF               an existing interface, by AF_PACKET (one end of a veth pair, say)
  //   tap:NAME         a new TAP device
  //   pcap:IN[,OUT]    plays the frames of IN, writes what the card sends to OUT
  static Result<std::unique_ptr<PortEnd>> open(const std::string& name);
};

}  // namespace sallyport::sim
