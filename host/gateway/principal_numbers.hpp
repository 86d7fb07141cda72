// SPDX-License-Identifier: Apache-2.0
// Numbers for users on line. To the card a group is ranges of numbers, and it has few intervals: so numbers are given
// in blocks, each for users of the same groups.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sallyport::gateway {

class PrincipalNumbers {
 public:
  using Groups = std::set<std::string>;

  // The smallest that is free of these groups' blocks; once every block is somebody's, of any. None: there is none.
  [[nodiscard]] std::optional<std::uint16_t> take(const Groups& groups);
  // One that a user of these groups has already.
  void claim(std::uint16_t number, const Groups& groups);
  void give_back(std::uint16_t number);

 private:
  static constexpr unsigned kBlock = 64;  // ours
  static constexpr unsigned kBlocks = 0x10000 / kBlock;
  struct Block {
    Groups groups{};
    std::bitset<kBlock> taken{};
  };
  [[nodiscard]] std::bitset<kBlock> taken_of(unsigned block) const;

  std::vector<Block> blocks_{kBlocks};
};

}  // namespace sallyport::gateway
