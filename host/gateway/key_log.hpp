// SPDX-License-Identifier: Apache-2.0
// Writes ESP keys to a file, so that a capture can be decrypted. Off unless the configuration names a file.
#pragma once

#include <string>

#include "host/ipsec/sa.hpp"

namespace sallyport::gateway {

class KeyLog {
 public:
  // Empty: writes nothing. The file is made readable for its owner only.
  explicit KeyLog(std::string path) : path_(std::move(path)) {}

  // A JSON object a line and direction: spi, source, destination, protocol, mode, algorithm, key (with salt,
  // hexadecimal), esn.
  void write(const SaParameters& sa) const;

 private:
  std::string path_;
};

}  // namespace sallyport::gateway
