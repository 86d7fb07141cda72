// SPDX-License-Identifier: Apache-2.0
// What all IKE SAs of an engine share: words of the administrator, chance, counters, and each other.
#pragma once

#include <map>
#include <memory>

#include "host/ike/cookie.hpp"
#include "host/ike/engine.hpp"

namespace sallyport::ike {

// One call into the engine: when it is, and what it comes to.
struct Turn {
  Time now;
  Actions out;
};

struct World {
  World(Settings settings_, RandomSource random_, SpiAllocator& spis_);
  ~World();

  Settings settings;
  RandomSource random;
  SpiAllocator& spis;
  CookieJar cookies;
  Counters counters;
  std::map<std::string, std::shared_ptr<const Connection>, std::less<>> connections;
  std::map<std::uint64_t, std::unique_ptr<IkeSa>> sas;           // by our SPI
  std::map<std::pair<std::string, std::string>, Time> restarts;  // connection and child to initiate again, and when
  std::uint64_t last_handle = 0;
  std::uint64_t revision = 0;

  [[nodiscard]] IkeHandle new_ike_handle() { return IkeHandle{++last_handle}; }
  [[nodiscard]] ChildHandle new_child_handle() { return ChildHandle{++last_handle}; }
  [[nodiscard]] std::uint64_t new_ike_spi();  // not zero, and of no other IKE SA of ours
  [[nodiscard]] IkeSa* find(IkeHandle handle);
  [[nodiscard]] IkeSa* find_live(std::string_view connection);  // connecting or established, and not replaced
  [[nodiscard]] std::size_t half_open() const;                  // as responder, not yet authenticated
  IkeSa& add(std::unique_ptr<IkeSa> sa);

  // RFC 7296 2.25: after TEMPORARY_FAILURE wait, and not as long as the peer, who may have run into us the same way.
  [[nodiscard]] Time retry_time(Time now) const;

  // A child that is to stay up went down.
  void restart_later(const Connection& connection, const std::string& child, Time now);
};

// Less a random part of jitter; none when the lifetime never ends.
[[nodiscard]] std::optional<Time> rekey_time(const Lifetime& lifetime, Time born, const RandomSource& random);
[[nodiscard]] std::optional<Time> expire_time(const Lifetime& lifetime, Time born);

}  // namespace sallyport::ike
