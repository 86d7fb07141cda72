// SPDX-License-Identifier: Apache-2.0
// A way to log in, as the configuration of a user's computer knows it. methods.hpp lists those that there are.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "host/login/prover.hpp"

namespace sallyport {
class TomlSection;
}

namespace sallyport::login {

using MakeProver = std::function<Result<std::unique_ptr<Prover>>()>;

struct Method {
  std::string_view name;  // that the gateway has for it
  // Asks the configuration for the method's own keys, and says there what is wrong with them. Where the method is not
  // `chosen`, too: its keys are known words, and wait there for another day.
  MakeProver (*read)(TomlSection& configuration, bool chosen);
};
using Methods = std::span<const Method>;

}  // namespace sallyport::login
