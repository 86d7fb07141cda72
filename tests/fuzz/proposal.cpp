// SPDX-License-Identifier: Apache-2.0
// Words for proposals and levels, as they stand in the configuration, in policies and on the command line.
#include "host/ipsec/proposal.hpp"

#include "host/ipsec/level.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {

std::vector<Buffer> seeds() {
  return {seed("aes128gcm16-prfsha256-ecp256"),
          seed("aes256gcm16-ecp384-esn, aes128gcm16-x25519"),
          seed("aes256-sha256-modp2048, aes128-sha1-prfsha1-modp2048"),
          seed("sha256-sha1-esn, sha512-ecp256"),
          seed("high"),
          seed("none")};
}

void run(Bytes input) {
  const std::string text = text_of(input);
  (void)parse_level(text);
  for (const Protocol protocol : {Protocol::kIke, Protocol::kEsp, Protocol::kAh}) {
    const auto proposals = parse_proposals(protocol, text);
    if (!proposals) continue;
    must(!proposals->empty(), "what is understood offers something");
    for (const Proposal& p : *proposals) {
      const auto again = parse_proposals(protocol, p.to_string());
      must(again.has_value() && again->size() == 1 && again->front() == p, "a proposal's words mean the same");
    }
  }
}

}  // namespace sallyport::fuzz
