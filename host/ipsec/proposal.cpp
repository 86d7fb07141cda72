// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/proposal.hpp"

#include <algorithm>

namespace sallyport {
namespace {

constexpr TransformType kTypes[] = {TransformType::kEncryption, TransformType::kPrf, TransformType::kIntegrity,
                                    TransformType::kKeyExchange, TransformType::kEsn};

void add(Proposal& proposal, TransformType type, std::uint16_t id) {
  const Transform transform{type, id, 0};
  if (std::ranges::find(proposal.transforms, transform) == proposal.transforms.end()) {
    proposal.transforms.push_back(transform);
  }
}

void add_implied_prfs(Proposal& proposal) {
  for (const auto& integrity : proposal.of_type(TransformType::kIntegrity)) {
    const Prf prf = prf_of(Integrity{integrity.id});
    if (prf != Prf::kNone) add(proposal, TransformType::kPrf, static_cast<std::uint16_t>(prf));
  }
}

void sort_by_type(Proposal& proposal) {
  std::ranges::stable_sort(proposal.transforms, {}, [](const Transform& t) { return t.type; });
}

// What IKE's own messages may be enciphered with.
bool is_cipher_of_ike(Encryption cipher) {
  return cipher == Encryption::kAesCbc || cipher == Encryption::kAesGcm16 || cipher == Encryption::kDes3Cbc;
}

// Why a proposal that was written cannot work, or nothing.
std::string_view flaw(const Proposal& proposal) {
  const auto ciphers = proposal.of_type(TransformType::kEncryption);
  if (proposal.protocol == Protocol::kAh) {
    if (!ciphers.empty()) return "names a cipher, which AH has none of";
    if (!proposal.has(TransformType::kIntegrity)) return "names no integrity algorithm";
    if (proposal.has(TransformType::kPrf)) return "names a PRF, which only IKE has";
    return {};
  }
  if (ciphers.empty()) return "names no cipher";
  const auto aeads = std::ranges::count_if(ciphers, [](const Transform& t) { return is_aead(Encryption{t.id}); });
  if (aeads != 0 && aeads != std::ssize(ciphers)) return "mixes ciphers with and without their own integrity";
  const bool integrity = proposal.has(TransformType::kIntegrity);
  if (aeads == 0 && !integrity) return "has a cipher without integrity";
  if (aeads != 0 && integrity) return "adds integrity to a cipher that has its own";
  if (proposal.protocol == Protocol::kIke) {
    const auto protects_ike = [](const Transform& t) { return is_cipher_of_ike(Encryption{t.id}); };
    if (!std::ranges::all_of(ciphers, protects_ike)) return "names a cipher that only ESP uses";
    const auto is_md5 = [](const Transform& t) { return Integrity{t.id} == Integrity::kHmacMd5_96; };
    if (std::ranges::any_of(proposal.of_type(TransformType::kIntegrity), is_md5)) return "protects IKE itself by MD5";
    if (!proposal.has(TransformType::kPrf)) return "names no PRF";
    if (!proposal.has(TransformType::kKeyExchange)) return "names no group";
    if (proposal.has(TransformType::kEsn)) return "asks for sequence numbers of ESP";
  } else if (proposal.has(TransformType::kPrf)) {
    return "names a PRF, which only IKE has";
  }
  return {};
}

template <class Id>
Id first_of(const Proposal& proposal, TransformType type) {
  for (const auto& transform : proposal.transforms) {
    if (transform.type == type) return Id{transform.id};
  }
  return Id{};
}

// Number 0 is "none" for integrity and key exchange (RFC 7296 3.3.2); it counts as the type being left out.
bool is_none(const Transform& t) {
  return t.id == 0 && (t.type == TransformType::kIntegrity || t.type == TransformType::kKeyExchange);
}

// The transform of one type that both name; found is false when there is none, true without a value when neither asks.
struct Common {
  bool found = false;
  std::optional<Transform> transform;
};
Common common(const Proposal& offered, const Proposal& ours, TransformType type, DhGroup prefer) {
  const auto theirs = offered.of_type(type);
  const auto mine = ours.of_type(type);
  if (type == TransformType::kKeyExchange) {
    const Transform preferred{type, static_cast<std::uint16_t>(prefer), 0};
    const auto names = [&](const auto& list) { return std::ranges::find(list, preferred) != list.end(); };
    if (prefer != DhGroup::kNone && names(theirs) && names(mine)) return {true, preferred};
  }
  for (const auto& transform : theirs) {
    if (!is_none(transform) && std::ranges::find(mine, transform) != mine.end()) return {true, transform};
  }
  const bool may_leave_out = theirs.empty() || std::ranges::any_of(theirs, is_none);
  return {mine.empty() && may_leave_out, std::nullopt};
}

bool is_known(TransformType type) { return std::ranges::find(kTypes, type) != std::end(kTypes); }

// RFC 7296 3.3.6: a proposal with a Transform Type that we do not understand is unacceptable, whatever else is in it.
std::optional<Proposal> match(const Proposal& offered, const Proposal& ours, DhGroup prefer) {
  if (offered.protocol != ours.protocol) return std::nullopt;
  if (!std::ranges::all_of(offered.transforms, is_known, &Transform::type)) return std::nullopt;
  Proposal chosen{offered.protocol, {}};
  for (const auto type : kTypes) {
    const Common both = common(offered, ours, type, prefer);
    if (!both.found) return std::nullopt;
    if (both.transform) chosen.transforms.push_back(*both.transform);
  }
  return chosen;
}

bool any_of_protocol(const Proposals& proposals, Protocol protocol) {
  return std::ranges::any_of(proposals, [&](const Proposal& one) { return one.protocol == protocol; });
}

// Anybody may offer a lot, and a person reads no more than so many algorithms.
constexpr std::size_t kMostNames = 32;
constexpr std::string_view kAndMore = " and more";

std::string abridged(const Proposals& proposals) {
  Proposals first;
  std::size_t names = 0;
  for (const auto& proposal : proposals) {
    if (names == kMostNames) return to_string(first) + std::string(kAndMore);
    const std::size_t taken = std::clamp<std::size_t>(proposal.transforms.size(), 1, kMostNames - names);
    first.push_back(proposal);
    if (proposal.transforms.size() > taken) {
      first.back().transforms.resize(taken);
      return to_string(first) + std::string(kAndMore);
    }
    names += taken;
  }
  return to_string(first);
}

// "AH, encryption aesccm16/256 camellia/256, key exchange modp1536, transform type 6": what none of ours names:
// protocols, then transforms of each type, then types that we do not know.
std::string refused(const Proposals& offered, const Proposals& ours) {
  std::string text;
  for (const auto protocol : {Protocol::kIke, Protocol::kAh, Protocol::kEsp}) {
    if (!any_of_protocol(offered, protocol) || any_of_protocol(ours, protocol)) continue;
    text += (text.empty() ? "" : ", ") + name_of(protocol);
  }
  bool more = false;
  Proposal told;  // an unknown type stands for all of its transforms
  for (const auto& offer : offered) {
    if (more) break;
    if (!any_of_protocol(ours, offer.protocol)) continue;
    for (const auto& transform : offer.transforms) {
      const Transform name = is_known(transform.type) ? transform : Transform{transform.type, 0, 0};
      const auto names_it = [&](const Proposal& one) {
        return std::ranges::find(one.transforms, name) != one.transforms.end();
      };
      if (is_none(transform) || names_it(told) || std::ranges::any_of(ours, names_it)) continue;
      more = told.transforms.size() == kMostNames;
      if (more) break;
      told.transforms.push_back(name);
    }
  }
  sort_by_type(told);
  std::optional<TransformType> last;
  for (const auto& transform : told.transforms) {
    if (transform.type != last) text += (text.empty() ? "" : ", ") + name_of(transform.type);
    if (is_known(transform.type)) text += " " + name_of(transform);
    last = transform.type;
  }
  if (more) text += kAndMore;
  return text.empty() ? "nothing by itself, but no combination" : text;
}

// The words a proposal of this protocol may have, each meaning once.
std::string known_words(Protocol protocol) {
  const auto fits = [protocol](const Transform& t) {
    if (protocol == Protocol::kAh && t.type == TransformType::kEncryption) return false;
    if (protocol != Protocol::kIke) return t.type != TransformType::kPrf;
    if (t.type == TransformType::kEncryption) return is_cipher_of_ike(Encryption{t.id});
    if (t.type == TransformType::kIntegrity) return Integrity{t.id} != Integrity::kHmacMd5_96;
    return t.type != TransformType::kEsn;
  };
  std::string words;
  for (const auto& keyword : keywords()) {
    if (!fits(keyword.transform) || keyword_of(keyword.transform) != keyword.name) continue;
    words.append(words.empty() ? "" : " ").append(keyword.name);
  }
  return words;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<Proposal> Proposal::parse(Protocol protocol, std::string_view text) {
  Proposal proposal{protocol, {}};
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('-', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const auto transform = find_transform(word);
    if (!transform) {
      return Error{Errc::kInvalid, "proposal '" + std::string(text) + "': '" + std::string(word) +
                                       "' is not supported; there are " + known_words(protocol)};
    }
    proposal.transforms.push_back(*transform);
    at = end + 1;
  }
  if (protocol == Protocol::kIke && !proposal.has(TransformType::kPrf)) add_implied_prfs(proposal);
  if (protocol != Protocol::kIke && !proposal.has(TransformType::kEsn)) add(proposal, TransformType::kEsn, 0);
  sort_by_type(proposal);
  if (const auto why = flaw(proposal); !why.empty()) {
    return Error{Errc::kInvalid, "proposal '" + std::string(text) + "' " + std::string(why)};
  }
  return proposal;
}

std::string Proposal::to_string() const {
  Proposal bare = without(TransformType::kPrf);
  add_implied_prfs(bare);
  const bool prf_follows = bare.of_type(TransformType::kPrf) == of_type(TransformType::kPrf);
  const auto numbering = of_type(TransformType::kEsn);
  const bool plain_numbers = numbering.size() == 1 && numbering[0].id == 0;
  std::string text;
  for (const auto& transform : transforms) {
    if (transform.type == TransformType::kPrf && prf_follows) continue;
    if (transform.type == TransformType::kEsn && plain_numbers) continue;
    text += (text.empty() ? "" : "-") + name_of(transform);
  }
  return text;
}

std::vector<Transform> Proposal::of_type(TransformType type) const {
  std::vector<Transform> some;
  for (const auto& transform : transforms) {
    if (transform.type == type) some.push_back(transform);
  }
  return some;
}

bool Proposal::has(TransformType type) const { return !of_type(type).empty(); }

Proposal Proposal::without(TransformType type) const {
  Proposal rest = *this;
  std::erase_if(rest.transforms, [&](const Transform& t) { return t.type == type; });
  return rest;
}

Encryption Proposal::encryption() const { return first_of<Encryption>(*this, TransformType::kEncryption); }
Prf Proposal::prf() const { return first_of<Prf>(*this, TransformType::kPrf); }
Integrity Proposal::integrity() const { return first_of<Integrity>(*this, TransformType::kIntegrity); }
DhGroup Proposal::dh_group() const { return first_of<DhGroup>(*this, TransformType::kKeyExchange); }
bool Proposal::esn() const { return first_of<std::uint16_t>(*this, TransformType::kEsn) == 1; }

unsigned Proposal::key_bits() const {
  const auto ciphers = of_type(TransformType::kEncryption);
  return ciphers.empty() ? 0 : ciphers.front().key_bits;
}

Result<Proposals> parse_proposals(Protocol protocol, std::string_view text) {
  Proposals list;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    auto proposal = Proposal::parse(protocol, trim(text.substr(at, end - at)));
    if (!proposal) return proposal.error();
    list.push_back(std::move(*proposal));
    at = end + 1;
  }
  return list;
}

std::string to_string(const Proposals& proposals) {
  std::string text;
  for (const auto& proposal : proposals) text += (text.empty() ? "" : ", ") + proposal.to_string();
  return text;
}

std::optional<std::string> legacy_in(const Proposals& proposals) {
  for (const auto& proposal : proposals) {
    for (const auto& transform : proposal.transforms) {
      if (is_legacy(transform)) return name_of(transform);
    }
  }
  return std::nullopt;
}

bool name_group(const Proposals& proposals, DhGroup group) {
  const Transform wanted{TransformType::kKeyExchange, static_cast<std::uint16_t>(group), 0};
  return std::ranges::any_of(proposals, [&](const Proposal& proposal) {
    return std::ranges::find(proposal.transforms, wanted) != proposal.transforms.end();
  });
}

std::optional<Choice> find_common(const Proposals& offered, const Proposals& ours, DhGroup prefer) {
  for (std::size_t i = 0; i < offered.size(); ++i) {
    for (const auto& mine : ours) {
      if (auto chosen = match(offered[i], mine, prefer)) return Choice{i, std::move(*chosen)};
    }
  }
  return std::nullopt;
}

Error nothing_in_common(const Proposals& offered, const Proposals& ours) {
  return {Errc::kUnsupported, "no proposal in common: offered '" + abridged(offered) + "', ours '" + to_string(ours) +
                                  "'; refused: " + refused(offered, ours)};
}

Result<Choice> choose(const Proposals& offered, const Proposals& ours, DhGroup prefer) {
  auto choice = find_common(offered, ours, prefer);
  if (!choice) return nothing_in_common(offered, ours);
  return std::move(*choice);
}

bool permits(const Proposals& ours, const Proposal& choice) {
  for (const auto type : kTypes) {
    if (choice.of_type(type).size() > 1) return false;
  }
  return find_common({choice}, ours).has_value();
}

}  // namespace sallyport
