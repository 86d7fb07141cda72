// SPDX-License-Identifier: Apache-2.0
// A smart card, by whatever PKCS#11 module speaks to its reader.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/secret.hpp"
#include "host/users/authenticators/card_proof.hpp"

namespace sallyport::login {

class SmartCard {
 public:
  // The card whose token is labelled `token`, or the only one there is. kNotFound: none, or none of that label;
  // kInvalid: several.
  static Result<std::unique_ptr<SmartCard>> open(const std::filesystem::path& module, const std::string& token);
  virtual ~SmartCard() = default;

  [[nodiscard]] virtual const std::string& number() const = 0;  // its serial number
  [[nodiscard]] virtual const std::string& label() const = 0;
  // Whether it has been in the reader since it was opened: one that was pulled and put back was pulled.
  [[nodiscard]] virtual bool present() = 0;
  // kAuthFailed: the PIN is wrong, or locked. It is needed once.
  [[nodiscard]] virtual Result<void> unlock(const Secret& pin) = 0;
  // By its first key that signs without asking for a PIN each time.
  [[nodiscard]] virtual Result<Buffer> sign(const users::CardDigest& digest) = 0;

 protected:
  SmartCard() = default;
};

}  // namespace sallyport::login
