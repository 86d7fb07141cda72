// SPDX-License-Identifier: Apache-2.0
// A proposal: the algorithms one side would accept together, and what two sides have in common (RFC 7296 3.3, 2.7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/ipsec/algorithm.hpp"

namespace sallyport {

struct Proposal {
  Protocol protocol = Protocol::kEsp;
  std::vector<Transform> transforms;  // several of one type are alternatives, the best first

  // "aes128gcm16-prfsha256-ecp256", "aes256-sha256-modp2048" (IKE: the PRF follows the integrity algorithm);
  // "aes256gcm16-ecp256-esn" (ESP: noesn unless it says esn), "sha256-esn" (AH, likewise). Refuses what cannot work: no
  // cipher, a cipher without integrity, AH with a cipher, IKE without a group.
  static Result<Proposal> parse(Protocol protocol, std::string_view text);
  [[nodiscard]] std::string to_string() const;  // leaves out what parse() would add by itself

  [[nodiscard]] std::vector<Transform> of_type(TransformType type) const;
  [[nodiscard]] bool has(TransformType type) const;
  [[nodiscard]] Proposal without(TransformType type) const;

  // The first of each type: what a proposal that was chosen says.
  [[nodiscard]] Encryption encryption() const;
  [[nodiscard]] unsigned key_bits() const;
  [[nodiscard]] Prf prf() const;
  [[nodiscard]] Integrity integrity() const;
  [[nodiscard]] DhGroup dh_group() const;
  [[nodiscard]] bool esn() const;

  friend bool operator==(const Proposal&, const Proposal&) = default;
};

using Proposals = std::vector<Proposal>;  // the best first

// Several, separated by commas.
[[nodiscard]] Result<Proposals> parse_proposals(Protocol protocol, std::string_view text);
[[nodiscard]] std::string to_string(const Proposals& proposals);

// The first algorithm that wants the word "legacy", if there is one.
[[nodiscard]] std::optional<std::string> legacy_in(const Proposals& proposals);

[[nodiscard]] bool name_group(const Proposals& proposals, DhGroup group);  // any of them does

struct Choice {
  std::size_t offered = 0;  // which of the offered proposals: its place in the list
  Proposal proposal;        // one transform of each type
};

// RFC 7296 2.7 and 3.3.6: the first offered proposal of which one transform of every type stands in one of ours. Where
// both name the group that the offer's KE payload is made for (prefer), that group is taken, which saves a round trip.
[[nodiscard]] Result<Choice> choose(const Proposals& offered, const Proposals& ours, DhGroup prefer = DhGroup::kNone);
// The same for who has several to try: the reason is made apart, and is short however much was offered.
[[nodiscard]] std::optional<Choice> find_common(const Proposals& offered, const Proposals& ours,
                                                DhGroup prefer = DhGroup::kNone);
[[nodiscard]] Error nothing_in_common(const Proposals& offered, const Proposals& ours);

// True when a choice, as it came back from a responder, is one transform of each type out of one of ours.
[[nodiscard]] bool permits(const Proposals& ours, const Proposal& choice);

}  // namespace sallyport
