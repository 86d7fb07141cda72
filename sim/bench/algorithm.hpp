// SPDX-License-Identifier: Apache-2.0
// What protects the benchmarks' SAs: the words of an ESP proposal, as users write them.
#pragma once

#include <string>

#include "base/result.hpp"
#include "driver/sa/sa_table.hpp"
#include "sim/bench/ceiling.hpp"

namespace sallyport::bench {

class Algorithm {
 public:
  // "aes128gcm16", "aes256-sha256", "null-sha1-esn".
  static Result<Algorithm> parse(const std::string& text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool esn() const { return esn_; }
  [[nodiscard]] EspShape shape() const { return esp_shape(keyless_.cipher, keyless_.integrity); }
  // AES-GCM and AES-GMAC keep up with the wire; all else goes through the chain engine, which need not.
  [[nodiscard]] bool chained() const { return layout::shape(keyless_.cipher).icv == 0; }

  // With keys that differ in every SA and are the same in every run.
  [[nodiscard]] driver::SaProtection protection(unsigned index, unsigned direction) const;

 private:
  Algorithm() = default;

  std::string name_;
  bool esn_ = false;
  driver::SaProtection keyless_;  // keys of the right sizes, all zero
};

}  // namespace sallyport::bench
