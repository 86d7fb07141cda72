// SPDX-License-Identifier: Apache-2.0
// For tests: a daemon in this process. What its configuration begins with, its start, its loop and its death.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {

inline constexpr driver::MacAddress kLanMac = {2, 0, 0, 0, 1, 0};
// On the WAN, where gateway number 1 meets number 2.
constexpr driver::MacAddress wan_mac(std::uint8_t number) { return {2, 0, 0, 0, 2, number}; }

// The card and the interfaces of gateway `number`. An address is written as in TOML, be it a text or a list of them.
// The table [wan] comes last and may go on.
inline std::string interfaces(const std::string& lan, const std::string& wan, unsigned number = 1) {
  return "[card]\nbackend = \"software\"\nlan_interface = \"none\"\nwan_interface = \"none-either\"\n"
         "[gateway]\nlog_level = \"error\"\n"
         "[lan]\naddress = " +
         lan + "\ntap = \"sp-lan\"\nmac = \"02:00:00:00:01:00\"\n[wan]\naddress = " + wan +
         "\ntap = \"sp-wan\"\nmac = \"02:00:00:00:02:0" + std::to_string(number) + "\"\n";
}

// With its files and its socket in `home`.
inline Result<std::unique_ptr<Gateway>> start(boost::asio::io_context& io, const std::string& configuration,
                                              const std::filesystem::path& home, driver::Card& card,
                                              WallClock clock = std::chrono::system_clock::now,
                                              const Vouch& vouch = {}) {
  auto config = parse_config(configuration, home / "gateway.toml");
  if (!config) return config.error();
  config->state_directory = home / "state";
  config->socket = home / "run" / "api.sock";
  return Gateway::start(io, std::move(*config), card, std::move(clock), vouch);
}

inline constexpr std::chrono::seconds kPatience(60);  // the machine may be busy

// Runs the loop until `holds`, or for so long.
template <class Holds>
bool run_until(boost::asio::io_context& io, Holds holds, std::chrono::milliseconds patience = kPatience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds() && std::chrono::steady_clock::now() < end) {
    io.run_for(std::chrono::microseconds(500));
    io.restart();
  }
  return holds();
}

// A daemon that is killed, while the loop goes on: what is due there still knows it, so that comes first.
inline void kill(boost::asio::io_context& io, std::unique_ptr<Gateway>& gateway) {
  io.poll();
  io.restart();
  gateway.reset();
}

}  // namespace sallyport::gateway
