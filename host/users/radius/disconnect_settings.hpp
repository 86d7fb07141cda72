// SPDX-License-Identifier: Apache-2.0
// Which RADIUS servers may order sessions to end (RFC 5176), and where they are heard.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/secret.hpp"
#include "host/ipsec/address.hpp"

namespace sallyport::users {

struct DisconnectSettings {
  std::map<IpAddress, Secret> servers;  // and the secret of each
  std::string nas_identifier;           // how the gateway calls itself
  std::uint16_t port = 0;               // UDP, usually 3799; 0: any that is free
};

}  // namespace sallyport::users
