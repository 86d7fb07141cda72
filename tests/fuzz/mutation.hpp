// SPDX-License-Identifier: Apache-2.0
// Inputs made from others, for where no fuzzer that sees coverage is at hand.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "base/bytes.hpp"

namespace sallyport::fuzz {

class Mutation {
 public:
  Mutation(std::vector<Buffer> seeds, unsigned seed) : seeds_(std::move(seeds)), random_(seed) {}

  Buffer next() {
    Buffer out = seeds_[below(seeds_.size())];
    for (std::size_t changes = 1 + below(6); changes > 0; --changes) change(out);
    return out;
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  std::uint8_t telling_byte() {
    constexpr std::uint8_t kTelling[] = {0, 1, 0x7f, 0x80, 0xff};
    return below(2) == 0 ? kTelling[below(std::size(kTelling))] : static_cast<std::uint8_t>(random_());
  }

  void change(Buffer& out) {
    const std::size_t at = below(out.size() + 1);
    const auto place = out.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t length = std::min(1 + below(8), out.size() - at);
    switch (below(6)) {
      case 0:
        if (at < out.size()) out[at] = static_cast<std::uint8_t>(out[at] ^ 1U << below(8));
        break;
      case 1:
        std::fill_n(place, length, telling_byte());
        break;
      case 2:
        out.erase(place, place + static_cast<std::ptrdiff_t>(length));
        break;
      case 3:
        out.insert(place, 1 + below(8), telling_byte());
        break;
      case 4:
        out.resize(at);
        break;
      default: {  // the end of another
        const Buffer& other = seeds_[below(seeds_.size())];
        const std::size_t from = below(other.size() + 1);
        out.resize(at);
        out.insert(out.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      }
    }
  }

  std::vector<Buffer> seeds_;
  std::mt19937 random_;
};

}  // namespace sallyport::fuzz
