// SPDX-License-Identifier: Apache-2.0
// The other gateway, as far as IKE goes: it agrees to any selectors and to most algorithms, and knows what was agreed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "host/ike/engine.hpp"

namespace sallyport::histories {

inline constexpr const char* kGatewayAddress = "192.0.2.1";
inline constexpr const char* kPeerAddress = "192.0.2.2";
inline constexpr const char* kSecret = "a secret that both know";
inline constexpr const char* kIkeProposals = "aes128gcm16-prfsha256-x25519";

class Peer final : private ike::SpiAllocator {
 public:
  using Send = std::function<void(const Endpoint& from, const Endpoint& to, Bytes message)>;
  explicit Peer(Send send);

  void receive(const Endpoint& from, const Endpoint& to, Bytes message);
  void on_time();
  // Of the SA by which it receives packets of this SPI; none: it does not.
  [[nodiscard]] std::optional<std::string> algorithm_of(std::uint32_t spi) const;

 private:
  Result<Spi> allocate() override { return Spi{next_spi_++}; }
  void release(Spi) override {}
  void perform(ike::Actions actions);

  Send send_;
  std::uint32_t next_spi_ = 0x10000;
  ike::Engine engine_;
  std::map<std::uint32_t, std::string> sas_;  // algorithms, by SPI
};

}  // namespace sallyport::histories
