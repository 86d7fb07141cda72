// SPDX-License-Identifier: Apache-2.0
// What protects the benchmarks' SAs: the words of a proposal of ESP or AH, as users write them.
#pragma once

#include <string>

#include "base/result.hpp"
#include "driver/sa/sa_table.hpp"
#include "sim/bench/ceiling.hpp"

namespace sallyport::bench {

class Algorithm {
 public:
  // ESP: "aes128gcm16", "aes256-sha256", "null-sha1-esn". AH: "sha256", "sha1-esn".
  static Result<Algorithm> parse(const std::string& text, layout::Protocol protocol = layout::Protocol::kEsp);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] layout::Protocol protocol() const { return protocol_; }
  [[nodiscard]] bool esn() const { return esn_; }
  [[nodiscard]] SaShape shape(bool over_ipv6) const {
    return protocol_ == layout::Protocol::kAh ? ah_shape(keyless_.integrity, over_ipv6)
                                              : esp_shape(keyless_.cipher, keyless_.integrity, over_ipv6);
  }
  // AES-GCM and AES-GMAC keep up with the wire; all else goes through the chain engine, which need not.
  [[nodiscard]] bool chained() const { return layout::shape(keyless_.cipher).icv == 0; }

  // With keys that differ in every SA and are the same in every run.
  [[nodiscard]] driver::SaProtection protection(unsigned index, unsigned direction) const;

 private:
  Algorithm() = default;

  std::string name_;
  layout::Protocol protocol_ = layout::Protocol::kEsp;
  bool esn_ = false;
  driver::SaProtection keyless_;  // keys of the right sizes, all zero
};

}  // namespace sallyport::bench
