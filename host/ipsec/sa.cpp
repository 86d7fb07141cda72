// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/sa.hpp"

#include "host/ipsec/proposal.hpp"

namespace sallyport {

std::string to_string(Spi spi) {
  ByteWriter w;
  w.u32(static_cast<std::uint32_t>(spi));
  return "0x" + to_hex(w.view());
}

std::string algorithm_of(const SaParameters& sa) {
  Proposal proposal{sa.protocol, {}};
  if (sa.encryption != Encryption::kNone) {
    proposal.transforms.push_back({TransformType::kEncryption, static_cast<std::uint16_t>(sa.encryption),
                                   static_cast<std::uint16_t>(sa.key_bits)});
  }
  if (sa.integrity != Integrity::kNone) {
    proposal.transforms.push_back({TransformType::kIntegrity, static_cast<std::uint16_t>(sa.integrity), 0});
  }
  return proposal.to_string();
}

}  // namespace sallyport
