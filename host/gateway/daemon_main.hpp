// SPDX-License-Identifier: Apache-2.0
// The gateway daemon but for its card: options, signals, exit codes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "driver/card.hpp"
#include "host/gateway/config.hpp"

namespace sallyport::gateway {

// A card, and what serves its ports where this process does.
class OpenCard {
 public:
  virtual ~OpenCard() = default;
  [[nodiscard]] virtual driver::Card& card() = 0;
  // The gateway is up: serve the ports, and call `poll` when the card may have something for it. It looks now and then
  // without being called.
  virtual Result<void> start(const std::function<void()>& poll) = 0;
};

// Opens the card that a configuration names. What is served is served on `io`.
using CardOpener =
    std::function<Result<std::unique_ptr<OpenCard>>(boost::asio::io_context& io, const CardConfig& config)>;

// The whole of main().
int daemon_main(int argc, char** argv, const CardOpener& open_card);

}  // namespace sallyport::gateway
