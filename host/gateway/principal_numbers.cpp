// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/principal_numbers.hpp"

namespace sallyport::gateway {

// 0 is nobody.
std::bitset<PrincipalNumbers::kBlock> PrincipalNumbers::taken_of(unsigned block) const {
  auto taken = blocks_[block].taken;
  if (block == 0) taken.set(0);
  return taken;
}

std::optional<std::uint16_t> PrincipalNumbers::take(const Groups& groups) {
  std::optional<unsigned> theirs;
  std::optional<unsigned> unused;
  std::optional<unsigned> any;
  for (unsigned b = 0; b < kBlocks && !theirs; ++b) {
    if (taken_of(b).all()) continue;
    const bool used = blocks_[b].taken.any();
    if (used && blocks_[b].groups == groups) theirs = b;
    if (!used && !unused) unused = b;
    if (!any) any = b;
  }
  const auto chosen = theirs ? theirs : unused ? unused : any;
  if (!chosen) return std::nullopt;
  unsigned place = 0;
  while (taken_of(*chosen)[place]) ++place;
  const auto number = static_cast<std::uint16_t>(*chosen * kBlock + place);
  claim(number, groups);
  return number;
}

void PrincipalNumbers::claim(std::uint16_t number, const Groups& groups) {
  Block& block = blocks_[number / kBlock];
  if (block.taken.none()) block.groups = groups;
  block.taken.set(number % kBlock);
}

void PrincipalNumbers::give_back(std::uint16_t number) { blocks_[number / kBlock].taken.reset(number % kBlock); }

}  // namespace sallyport::gateway
