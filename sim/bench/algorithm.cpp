// SPDX-License-Identifier: Apache-2.0
#include "sim/bench/algorithm.hpp"

#include "host/gateway/sa_protection.hpp"
#include "host/ipsec/proposal.hpp"

namespace sallyport::bench {

Result<Algorithm> Algorithm::parse(const std::string& text, layout::Protocol protocol) {
  auto proposal = Proposal::parse(protocol == layout::Protocol::kAh ? Protocol::kAh : Protocol::kEsp, text);
  if (!proposal) return proposal.error();
  for (const TransformType type : {TransformType::kEncryption, TransformType::kIntegrity, TransformType::kEsn}) {
    if (proposal->of_type(type).size() > 1) return Error{Errc::kInvalid, "'" + text + "' leaves a choice"};
  }
  if (proposal->has(TransformType::kKeyExchange)) {
    return Error{Errc::kInvalid, "'" + text + "': an SA whose keys are not negotiated has no group"};
  }
  SaKeys keys;
  keys.encryption = Secret(key_size(proposal->encryption(), proposal->key_bits()));
  keys.salt = Secret(salt_size(proposal->encryption()));
  keys.integrity = Secret(key_size(proposal->integrity()));
  auto protection = gateway::protection_of(proposal->encryption(), proposal->integrity(), keys);
  if (!protection) return protection.error();
  Algorithm algorithm;
  algorithm.name_ = proposal->to_string();
  algorithm.protocol_ = protocol;
  algorithm.esn_ = proposal->esn();
  algorithm.keyless_ = std::move(*protection);
  return algorithm;
}

driver::SaProtection Algorithm::protection(unsigned index, unsigned direction) const {
  driver::SaProtection p = keyless_;
  std::size_t i = 0;
  for (Secret* secret : {&p.key, &p.salt, &p.integrity_key}) {
    for (auto& byte : secret->bytes()) {
      byte = static_cast<std::uint8_t>(17 * i++ + 101 * index + 59 * direction + (index >> 8));
    }
  }
  return p;
}

}  // namespace sallyport::bench
