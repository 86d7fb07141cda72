// SPDX-License-Identifier: Apache-2.0
// The terminal of the one who logs in. Secrets come from there and from nowhere else: not from arguments or the
// environment, which others can read.
#pragma once

#include <string>

#include "base/descriptor.hpp"
#include "base/secret.hpp"

namespace sallyport::login {

// Where secrets are asked for.
class Asker {
 public:
  virtual ~Asker() = default;
  // kDenied: there is nobody to ask, or they do not want to (Ctrl-C, Ctrl-D).
  [[nodiscard]] virtual Result<Secret> ask(const std::string& question) = 0;
};

class Terminal : public Asker {
 public:
  // One line, without echo.
  [[nodiscard]] Result<Secret> ask(const std::string& question) override;
};

}  // namespace sallyport::login
