// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/port_reader.hpp"

#include <unistd.h>

#include "host/base/log.hpp"

namespace sallyport::gateway {
namespace {

constexpr int kBatch = 64;  // frames of one port before others have their turn; ours

}  // namespace

Result<void> PortReader::start(std::function<void(Buffer)> received, std::function<void()> rested) {
  received_ = std::move(received);
  rested_ = std::move(rested);
  boost::system::error_code failed;
  // The descriptor stays the port's; what asio closes is its own copy.
  readable_.assign(::dup(port_.fd()), failed);
  if (failed) return Error{Errc::kIo, port_.name() + ": " + failed.message()};
  listen();
  return {};
}

void PortReader::listen() {
  readable_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](boost::system::error_code e) {
    if (e) return;
    for (int i = 0; i < kBatch; ++i) {
      auto frame = port_.receive();
      if (!frame) {
        log::warning("port.receive_failed", {{"interface", port_.name()}, {"why", frame.error().detail}});
        break;
      }
      if (!*frame) break;
      received_(std::move(**frame));
    }
    rested_();
    listen();
  });
}

}  // namespace sallyport::gateway
