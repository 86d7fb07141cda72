// SPDX-License-Identifier: Apache-2.0
// What a user's computer knows: its gateway, and how its user proves who they are. sallyport-login(1) describes it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/api/tls_client.hpp"
#include "host/login/methods.hpp"

namespace sallyport::login {

struct Config {
  api::TlsPeer gateway;
  std::string method;                  // its name
  MakeProver make_prover;              // of the method
  std::string user;                    // empty: the card's, or the one who is logged in at the computer
  std::string notify{};                // a program that shows what the gateway says; empty: none
  bool marking = false;                // the user's packets carry a tag
  std::vector<std::string> protect{};  // prefixes of what lies behind the gateway; none: whatever goes by a next hop
};

// Errors hold everything that is wrong, each with its line. `methods`: the ways to log in that there are.
[[nodiscard]] Result<Config> parse_config(const std::string& text, const std::filesystem::path& file,
                                          Methods methods = login::methods());
[[nodiscard]] Result<Config> load_config(const std::filesystem::path& file, Methods methods = login::methods());

// The user's own, where there is one, or the computer's.
[[nodiscard]] std::filesystem::path usual_config();

}  // namespace sallyport::login
