// SPDX-License-Identifier: Apache-2.0
#include "host/ipsec/level.hpp"

namespace sallyport {
namespace {

// Chosen by us. Every level has an integrity check; they differ in key length and in whether each rekey brings a fresh
// key exchange. A higher level has no candidate of a lower one, so a peer cannot talk a high policy down.
constexpr struct {
  Level level;
  std::string_view word;
  std::string_view proposals;
} kWords[] = {
    {Level::kNone, "none", ""},
    {Level::kLow, "low", "aes128gcm16"},
    {Level::kMiddle, "middle", "aes128gcm16-ecp256, aes128gcm16-x25519, aes128gcm16-modp2048"},
    {Level::kHigh, "high", "aes256gcm16-ecp384-esn, aes256gcm16-ecp384, aes256gcm16-x25519, aes256gcm16-ecp256"},
};

}  // namespace

std::string_view to_string(Level level) { return kWords[static_cast<std::size_t>(level)].word; }

std::optional<Level> parse_level(std::string_view word) {
  for (const auto& known : kWords) {
    if (known.word == word) return known.level;
  }
  return std::nullopt;
}

Levels::Levels() {
  for (const auto& known : kWords) {
    if (known.level == Level::kNone) continue;
    lists_[static_cast<std::size_t>(known.level)] = parse_proposals(Protocol::kEsp, known.proposals).value();
  }
}

Result<void> Levels::set(Level level, Proposals proposals) {
  if (level == Level::kNone) return Error{Errc::kInvalid, "level 'none' is without IPsec and has no proposals"};
  if (proposals.empty()) {
    return Error{Errc::kInvalid, "level '" + std::string(to_string(level)) + "' needs at least one proposal"};
  }
  lists_[static_cast<std::size_t>(level)] = std::move(proposals);
  return {};
}

Proposals default_ike_proposals() {
  return parse_proposals(Protocol::kIke,
                         "aes256gcm16-prfsha384-ecp384, aes128gcm16-prfsha256-ecp256-x25519, "
                         "aes256-sha256-ecp256-x25519-modp2048")
      .value();
}

}  // namespace sallyport
