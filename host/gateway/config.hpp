// SPDX-License-Identifier: Apache-2.0
// The gateway's configuration file, checked completely. docs/man/sallyport.toml.5 describes every key.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver/mac_address.hpp"
#include "driver/sa/sa_table.hpp"
#include "host/base/log.hpp"
#include "host/ike/connection.hpp"
#include "host/ipsec/sa.hpp"
#include "host/policy/expectations.hpp"
#include "host/policy/policy.hpp"
#include "host/users/authenticators/methods.hpp"

namespace sallyport::gateway {

// [card]
struct CardConfig {
  enum class Backend : std::uint8_t { kSoftware, kXrt };
  Backend backend = Backend::kSoftware;
  std::string lan_interface;  // software: the Linux interfaces that are its Ethernet ports
  std::string wan_interface;
  std::string xclbin;  // xrt
  unsigned device = 0;
  std::uint16_t lan_vlan = 0;  // of the port's frames; 0: they are untagged
  std::uint16_t wan_vlan = 0;
};

struct InterfaceAddress {
  IpAddress address;
  unsigned prefix_length = 32;
};

struct StaticRoute {
  AddressRange destination;  // a prefix
  IpAddress via;
};

// [lan], [wan]: what Linux sees of one side.
struct SideConfig {
  std::string tap;
  driver::MacAddress mac{};  // of the port and of the TAP device; when not given, made from tap and address
  std::vector<InterfaceAddress> addresses;
  std::uint16_t mtu = 1500;
  std::vector<StaticRoute> routes;
};

// When a child of a connection is brought up.
enum class StartAction : std::uint8_t {
  kNone,   // by hand, or by the peer; until then its packets are dropped
  kTrap,   // by the first packet
  kStart,  // at once, and again whenever it is lost
};

// What is the card's alone, and never negotiated.
struct SaOptions {
  driver::SaLimits limits;  // seconds are in ike::Lifetime
  layout::Df df = layout::Df::kCopy;
  std::optional<std::uint8_t> dscp;  // of outer headers; none: copied
  bool ah_align8 = false;
  layout::TooBig too_big = layout::TooBig::kTell;
};

struct ChildOptions {
  StartAction start = StartAction::kTrap;
  SaOptions sa;
};

// [users]: who may log in, and how.
struct UsersConfig {
  struct Method {
    std::string name;
    users::MakeAuthenticator make;
  };

  std::filesystem::path directory;  // a file; empty, without `postgresql`: users.db in the state folder
  std::string postgresql;           // or a server, in libpq's words
  std::vector<IpAddress> listen_addresses;
  std::uint16_t listen_port = 4510;
  std::filesystem::path certificate;  // empty: made, in the state folder
  std::filesystem::path key;
  std::vector<Method> methods;                      // by which users may log in
  users::Methods known_methods = users::methods();  // that there are
  std::vector<users::DisconnectSettings> orders;    // to end sessions, taken at listen_addresses
  std::chrono::seconds session_lifetime = std::chrono::hours(10);
  std::chrono::seconds session_renewal = std::chrono::minutes(2);
  std::size_t most_sessions = 4096;
  std::size_t most_sessions_of_user = 16;
  // Whether sessions may be told apart by tags in their packets, with a check of each or without.
  enum class Tags : std::uint8_t { kAuthenticated, kPlain, kOff };
  Tags tags = Tags::kAuthenticated;
};

// [[connections]]
struct ConnectionConfig {
  ike::Connection connection;
  std::map<std::string, ChildOptions> children;    // by name, of every connection.children
  layout::TooBig too_big = layout::TooBig::kTell;  // of children that do not say, and of those that policies own
};

// [[sas]]: an SA whose keys are typed in.
struct ManualSa {
  std::string name;
  SaParameters sa;
  SaOptions options;
};

struct Config {
  std::filesystem::path file;
  CardConfig card;
  SideConfig lan;
  SideConfig wan;
  std::string socket = "/run/sallyport/sallyport.sock";  // of the API
  std::string socket_group;                              // may open it, too
  std::string state_directory = "/var/lib/sallyport";
  // Of what the running machine alone needs: the socket's.
  [[nodiscard]] std::filesystem::path run_directory() const { return std::filesystem::absolute(socket).parent_path(); }
  std::string keylog;  // empty: ESP keys are never written
  log::Level log_level = log::Level::kInfo;
  Levels levels;
  std::optional<UsersConfig> users;  // none: nobody logs in
  std::vector<ConnectionConfig> connections;
  std::vector<ManualSa> sas;
  // In the order of the file; children that no policy names have one of their own behind them.
  std::vector<policy::Policy> policies;
  std::vector<policy::Expectation> expectations;  // of policies; one that fails stops nothing
};

// Errors: kIo (no such file), kInvalid; the detail has one problem a line, "file:line: what; remedy".
[[nodiscard]] Result<Config> load_config(const std::filesystem::path& file);
// The same from text; `file` names it and is where relative paths start. `methods`: the ways to log in that there are.
[[nodiscard]] Result<Config> parse_config(const std::string& text, const std::filesystem::path& file,
                                          users::Methods methods = users::methods());

// A policy refers to what exists: [users], the connection, the child, the SA; and says "legacy" where its level needs
// it.
[[nodiscard]] Result<void> check_references(const Config& config, const Levels& levels, const policy::Policy& policy);

}  // namespace sallyport::gateway
